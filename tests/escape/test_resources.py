"""The machine: its processes, memory, disk, attention; all that a run could use up."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes import cgroups
from hiringhall.workers.sockets import MOST_CONNECTIONS
from tests.escape.prison import Prison, as_agent, prison

pytestmark = [pytest.mark.sandbox]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prison]:
    """One hall for all attacks: what one leaves behind, the next would show."""
    if missing := cgroups.find().missing:
        pytest.skip(missing)
    models = {"anthropic_api_key": "sk-of-nobody", "anthropic_base_url": "http://127.0.0.1:9"}
    with prison(tmp_path_factory.mktemp("prison"), **models) as made:
        yield made


ENDLESS: dict[str, tuple[str, str]] = {
    "a fork bomb": ("while True:\n    outcome(os.fork)", "longer than its time"),
    "a bomb of threads": (
        "import threading\nwhile True:\n"
        "    try:\n        threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n"
        "    except RuntimeError:\n        pass",
        "longer than its time|of memory",
    ),
    "memory": ("kept = []\nwhile True:\n    kept.append(os.urandom(1) * (8 << 20))", "of memory"),
    "memory by way of /tmp": (
        "n = 0\nwhile True:\n    n += 1\n    open(f'/tmp/{n}', 'wb').write(b'x' * (1 << 20))",
        "of memory",
    ),
    "memory of the kernel, by pipes": (
        "kept = []\nfor _ in range(4000):\n    a, b = os.pipe()\n    os.set_blocking(b, False)\n"
        "    kept.append(outcome(os.write, b, b'x' * (1 << 20)))\ntime.sleep(99)",
        "",
    ),
    "the disk": (
        "n = 0\nwhile True:\n    n += 1\n    open(f'f{n}', 'wb').write(b'x' * (1 << 20))\n"
        "    time.sleep(0.005)",
        "more to the disk than it may",
    ),
    "inodes": (
        "n = 0\nwhile True:\n    n += 1\n    open(f'd{n // 5000}-{n}', 'w').close()",
        "more to the disk than it may",
    ),
    "endless output": ("while True:\n    sys.stdout.write('y' * 65536)", "longer than its time"),
    "endless complaints, no line's end": (
        "while True:\n    os.write(2, b'y' * 65536)",
        "longer than its time",
    ),
    "a busy loop on every core": (
        "for _ in range(40):\n    if os.fork() == 0:\n        while True:\n            pass\n"
        "while True:\n    pass",
        "longer than its time",
    ),
    "signals ignored": (
        "import signal\nfor n in set(signal.Signals) - {9, 19}:\n"
        "    outcome(signal.signal, n, signal.SIG_IGN)\n"
        "if os.fork() == 0:\n    os.setsid()\ntime.sleep(99)",
        "longer than its time",
    ),
    "a file of terabytes, all holes": (
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "print(outcome(os.truncate, os.open('big', os.O_CREAT | os.O_WRONLY), 1 << 42))\nsys.exit(3)",
        "EFBIG",
    ),
}


@pytest.mark.attempt(
    "uses up without end: processes, threads, memory (its own, `/tmp`, the kernel's), the disk, "
    "inodes, output, complaints, every core, time with all signals ignored, a file of terabytes",
    "each is ended by its own limit, and the task says which; the hall answers all the while, and nothing is left",
)
@pytest.mark.parametrize("what", ENDLESS)
def test_using_up(hall: Prison, what: str) -> None:
    program, word = ENDLESS[what]
    before_bytes = hall.memory_bytes()
    # On a busy machine another limit than the clock's may take its time to be reached.
    by_the_clock = not word or word.startswith("longer than its time")
    _, said, _ = hall.attack(program, role="attack" if by_the_clock else "narrow")
    assert re.search(word, said), said[-2000:]
    assert hall.memory_bytes() - before_bytes < 100 << 20
    hall.leaves_nothing()


@pytest.mark.attempt(
    "hands in a hundred thousand files, folders a thousand deep, and one file of a gigabyte",
    "it is told what is too much, or what was left out; the hall answers all the while, and nothing is left",
)
@pytest.mark.parametrize(
    ("program", "word"),
    [
        (
            "for n in range(60000):\n    if n % 1000 == 0:\n        os.makedirs(f'd{n // 1000}')\n"
            "    open(f'd{n // 1000}/{n}', 'w').close()",
            "files",
        ),
        (
            "for _ in range(1500):\n    os.mkdir('d' * 50)\n    os.chdir('d' * 50)\n"
            "open('deep', 'w').write('x')",
            "",
        ),
        (
            "with open('large', 'wb') as file:\n    file.truncate(400 << 20)\n"
            "    file.write(b'x')\nopen('small', 'w').write('x')",
            "Too large to take: large",
        ),
    ],
    ids=["many", "deep", "large"],
)
def test_handing_in_too_much(hall: Prison, program: str, word: str) -> None:
    status, said, _ = hall.attack(program, role="roomy")
    assert word in said, (status, said[-2000:])
    hall.leaves_nothing()


@pytest.mark.attempt(
    "hands in git objects that are small and unpack to much: a tree that spells out ten billion "
    "files, a blob of 200 MiB of zeros",
    "the host does not unpack them, and says what is too much; the hall answers all the while, and nothing is left",
)
@pytest.mark.parametrize("bomb", ["tree", "blob"])
def test_git_bombs(hall: Prison, bomb: str) -> None:
    status, said, _ = hall.attack(
        f"bomb = {bomb!r}\n"
        + r"""
