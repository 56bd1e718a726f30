"""Others: their runs, their sockets, their repositories."""

import asyncio
import secrets
from pathlib import Path

import pytest

from hiringhall.domain.errors import Invalid
from hiringhall.domain.tasks import State
from tests.escape.cell import Cell, Tried
from tests.sandboxes.processes import marked
from tests.support.halls import post
from tests.workers.shop import git, make_repository

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

VICTIM = """
for path in ("/workspace/mine", "/session/mine", "/tmp/mine", "/dev/shm/mine"):
    with open(path, "w") as file:
        file.write(sys.argv[1])
memory = ctypes.CDLL(None).shmget(7, 4096, 0o1666)
server = socket.socket(socket.AF_UNIX)
server.bind("\\0victim")
server.listen()
web = socket.create_server(("127.0.0.1", 8999))
until = time.monotonic() + 40
while not os.path.exists("/workspace/enough") and time.monotonic() < until:
    time.sleep(0.02)
server.settimeout(0)
say({"kept": [read(path) for path in ("/workspace/mine", "/session/mine", "/tmp/mine")],
     "heard": outcome(server.accept)})
"""


def _with(runs: Path, secret: str) -> list[Path]:
    return [path for path in runs.glob("*/workspace/mine") if path.read_text() == secret]


async def beside_a_victim(cell: Cell, script: str) -> tuple[Tried, Tried, str]:
    """An attempt of Ada's while a run of Bob's is under way; both, and Bob's secret."""
    secret = f"of-bob-{secrets.token_hex(12)}"
    task = await cell.begin(VICTIM, secret, who="bob")
    runs = cell.app.settings.data_dir / "work/runs"
    async with asyncio.timeout(60):
        while not (mine := _with(runs, secret)):  # noqa: ASYNC110  its workspace is all that tells
            await asyncio.sleep(0.02)
    tried = await cell.attempt(script, str(mine[0]))
    mine[0].with_name("enough").touch()
    return tried, await cell.ended(task, who="bob"), secret


@pytest.mark.attempt(
    "looks for the files of another tenant's run that is under way: its workspace, its session, "
    "`/tmp`, shared memory, by walking everything and by the very path on the host",
    "nothing of it is found, and the other run ends with what it had",
)
async def test_files_of_another_run(cell: Cell) -> None:
    tried, other, secret = await beside_a_victim(
        cell,
        """
found, seen = [], 0
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [one for one in folders if one not in {"usr", "sys"}]
    if folder == "/proc":
        folders[:] = [one for one in folders if one in {"1", "self"} or not one.isdigit()]
    for name in files:
        path = os.path.join(folder, name)
        seen += 1
        if os.path.isfile(path) and "of-" + "bob" in read(path):
            found.append(path)
for path in (sys.argv[1], "/proc/1/root" + sys.argv[1], "/workspace/../../" + sys.argv[1]):
    if outcome(os.stat, path) == "allowed":
        found.append(path)
say({"found": found, "seen": seen})
""",
    )
    assert tried.found["found"] == []
    assert tried.found["seen"] > 50
    assert other.found["kept"] == [secret] * 3


@pytest.mark.attempt(
    "finds and signals the processes of another tenant's run, and talks to it by shared memory, "
    "message queues, semaphores, abstract sockets and the loopback",
    "it sees only its own processes, none of the other's objects, and nobody called the other run",
)
async def test_processes_of_another_run(cell: Cell) -> None:
    tried, other, _ = await beside_a_victim(
        cell,
        """
libc.shmget.restype = ctypes.c_int
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(2)
        s.connect(address)
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
say({"pids": sum(one.isdigit() for one in os.listdir("/proc")),
     "kill": outcome(os.kill, -1, 15),
     "shared": libc.shmget(7, 4096, 0), "queue": libc.msgget(7, 0), "semaphore": libc.semget(7, 1, 0),
     "listed": [read("/proc/sysvipc/" + name).count("\\n") for name in ("shm", "msg", "sem")],
     "abstract": outcome(connect, socket.AF_UNIX, "\\0victim"),
     "loopback": outcome(connect, socket.AF_INET, ("127.0.0.1", 8999)),
     "shm": os.listdir("/dev/shm")})
""",
    )
    found = tried.found
    assert found["pids"] <= 4
    assert [found[name] for name in ("shared", "queue", "semaphore")] == [-1, -1, -1]
    assert found["listed"] == [1, 1, 1]
    assert [found["abstract"], found["loopback"]] == ["ECONNREFUSED", "ECONNREFUSED"]
    assert found["shm"] == []
    assert other.found["heard"] == "EAGAIN"


