"""The way out: where a role opens one, it leads to the hosts that the role names, and no further."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from hiringhall.workers.sockets import MOST_CONNECTIONS
from tests.escape.cell import Cell
from tests.escape.way_out import TALK, Outside, let_out

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture(scope="module")
async def outside(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Outside]:
    async with let_out(tmp_path_factory.mktemp("outside")) as made:
        yield made


@pytest.mark.attempt(
    "asks the proxy for hosts and ports that its role does not open: others, parts and extensions "
    "of the name that is open, other spellings, several in one, and its own hall",
    "the one that is open answers; every other request is refused, and the host's own server heard "
    "nobody",
)
async def test_hosts_that_are_not_open(outside: Outside) -> None:
    found = await outside.attempt(
        """
near = ["other.test", "good.test.other.test", "xgood.test", "test", "*.test", "*", "localhost",
        "good.test%00.other.test", "good.test,127.0.0.1", "good.test 127.0.0.1", "", "..", "-",
        "good.test@127.0.0.1", "127.0.0.1#good.test", "127.0.0.1\\\\@good.test", "good.test/..",
        "\\uff47ood.test", "good.test\\t127.0.0.1", "127.0.0.1:1@good.test"]
targets = [f"{name}:{port}" for name in near]
targets += [f"good.test:{one}" for one in (port + 1, 22, 80, 443, 0, 65536, 2**32 + port, -1, "+1",
            f"{port}x", f"{port}:{port}", "", f"0x{port:x}")]
say({"open": connect(f"good.test:{port}"),
     "tunnel": {one: word(connect(one)) for one in targets},
     "plain": {one: word(fetch(f"http://{one}/")) for one in targets if "#" not in one}})
""",
        hosts=[f"good.test:{outside.port}"],
    )
    assert found["open"].endswith("found")
    assert set(found["tunnel"].values()) <= {"400", "403"}, found["tunnel"]
    assert set(found["plain"].values()) <= {"400", "403"}, found["plain"]
    assert len(outside.open.heard) == 1


@pytest.mark.attempt(
    "has names that its role opens lead to the host's loopback, to private, link-local and metadata "
    "addresses, to both an open and a closed one, and, again and again, to another one each time "
    "that it is looked up (DNS rebinding)",
    "a name is looked up once for a connection, all of its addresses are judged, and the connection "
    "goes to what was judged; the host's own server heard nobody",
)
async def test_names_that_lead_elsewhere(outside: Outside) -> None:
    names = ["both", "here", "mapped", "sixth", "linked", "private", "metadata", "empty", "unknown"]
    asked = len(outside.names.asked)
    found = await outside.attempt(
        """
names = sys.argv[2].split()
say({"rebound": [word(how(one)) for _ in range(15) for how, one in
                 ((connect, f"rebind.test:{port}"), (fetch, f"http://rebind.test:{port}/"))],
     "others": {name: [word(connect(f"{name}.test:{port}")), word(fetch(f"http://{name}.test/"))]
                for name in names}})
""",
        " ".join(names),
        hosts=[
            f"rebind.test:{outside.port}",
            *(f"{name}.test:{outside.port}" for name in names),
            *(f"{name}.test" for name in names),
        ],
    )
    assert sorted(set(found["rebound"])) == ["200", "403"]
    assert len(outside.open.heard) == found["rebound"].count("200")
    assert outside.names.asked[asked:].count("rebind.test") == len(found["rebound"])
    for name, went in found["others"].items():
        assert went == ["502" if name in {"empty", "unknown"} else "403"] * 2, name


@pytest.mark.attempt(
    "asks for network addresses in every spelling (decimal, octal, hex, short, IPv6, mapped, with a "
    "zone), among them the metadata services', with a role that opens one of them by its number",
    "none is gone to that the operator has not listed",
)
async def test_addresses_by_number(outside: Outside) -> None:
    found = await outside.attempt(
        """
