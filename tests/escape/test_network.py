"""The network: there is none but a loopback of the run's own."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.escape.cell import Cell, outside

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

REFUSED = {"ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EPERM", "EACCES"}

CONNECT = """
def connect(host, port, kind=socket.SOCK_STREAM):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as s:
        s.settimeout(3)
        s.connect((host, port))
        s.send(b"out")
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP listener on every address of the host."""
    with socket.create_server(("0.0.0.0", 0)) as made:  # noqa: S104
        made.setblocking(False)
        yield made


@pytest.mark.attempt(
    "connects over TCP to a listener on the host's loopback, on each of its addresses, and to the "
    "open internet, over IPv4 and IPv6",
    "the same program outside reaches the listener; inside every connection is refused, and the "
    "listener heard nobody",
)
async def test_tcp(cell: Cell, listener: socket.socket) -> None:
    script = (
        CONNECT
        + """
port = int(sys.argv[1])
hosts = ["127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::ffff:127.0.0.1", *sys.argv[2:]]
found = {host: outcome(connect, host, port) for host in hosts}
found |= {host: outcome(connect, host, 80) for host in ("192.0.2.1", "1.1.1.1", "2606:4700::1111")}
say(found)
"""
    )
    port, own = str(listener.getsockname()[1]), _own_addresses()
    assert (await outside(script.replace('"1.1.1.1", ', ""), port, *own))["127.0.0.1"] == "allowed"
    while _accept(listener):
        pass
    tried = await cell.attempt(script, port, *own)
    assert set(tried.found.values()) <= REFUSED
    assert not _accept(listener)


@pytest.mark.attempt(
    "asks the cloud's metadata service, by its addresses and its names",
    "no address of it can be reached and no name of it is known",
)
async def test_metadata(cell: Cell) -> None:
    tried = await cell.attempt(
        CONNECT
        + """
import urllib.request
hosts = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254",
         "192.0.0.192"]
found = {host: outcome(connect, host, 80) for host in hosts}
for name in ("metadata.google.internal", "metadata", "instance-data", "host.docker.internal"):
    try:
        found[name] = socket.getaddrinfo(name, 80) and "allowed"
    except socket.gaierror:
        found[name] = "EACCES"
say(found)
"""
    )
    assert set(tried.found.values()) <= REFUSED


@pytest.mark.attempt(
    "sends datagrams and DNS queries: to the host, to name servers, by broadcast and multicast",
    "a datagram sent the same way outside arrives; from inside none does, and no name resolves",
)
async def test_udp_and_dns(cell: Cell) -> None:
    send = """
port = int(sys.argv[1])
def send(host, to):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        s.sendto(b"out by " + host.encode(), (host, to))
found = {host: outcome(send, host, port) for host in ("127.0.0.1", *sys.argv[2:])}
"""
    ask = """
for host in ("1.1.1.1", "8.8.8.8", "255.255.255.255", "224.0.0.251", "ff02::fb"):
    found[host] = outcome(send, host, 53)
def ask(name):
    try:
        return [entry[4][0] for entry in socket.getaddrinfo(name, 80)]
    except socket.gaierror as error:
        return []
say({"sent": found, "names": ask("example.com") + ask("example.com.")})
"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("0.0.0.0", 0))  # noqa: S104
        heard.setblocking(False)
        port, own = str(heard.getsockname()[1]), _own_addresses()
        await outside(send + "say(found)", port, *own)
        assert _receive(heard) == b"out by 127.0.0.1"
        while _receive(heard) is not None:
            pass
        tried = await cell.attempt(send + ask, port, *own)
        assert _receive(heard) is None
    sent = tried.found["sent"]
    # On a loopback of its own a datagram may leave and arrive nowhere.
    assert {went for host, went in sent.items() if host != "127.0.0.1"} <= REFUSED
    assert tried.found["names"] == []


def _receive(heard: socket.socket) -> bytes | None:
    try:
        return heard.recv(1000)
    except BlockingIOError:
        return None