@pytest.mark.attempt(
    "reads the copy of another tenant's repository that the hall keeps: clones it by its path, and "
    "names it as alternate objects of its own repository",
    "git finds nothing there, and no byte of it comes out with the work",
)
async def test_another_tenants_mirror(cell: Cell, tmp_path: Path) -> None:
    secret = f"of-bob-{secrets.token_hex(12)}"
    repository = make_repository(tmp_path / "of-bob")
    (repository / "secret.txt").write_text(secret)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "Secret")
    bobs = {"repository": str(repository)}
    theirs = await cell.attempt("say(read('/workspace/secret.txt'))", who="bob", task=bobs)
    assert theirs.found == secret
    (mirror,) = (cell.app.settings.data_dir / "work/repositories").glob("*/mirror.git")
    commit = git(repository, "rev-parse", "HEAD").strip()
    assert secret in git(mirror, "cat-file", "-p", f"{commit}:secret.txt")
    tried = await cell.attempt(
        """
mirror, commit = sys.argv[1:]
codes = [git("clone", "-q", where, "/tmp/stolen")[0] for where in (mirror, "file://" + mirror)]
with open("/workspace/.git/objects/info/alternates", "w") as file:
    file.write(mirror + "/objects\\n/../../../../repositories\\n")
codes.append(git("-C", "/workspace", "cat-file", "-p", commit)[0])
head = "/workspace/.git/refs/heads/" + os.environ["HIRINGHALL_BRANCH"]
os.makedirs(os.path.dirname(head), exist_ok=True)
with open(head, "w") as file:
    file.write(commit + "\\n")
open("/workspace/mine", "w").close()
say(codes)
""",
        str(mirror),
        commit,
    )
    assert 0 not in tried.found
    assert secret.encode() not in b"".join(tried.files.values())
    assert commit not in tried.text
    assert sorted(tried.files) == ["mine"]


@pytest.mark.attempt(
    "posts a task whose repository is the hall's own folder, another tenant's copy in it, the "
    "workspace of a run under way, or a link to one",
    "every such address is refused when it is posted, and again when a link has come to lead there",
)
async def test_the_halls_folder_as_repository(cell: Cell, tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "of-bob")
    await cell.attempt("say(1)", who="bob", task={"repository": str(repository)})
    data = cell.app.settings.data_dir
    kept = list((data / "work/repositories").glob("*/*.git"))
    (linked := tmp_path / "linked").symlink_to(kept[0])
    addresses = [*map(str, [data, *kept, linked, data / "work/runs/x/workspace", data / "new"])]
    for address in [*addresses, f"file://{kept[0]}", f"{tmp_path}/./linked/", f"file://{linked}"]:
        with pytest.raises(Invalid, match="hall's own"):
            await post(cell.app.hall, cell.tenants["ada"], repository=address)
    (later := tmp_path / "later").symlink_to(repository)
    task = await cell.begin("time.sleep(0.2); sys.exit(75)", task={"repository": str(later)})
    await cell.said(task, "asked to be tried again")
    later.unlink()
    later.symlink_to(kept[0])
    tried = await cell.ended(task)
    assert tried.state is State.FAILED
    assert "hall's own" in tried.words[-1]


@pytest.mark.attempt(
    "leaves a program behind that goes on when the run is over: a daemon forked twice, in its own "
    "session, that ignores every signal it can",
    "when the task is in review no process of it is left on the machine",
)
async def test_a_daemon_stays_behind(cell: Cell) -> None:
    mark = f"of-a-daemon-{secrets.token_hex(8)}"
    tried = await cell.attempt(
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        os.execvp("sh", ["sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done # " + sys.argv[1]])
    os._exit(0)
time.sleep(0.3)
say(len([one for one in os.listdir("/proc") if one.isdigit()]))
""",
        mark,
    )
    assert tried.found >= 3
    assert marked(mark, but="pytest") == []