hosts = ["127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1",
         "0177.0.0.1", "017700000001", "0", "0.0.0.0", "127.0.0.01", "127.0.0.1%00", "[::1]", "[::]",
         "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]",
         "[::1%25lo]", "[fe80::1%25eth0]", "::1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.0.0.3",
         "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "192.0.0.192", "2852039166"]
say({f"{how.__name__} {host}:{to}": word(how(f"{host}:{to}" if how is connect else
                                             f"http://{host}:{to}/"))
     for host in hosts for to in (port, 80) for how in (connect, fetch)})
""",
        hosts=[
            *(f"{one}:{outside.port}" for one in ("127.0.0.1", "[::1]", "127.0.0.3")),
            *("169.254.169.254", "[fd00:ec2::254]", "127.0.0.1", "[::ffff:127.0.0.1]"),
        ],
    )
    assert set(found.values()) <= {"400", "403"}, found
    assert outside.open.heard == []


@pytest.mark.attempt(
    "smuggles: another host in the `Host` header, twice, folded, with a space or a bare line feed; a "
    "second request behind the first, behind a tunnel, in a chunked body; a request hidden in a "
    "header",
    "what is not plain is refused; the open host is told its own name once, a second request goes "
    "to nobody else, and the host's own server heard nobody",
)
async def test_smuggled_requests(outside: Outside) -> None:
    found = await outside.attempt(
        """
here, there = f"good.test:{port}".encode(), f"127.0.0.1:{port}".encode()
first = b"GET http://" + here + b"/ HTTP/1.1\\r\\n"
second = b"GET http://" + there + b"/ HTTP/1.1\\r\\nHost: " + there + b"\\r\\n\\r\\n"
tunnel = b"CONNECT " + there + b" HTTP/1.1\\r\\n\\r\\n"
say({"host": word(ask(first + b"Host: " + there + b"\\r\\n\\r\\n")),
     "twice": word(ask(first + b"Host: a\\r\\nHOST: " + there + b"\\r\\n\\r\\n")),
     "folded": word(ask(first + b"A: b\\r\\n Host: " + there + b"\\r\\n\\r\\n")),
     "space": word(ask(first + b"Host : " + there + b"\\r\\n\\r\\n")),
     "feed": word(ask(first + b"A: b\\nHost: " + there + b"\\r\\n\\r\\n")),
     "return": word(ask(first + b"A: b\\rHost: " + there + b"\\r\\n\\r\\n")),
     "nul": word(ask(first + b"A: b\\0\\r\\n\\r\\n")),
     "line": word(ask(b"GET http://" + here + b"/\\tHTTP/1.1\\r\\n\\r\\n")),
     "spaces": word(ask(b"GET http://" + here + b"/ http://" + there + b"/ HTTP/1.1\\r\\n\\r\\n")),
     "feeds": word(ask(b"GET http://" + here + b"/ HTTP/1.1\\n\\n" + second)),
     "piped": word(ask(first + b"\\r\\n" + second)),
     "tunnelled": word(ask(first + b"\\r\\n" + tunnel + second)),
     "behind": word(ask(b"CONNECT " + here + b" HTTP/1.1\\r\\n\\r\\n", tunnel, second)),
     "chunked": word(ask(first + b"Transfer-Encoding: chunked\\r\\nContent-Length: 4\\r\\n\\r\\n"
                         b"0\\r\\n\\r\\n" + second)),
     "later": word(ask(first + b"Connection: keep-alive\\r\\n\\r\\n", second)),
     "upgraded": word(ask(first + b"Connection: Upgrade\\r\\nUpgrade: h2c\\r\\n\\r\\n", second))})
""",
        hosts=[f"good.test:{outside.port}"],
    )
    carried_on = {
        *("host", "twice", "piped", "tunnelled", "behind", "chunked", "later", "upgraded")
    }
    assert {name for name, went in found.items() if went == "200"} == carried_on, found
    assert {went for name, went in found.items() if name not in carried_on} == {"400"}, found
    told = f"host: good.test:{outside.port}".encode()
    for said in outside.open.heard:
        head, *_ = said.split(b"\r\n\r\n")
        if head.startswith(b"CONNECT"):
            continue  # the inside of a tunnel is between the two
        hosts = [line.lower() for line in head.split(b"\r\n") if line.lower().startswith(b"host")]
        assert hosts == [told], head
        assert b"connection: close" in head.lower()


@pytest.mark.attempt(
    "words the address of a plain request so that two readers could take it for two: with a user "
    "name, fragments, backslashes, another scheme, no scheme, a tunnel that is an address, other "
    "methods",
    "none leads anywhere but to the open host, and most are refused",
)
async def test_addresses_that_can_be_read_twice(outside: Outside) -> None:
    found = await outside.attempt(
        """
a, b = f"good.test:{port}", f"127.0.0.1:{port}"
addresses = [f"http://{a}@{b}/", f"http://{b}@{a}/", f"http://{a}\\\\@{b}/", f"http://{a}#@{b}/",
             f"http://{a}?@{b}/", f"http://{a}/@{b}/", f"http:///{b}/", f"http:{b}/", f"//{b}/",
             f"/{b}/", f"{b}", f"https://{a}/", f"ws://{b}/", f"ftp://{b}/", f"file:///etc/passwd",
             f"unix:///run/hall/work.sock", f"http://{a}:{port}/", f"http://[{a}]/", f"http://{a},{b}/",
             f"http://{b}:@{a}/", f"HTTP://{b}/", f"http://{a}/../{b}", f"http://{a}%2f@{b}/",
             f"http://{b}%23.{a}/", f"http://{b}\\x00{a}/", "*", "http://"]
methods = ["TRACE", "OPTIONS", "get", "G\\u00cbT", "CONNECT"]
say({"fetch": {one: word(fetch(one)) for one in addresses},
     "tunnel": {one: word(connect(one)) for one in addresses},
     "methods": {one: word(ask(f"{one} http://{b}/ HTTP/1.1\\r\\n\\r\\n".encode()))
                 for one in methods}})
""",
        hosts=[f"good.test:{outside.port}"],
    )
    led = {one for one, went in found["fetch"].items() if went == "200"}
    assert all(
        one.startswith(f"http://good.test:{outside.port}")
        and "@" not in one.split("/")[2].split("?")[0].split("#")[0]
        for one in led
    ), led
    assert set(found["tunnel"].values()) <= {"400", "403"}, found["tunnel"]
    assert set(found["methods"].values()) <= {"400", "403"}, found["methods"]
    assert len(outside.open.heard) == len(led)


HOLD = """
held = []
for number in range(300):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(5)
    try:
        s.connect("/run/hall/egress.sock")
        s.sendall(b"CONNECT good.test:")
        held.append(s)
    except OSError:
        s.close()
def is_open(s):
    s.setblocking(False)
    try:
        return s.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
time.sleep(0.5)
still = sum(map(is_open, held))
open("/workspace/held", "w").write("held")
until = time.monotonic() + 40
while not os.path.exists("/workspace/enough") and time.monotonic() < until:
    for s in held:
        try:
            s.send(b"1")
        except OSError:
            pass
    time.sleep(0.05)
for s in held:
    s.close()
time.sleep(0.5)
say({"still": still, "after": connect(f"good.test:{port}"),
     "long": word(ask(b"GET http://good.test/ HTTP/1.1\\r\\nA: " + b"x" * (1 << 20))),
     "wide": word(ask(b"GET http://good.test/" + b"x" * (1 << 20))),
     "many": word(ask(b"GET http://good.test/ HTTP/1.1\\r\\n" + b"A: b\\r\\n" * 100000 + b"\\r\\n")),
     "cut": ask(b"CONNECT good.test:80 HTTP/1.1\\r\\n")})
"""


@pytest.mark.attempt(
    "holds hundreds of connections to the proxy with heads that never end, sends heads of a "
    "megabyte, of a hundred thousand lines, and none at all",
    "all but a few are hung up on, another run goes out meanwhile as ever, too long heads are "
    "refused, and its own way out is free again afterwards",
)
async def test_heads_without_end(outside: Outside) -> None:
    cell, hosts = outside.cell, [f"good.test:{outside.port}"]
    task = await cell.begin(TALK + HOLD, str(outside.port), hosts=hosts)
    held = await _made(cell, "held")
    found = await outside.attempt('say(connect(f"good.test:{port}"))', hosts=hosts, who="bob")
    assert found.endswith("found")
    held.with_name("enough").touch()
    tried = await cell.ended(task)
    assert 0 < tried.found["still"] <= MOST_CONNECTIONS
    assert tried.found["after"].endswith("found")
    # Cut off in the middle of what is refused, the program may see the answer or a broken pipe.
    cut = {"431", "EPIPE", "ECONNRESET"}
    assert {tried.found[name] for name in ("long", "wide", "many")} <= cut, tried.found
    assert not tried.found["cut"].startswith("HTTP/1.1 2")
    assert outside.secret.heard == []


@pytest.mark.attempt(
    "has no way out of its own and looks for that of another tenant's run that is under way: by the "
    "socket's very path on the host, through `/proc`, by the port inside, by abstract names",
    "it has no such socket, none of the paths is there, and the other run goes out as ever",
)
async def test_another_runs_way_out(outside: Outside) -> None:
    cell = outside.cell
    hosts = [f"good.test:{outside.port}"]
    waits = """
open("/workspace/held", "w").write("held")
until = time.monotonic() + 40
while not os.path.exists("/workspace/enough") and time.monotonic() < until:
    time.sleep(0.02)
say(connect(f"good.test:{port}"))
"""
    task = await cell.begin(TALK + waits, str(outside.port), hosts=hosts, who="bob")
    held = await _made(cell, "held")
    (theirs,) = (cell.app.settings.data_dir / "runs" / "sockets").glob("*/egress.sock")
    found = await outside.attempt(
        """
head = f"CONNECT good.test:{port} HTTP/1.1\\r\\n\\r\\n".encode()
paths = [sys.argv[2], "/proc/1/root" + sys.argv[2], "/proc/self/root" + sys.argv[2],
         "/run/hall/egress.sock", "/run/hall/../hall/egress.sock", "\\0" + sys.argv[2],
         "\\0egress.sock"]
def through(port):
    with socket.create_connection(("127.0.0.1", port), 3) as s:
        s.sendall(head)
        if s.recv(100).startswith(b"HTTP/1.1 200"):
            raise AssertionError("a way out")
say({"listed": os.listdir("/run/hall"),
     "paths": [word(ask(head, path=one)) for one in paths],
     "work": word(ask(head, path="/run/hall/work.sock")),
     "port": outcome(through, 7103)})
""",
        str(theirs),
        hosts=[],
    )
    assert "egress.sock" not in found["listed"]
    assert set(found["paths"]) <= {"ENOENT", "ECONNREFUSED", "EACCES", "AF_UNIX path too long"}
    assert found["work"] != "200"
    assert found["port"] == "ECONNREFUSED"
    held.with_name("enough").touch()
    assert (await cell.ended(task, who="bob")).found.endswith("found")


async def _made(cell: Cell, name: str) -> Path:
    """The file of that name that a run has made in its workspace."""
    runs = cell.app.settings.data_dir / "work/runs"
    async with asyncio.timeout(60):
        while not (found := list(runs.glob(f"*/workspace/{name}"))):  # noqa: ASYNC110  all that tells
            await asyncio.sleep(0.02)
    return found[0]