@pytest.mark.attempt(
    "opens raw, packet, vsock, Bluetooth and crypto sockets, talks to the kernel by netlink, pings",
    "no such socket can be made but one that lists the interfaces of its own loopback",
)
async def test_raw_sockets(cell: Cell) -> None:
    tried = await cell.attempt(
        """
families = {"raw": (2, 3, 1), "raw6": (10, 3, 58), "packet": (17, 3, 0), "netlink": (16, 3, 0),
            "generic netlink": (16, 3, 16), "vsock": (40, 1, 0), "bluetooth": (31, 3, 1),
            "alg": (38, 5, 0), "xdp": (44, 3, 0), "can": (29, 3, 1), "rds": (21, 5, 0),
            "tipc": (30, 4, 0), "icmp": (2, 2, 1)}
say({"sockets": {name: outcome(socket.socket, *how) for name, how in families.items()},
     "ping": run("ping", "-c1", "-W1", "127.0.0.1")[0]})
"""
    )
    allowed = {name for name, went in tried.found["sockets"].items() if went == "allowed"}
    # Netlink lists its own interfaces; where the kernel lets anyone, an echo goes to its own `lo`.
    assert allowed <= {"netlink", "icmp"}
    assert tried.found["ping"] != 0 or "icmp" in allowed


@pytest.mark.attempt(
    "brings up an interface, adds an address and a route, makes a tunnel, leaves its namespace",
    "each is refused, and there is no interface but `lo`",
)
async def test_interfaces(cell: Cell) -> None:
    tried = await cell.attempt(
        """
import fcntl
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    flags = struct.pack("16sh14x", b"lo", 0)
    address = struct.pack("16sHH4s8x", b"lo:1", 2, 0, socket.inet_aton("10.0.0.1"))
    down = outcome(fcntl.ioctl, s, 0x8914, flags)
    add = outcome(fcntl.ioctl, s, 0x8916, address)
    route = outcome(fcntl.ioctl, s, 0x890B, b"\\0" * 120)
say({"down": down, "add": add, "route": route, "tun": outcome(os.open, "/dev/net/tun", os.O_RDWR),
     "setns": outcome(syscall, 308, 268, os.open("/proc/1/ns/net", os.O_RDONLY), 0)
              if outcome(os.open, "/proc/1/ns/net", os.O_RDONLY) == "allowed" else "EACCES",
     "names": [name for _, name in socket.if_nameindex()]})
"""
    )
    found = tried.found
    assert found.pop("names") == ["lo"]
    assert set(found.values()) <= {"EPERM", "EACCES", "ENOENT", "EINVAL", "ENODEV"}


@pytest.mark.attempt(
    "connects to abstract Unix sockets, and to the sockets of the system by their paths",
    "the same program outside connects to the test's own; inside to none",
)
async def test_unix_sockets(cell: Cell) -> None:
    script = """
found = {}
for address in ("\\0" + sys.argv[1], "\\0/tmp/.X11-unix/X0", "\\0/tmp/dbus", sys.argv[2],
                "/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/systemd/private",
                "/run/user/0/bus", "/run/containerd/containerd.sock", "/dev/log"):
    with socket.socket(socket.AF_UNIX) as s:
        found[address] = outcome(s.connect, address)
say(found)
"""
    name, path = f"hall-escape-{os.getpid()}", cell.marker().with_suffix(".sock")
    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named:
        abstract.bind(f"\0{name}")
        here = os.open(path.parent, os.O_PATH)
        named.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)
        abstract.listen()
        named.listen()
        short = Path("/proc") / str(os.getpid()) / "cwd" / os.path.relpath(path)
        assert (await outside(script, name, str(short)))[f"\0{name}"] == "allowed"
        tried = await cell.attempt(script, name, str(path)[:100])
    assert set(tried.found.values()) <= {"ECONNREFUSED", "ENOENT", "EACCES"}


@pytest.mark.attempt(
    "listens for connections from the host, on all addresses and on a name",
    "while it listens, nobody on the host can connect to it",
)
async def test_listening(cell: Cell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    task = await cell.begin(
        """
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
name = socket.socket(socket.AF_UNIX)
name.bind("\\0hall-listening-" + sys.argv[1])
name.listen()
open("/workspace/listens", "w").close()
until = time.monotonic() + 30
while not os.path.exists("/workspace/enough") and time.monotonic() < until:
    time.sleep(0.02)
server.settimeout(0)
say([outcome(server.accept)])
""",
        str(port),
    )
    runs = cell.app.settings.data_dir / "work/runs"
    async with asyncio.timeout(60):
        while not (listens := list(runs.glob("*/workspace/listens"))):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.1", port))
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect(f"\0hall-listening-{port}")
    listens[0].with_name("enough").touch()
    assert (await cell.ended(task)).found == ["EAGAIN"]


def _own_addresses() -> list[str]:
    found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    return sorted({str(entry[4][0]).partition("%")[0] for entry in found} - {"127.0.0.1", "::1"})


def _accept(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True
