"""What a run leaves behind: links, odd names, files that are none, and what it wrote for the hall."""

import os
import secrets
import stat
from pathlib import Path

import pytest

from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State
from tests.escape.cell import Cell
from tests.workers.shop import git

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.mark.attempt(
    "hands in symbolic links to files of the host, of other runs, of `/proc`, through folders, in "
    "loops, and one that takes the place of a file of the repository",
    "what they lead to is in no delivered file, not on the branch, and nowhere in the data folder",
)
async def test_symbolic_links(cell: Cell, repository: Path) -> None:
    content = f"of-the-host-{secrets.token_hex(12)}"
    secret = repository.parent / "secret"
    secret.write_text(content)
    tried = await cell.attempt(
        """
host, key = sys.argv[1:]
os.remove("hello.txt")
os.symlink(host, "hello.txt")
links = {"absolute": host, "shadow": "/etc/shadow", "key": key, "climbs": "../" * 12 + host[1:],
         "environ": "/proc/1/environ", "mem": "/proc/self/mem", "root": "/", "loop": "loop",
         "folder": os.path.dirname(host), "stdin": "/dev/stdin", "zero": "/dev/zero"}
for name, target in links.items():
    os.symlink(target, name)
os.makedirs("a/b")
os.symlink(os.path.dirname(host), "a/b/up")
say(sorted(os.listdir(".")))
""",
        str(secret),
        str(cell.app.settings.data_dir / "secret.key"),
        task={"repository": str(repository)},
    )
    assert "absolute" in tried.found
    assert tried.state is State.IN_REVIEW
    assert tried.files == {}
    kinds = git(repository, "ls-tree", "-r", branch_of(tried.task.id)).splitlines()
    assert {line.split()[0] for line in kinds} == {"120000"}
    assert content.encode() not in await cell.kept()


@pytest.mark.attempt(
    "makes hard links to files of the host: programs, its own brief, a socket, an open descriptor, "
    "and hands those in that it could make",
    "none crosses from one mount to another; those within the workspace are plain copies",
)
async def test_hard_links(cell: Cell) -> None:
    tried = await cell.attempt(
        """
open("mine", "w").write("my own")
found = {}
for path in ("/usr/bin/env", "/etc/passwd", "/etc/ld.so.cache", "/session/brief.md", "/proc/1/environ",
             "/proc/self/fd/1", "/dev/null", "/proc/self/exe"):
    found[path] = outcome(os.link, path, "linked" + path.replace("/", "-"), follow_symlinks=True)
found["own"] = outcome(os.link, "mine", "again")
say(found)
"""
    )
    assert tried.found.pop("own", None) == "allowed"
    found = dict(tried.found)
    found.pop("own")
    assert set(found.values()) <= {"EXDEV", "EPERM", "EACCES", "EROFS"}
    assert tried.files == {"again": b"my own", "mine": b"my own"}


ODD_NAMES = """
names = ["new\\nline", "tab\\there", "escape\\x1b[2J\\x1b]0;owned\\x07", "bell\\x07", "back\\\\slash",
         "..\\\\..\\\\windows", "C:drive", "-rf", "--upload-pack=id", "$(id)", "`id`", "a;id", "a|id",
         "<script>alert(1)<script>", "right\\u202eexe.txt", "nul", "con.txt", "dot.", "space ", " lead",
         "...", "..a", "%2e%2e%2fetc", "utf\\udcff", "\\u0000bad".replace("\\u0000", ""), "\\r", "x" * 255,
         "\\u2028line", "~root", "*", "?", "'", '"', "#", "@{-1}", ":(top)x", "!exclude"]
for name in names:
    with open(os.fsencode("odd/" + name) if "\\udcff" in name else "odd/" + name, "w") as file:
        file.write("of " + repr(name))
say(len(os.listdir("odd")))
"""


@pytest.mark.attempt(
    "hands in files whose names hold control characters, terminal codes, backslashes, drives, "
    "options, shell, markup, turned letters, pathspecs, bytes that are no text",
    "each is taken under a name that is one safe relative path, and saved below one folder",
)
async def test_odd_names(cell: Cell, tmp_path: Path) -> None:
    tried = await cell.attempt("os.mkdir('odd')\n" + ODD_NAMES)
    assert len(tried.files) == tried.found
    for name, content in tried.files.items():
        assert content.startswith(b"of ")
        parts = name.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert not any(ord(letter) < 32 or letter in "\\\x7f\u202e\u2028" for letter in name)
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    saved = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(saved) == len(tried.files)
    assert not any(ord(letter) < 32 and letter != "\n" for letter in tried.text)