def make(kind, data):
    return subprocess.run(["git", "hash-object", "-t", kind, "-w", "--stdin"], input=data,
                          stdout=subprocess.PIPE, check=True).stdout.strip().decode()
def zeros(size):
    process = subprocess.Popen(["git", "hash-object", "-w", "--stdin"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    for _ in range(size >> 20):
        process.stdin.write(bytes(1 << 20))
    return process.communicate()[0].strip().decode()
def tree(entries):
    return make("tree", b"".join(mode + b" " + name + b"\0" + bytes.fromhex(one) for mode, name, one in entries))
git("config", "core.bigFileThreshold", "1m")
git("config", "core.compression", "1")
if bomb == "tree":
    top = tree([(b"100644", b"f%d" % n, make("blob", b"x")) for n in range(10)])
    for _ in range(9):
        top = tree([(b"40000", b"d%d" % n, top) for n in range(10)])
else:
    top = tree([(b"100644", b"zeros", zeros(200 << 20))])
commit = git("commit-tree", "-p", "HEAD", "-m", "A bomb", top)[1].strip()
git("update-ref", "HEAD", commit)
print(commit)
""",
        role="roomy",
    )
    if bomb == "tree":
        # A history may hold it: as objects it is small, and nothing here spells it out.
        assert "Nothing was changed" in said or "0 files" in said, said[-1500:]
    else:
        assert "solution" not in status
        assert "at most" in said, said[-1500:]
    hall.leaves_nothing()


LORIS = """
import collections
def flood(path, greet, count=10000):
    kept, ends = [], collections.Counter()
    for n in range(count):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        try:
            s.connect(path)
            s.sendall(greet)
            kept.append(s)
        except OSError as error:
            ends[errno.errorcode.get(error.errno, "timeout")] += 1
            s.close()
    time.sleep(1)
    alive = 0
    for s in kept:
        s.setblocking(False)
        try:
            ends["hung up" if s.recv(1) == b"" else "answered"] += 1
        except BlockingIOError:
            alive += 1
        except OSError:
            ends["reset"] += 1
    for s in kept:
        s.close()
    return {"alive": alive, **ends}
"""


@pytest.mark.attempt(
    "opens ten thousand connections to each of the hall's sockets, and says half a request on each, "
    "byte for byte, or nothing",
    "of each socket 64 are open at once and the rest are hung up on, and the run goes on; the hall answers all the while, and nothing is left",
)
@pytest.mark.parametrize("greet", [b"", b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Le"])
def test_connections(hall: Prison, greet: bytes) -> None:
    _, said, _ = hall.attack(
        as_agent(
            LORIS
            + f"""
found = {{name: flood("/run/hall/" + name, {greet!r}) for name in sorted(n for n in os.listdir("/run/hall") if n.endswith(".sock"))}}
call(self.url, "deliver", {{"text": "=> " + json.dumps(found)}})
"""
        ),
        role="agent",
    )
    assert "=> " in said, said[-2000:]
    found = json.loads(said.partition("=> ")[2].splitlines()[0])
    assert {"model.sock", "work.sock"} <= found.keys()
    assert all(went["alive"] <= MOST_CONNECTIONS for went in found.values())
    hall.leaves_nothing()


@pytest.mark.attempt(
    "sends the hall's sockets what no reader should believe: JSON nested a hundred thousand deep, a "
    "body without end, a head without end, numbers of a million digits, a line of 64 MiB over ACP",
    "each is refused or hung up on, and the run can still hand in; the hall answers all the while, and nothing is left",
)
def test_hostile_requests(hall: Prison) -> None:
    before_bytes = hall.memory_bytes()
    _, said, _ = hall.attack(
        as_agent(
            r"""
def send(path, head, pieces):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(path)
        try:
            s.sendall(head)
            for piece in pieces:
                s.sendall(piece)
        except OSError as error:
            pass
        try:
            said = b""
            while not said.rstrip().endswith(b"}") and (piece := s.recv(65536)):
                said += piece
            return said.decode(errors="replace").split("\r\n")[0] + (" error" if b'"error"' in said else "")
        except OSError as error:
            return errno.errorcode.get(error.errno, "timeout")
post = "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
def body(text, where="/mcp"):
    return ((post % where) + f"Content-Length: {len(text)}\r\n\r\n").encode(), [text.encode()]
deep = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + '{"a":' * 100000 + '1' + '}' * 100001
lists = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"deliver","arguments":' + '[' * 100000 + ']' * 100000 + '}}'
digits = '{"jsonrpc":"2.0","id":' + '9' * 1000000 + ',"method":"ping"}'
text = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"report_progress","arguments":{"text":"' + 'x' * (8 << 20) + '"}}}'
found = {}
for name in sorted(n for n in os.listdir("/run/hall") if n.endswith(".sock")):
    path = "/run/hall/" + name
    for what, made in (("deep", body(deep)), ("lists", body(lists)), ("digits", body(digits)), ("text", body(text)),
                       ("tools", body(deep, "/tools/deliver")), ("model", body(deep, "/v1/messages")),
                       ("chat", body(lists, "/v1/chat/completions"))):
        found[name + " " + what] = send(path, *made)
    found[name + " endless body"] = send(path, (post % "/mcp" + "Transfer-Encoding: chunked\r\n\r\n").encode(),
                                         (b"10000\r\n" + b"x" * 65536 + b"\r\n" for _ in range(2000)))
    found[name + " endless head"] = send(path, b"GET / HTTP/1.1\r\n", (b"X-A: " + b"x" * 8000 + b"\r\n" for _ in range(2000)))
    found[name + " rubbish"] = send(path, b"\x16\x03\x01\x02\x00" + os.urandom(2000), [])
call(self.url, "deliver", {"text": "=> " + json.dumps(found)})
"""
        ),
        role="agent",
    )
    assert "=> " in said, said[-2000:]
    found = json.loads(said.partition("=> ")[2].splitlines()[0])
    # JSON-RPC says in an answer with 200 that it did not take the question.
    taken = {name for name, went in found.items() if " 200 " in went and "error" not in went}
    assert taken == set(), found
    assert hall.memory_bytes() - before_bytes < 150 << 20
    assert "Traceback" not in Path(hall.log).read_text()
    hall.leaves_nothing()