@pytest.mark.attempt(
    "makes trees of git by hand whose entries are `..`, `/etc/x`, `.git/hooks/x`, `a/../../x`, "
    "`.GIT`, `git~1`, and commits them",
    "git takes none of those commits; the files alone are handed in, and nothing was written "
    "beside the workspace",
)
@pytest.mark.parametrize(
    "entry", ["..", ".", "/etc/x", ".git", ".GIT", "a/../../x", "git~1", ".git\u200c"]
)
async def test_trees_by_hand(cell: Cell, repository: Path, entry: str) -> None:
    before = sorted(path.name for path in repository.parent.iterdir())
    tried = await cell.attempt(
        """
def make(kind, data):
    return subprocess.run(["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"],
                          input=data, stdout=subprocess.PIPE).stdout.strip().decode()
blob = bytes.fromhex(make("blob", b"out of the tree"))
name = sys.argv[1].encode()
tree = make("tree", b"100644 " + name + b"\\0" + blob + b"100644 " + name + b"x\\0" + blob)
commit = git("commit-tree", "-p", "HEAD", "-m", "A trap", tree)[1].strip()
git("update-ref", "HEAD", commit)
open("honest", "w").write("x")
say([tree != "", commit])
""",
        entry,
        task={"repository": str(repository)},
    )
    assert tried.found[0]
    names = {Path(name).name for name in tried.files}
    assert names <= {"honest", "hello.txt", *_visible(entry)}, tried.files
    assert not any(".." in name.split("/") or name.startswith("/") for name in tried.files)
    assert sorted(path.name for path in repository.parent.iterdir()) == before
    assert not Path("/etc/x").exists()


def _visible(entry: str) -> set[str]:
    """What git lets pass, because to it these are names like any other."""
    return {f"{entry}x", entry} if "/" not in entry else set()


@pytest.mark.attempt(
    "leaves pipes, sockets, sparse files, folders that nobody may enter and files nobody may read "
    "where files should be, in the workspace and in the session",
    "collecting does not wait for any of them, takes the plain files, and removes all of it",
)
async def test_files_that_are_none(cell: Cell) -> None:
    tried = await cell.attempt(
        """
for folder in ("/workspace", "/session"):
    os.chdir(folder)
    os.mkfifo("pipe")
    os.mkfifo("pipe.txt", 0o666)
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    os.makedirs("shut/deep")
    open("shut/deep/file", "w").write("within")
    open("unreadable", "w").write("x")
    os.chmod("unreadable", 0)
    os.chmod("shut/deep", 0)
    os.chmod("shut", 0)
    with open("sparse", "wb") as file:
        file.truncate(1 << 34) if outcome(file.truncate, 1 << 34) == "allowed" else None
os.remove("/session/brief.md")
os.mkfifo("/session/brief.md")
open("/workspace/plain", "w").write("plain")
say("left")
"""
    )
    assert tried.found == "left"
    assert tried.files["plain"] == b"plain"
    assert not {"pipe", "pipe.txt", "socket"} & set(tried.files)
    await cell.house.until_idle()
    data = cell.app.settings.data_dir
    left = [path for path in data.rglob("*") if not _is_plain(path)]
    assert left == []
    assert list((data / "work/runs").iterdir()) == list((data / "runs/homes").iterdir()) == []


def _is_plain(path: Path) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or path.suffix == ".sock"


@pytest.mark.attempt(
    "overwrites the hall's brief, takes links in its place, and lies in it to the task's next run",
    "the next run reads the hall's own words; the file that a link named on the host is untouched",
)
async def test_a_brief_that_was_overwritten(cell: Cell) -> None:
    target = cell.marker()
    target.write_text("as it was")
    task = await cell.begin(
        """
told = read("/session/brief.md"), read("/session/brief.json")
for name in ("brief.md", "brief.json"):
    os.remove("/session/" + name)
    os.symlink(sys.argv[1], "/session/" + name)
outcome(lambda: open("/session/brief.md", "w").write("a lie"))
open("/workspace/n", "a").write("x")
say(told)
""",
        str(target),
        task={"title": "The true title", "description": "The true words"},
    )
    first = await cell.ended(task)
    await cell.send_back(task, reason="The true reason")
    second = await cell.ended(task)
    for told in (first.found, second.found):
        assert "The true words" in told[0]
        assert "The true words" in told[1]
    assert "The true reason" in second.found[0]
    assert "a lie" not in str(second.found)
    assert target.read_text() == "as it was"
