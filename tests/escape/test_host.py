"""The host: its files, its processes, its devices."""

import os
from pathlib import Path

import pytest

from tests.escape.cell import Cell, outside

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

SECRET = "a-secret-of-the-host-0123456789"


@pytest.mark.attempt(
    "reads a file of the host by its path, from `/`, through `/proc/self/root`, `/proc/1/root`, "
    "`/proc/self/cwd` and by climbing out of the workspace",
    "the same program outside reads it by each way that is open there; inside by none",
)
async def test_files_of_the_host(cell: Cell) -> None:
    secret = cell.marker()
    secret.write_text(SECRET)
    script = """
path = sys.argv[1]
ways = ["", "/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../../../../../../..",
        "/workspace/../..", "/session/../..", "/proc/self/task/1/root", "/proc/1/cwd"]
say([way for way in ways if "a-secret-of-the-host" in read(way + path)])
"""
    assert "" in await outside(script, str(secret))
    assert (await cell.attempt(script, str(secret))).found == []


@pytest.mark.attempt(
    "looks for the hall's data folder, its database, its sealing key and the homes of users",
    "a walk over everything below `/` finds no file of theirs, and no name of them",
)
async def test_the_halls_own_folder(cell: Cell) -> None:
    data = cell.app.settings.data_dir
    assert any(path.suffix == ".db" or "hall" in path.name for path in data.iterdir())
    tried = await cell.attempt(
        """
kept = []
for folder, folders, files in os.walk("/", followlinks=False):
    if folder == "/":
        folders[:] = [one for one in folders if one not in {"proc", "usr"}]
    kept += [os.path.join(folder, one) for one in files]
say({"files": kept, "data": outcome(os.listdir, sys.argv[1]), "root": os.listdir("/")})
""",
        str(data),
    )
    assert tried.found["data"] in {"ENOENT", "EACCES"}
    # A folder may go while it is walked through: what the run had is being removed.
    names = {name for _, _, files in os.walk(data) for name in files}
    seen = [path for path in tried.found["files"] if not path.startswith("/workspace/.git/")]
    assert [path for path in seen if Path(path).name in names - {"brief.md", "brief.json"}] == []
    allowed = ("/etc/", "/session/brief.", "/opt/agents/", "/dev/", "/lib", "/bin", "/sbin")
    allowed += ("/run/hall/work.sock", "/run/hall/hall")  # its own tools, and a program for them
    assert [path for path in seen if not path.startswith(allowed)] == []
    assert not {"home", "boot", "srv", "mnt", "media", "sys"} & set(tried.found["root"])


@pytest.mark.attempt(
    "reads `/proc/1/environ` and the environment, arguments and memory of every process it sees",
    "only its own three processes are seen, and nothing of the hall's environment in any of them",
)
async def test_environments_of_processes(cell: Cell) -> None:
    tried = await cell.attempt(
        """
seen = {}
for pid in filter(str.isdigit, os.listdir("/proc")):
    seen[pid] = {name: read(f"/proc/{pid}/{name}") for name in ("environ", "cmdline", "comm")}
    for name in ("mem", "maps", "auxv", "stack", "syscall", "map_files"):
        if pid != str(os.getpid()) and outcome(os.open, f"/proc/{pid}/{name}", os.O_RDONLY) == "allowed":
            seen[pid][name] = "open"
say({"pids": seen, "own": sorted(os.environ)})
"""
    )
    assert len(tried.found["pids"]) <= 4
    first = tried.found["pids"]["1"]
    assert first["environ"] == ""
    everything = str(tried.found)
    ours = {f"{name}={value}" for name, value in os.environ.items() if len(value) > 4}
    shared = {one for one in ours if one in everything}
    assert shared - {f"LANG={os.environ.get('LANG')}", f"SHELL={os.environ.get('SHELL')}"} == set()
    assert str(cell.app.settings.data_dir) not in everything
    asked = {"HIRINGHALL_TASK_ID", "HIRINGHALL_TITLE", "HIRINGHALL_BRANCH", "HIRINGHALL_BRIEF"}
    asked |= {
        "HIRINGHALL_BRIEF_JSON",
        "HIRINGHALL_SOCKET",
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
    }
    assert set(tried.found["own"]) <= asked | {"TMPDIR", "PWD", "OLDPWD", "_", "SHLVL", "LC_CTYPE"}


@pytest.mark.attempt(
    "uses a descriptor that was left open: its own, and those of every process it sees",
    "it has standard input, output and error; no other leads to a file, a socket or a folder",
)
async def test_descriptors_left_open(cell: Cell) -> None:
    tried = await cell.attempt(
        """
own = {os.readlink(f"/proc/self/fd/{n}") for n in (0, 1, 2)}
opened = {}
for link in glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/task/*/fd/*"):
    for flags in (os.O_RDONLY | os.O_NONBLOCK, os.O_WRONLY | os.O_NONBLOCK, os.O_PATH | os.O_DIRECTORY):
        try:
            os.close(os.open(link, flags))
            opened[link] = os.readlink(link)
        except OSError:
            continue
say({"opened": sorted(set(opened.values()) - own),
     "own": [n for n in range(256) if outcome(os.fstat, n) == "allowed"]})
"""
    )
    assert tried.found == {"opened": [], "own": [0, 1, 2]}


@pytest.mark.attempt(
    "reads what `/proc` and `/sys` tell of the kernel and of other programs: memory, log, keys, "
    "timers, page flags, firmware, machine ids",
    "each of them is masked, absent or empty, and the kernel's addresses are zeros",
)
async def test_the_kernels_files(cell: Cell) -> None:
    tried = await cell.attempt(
        """
paths = ["/proc/" + name for name in ("kcore", "keys", "kmsg", "kpagecgroup", "kpagecount",
         "kpageflags", "latency_stats", "pagetypeinfo", "sched_debug", "slabinfo", "sysrq-trigger",
         "timer_list", "vmallocinfo", "locks")]
paths += ["/dev/kmsg", "/dev/mem", "/dev/port", "/sys/kernel", "/sys/firmware", "/sys/fs/cgroup",
          "/sys/class/dmi/id/product_uuid", "/etc/machine-id", "/var/lib/dbus/machine-id"]
symbols = {line.split()[0] for line in read("/proc/kallsyms").splitlines()[:50]}
say({"content": [path for path in paths if read(path).strip()], "symbols": sorted(symbols),
     "folders": [path for path in paths if os.path.isdir(path)], "log": outcome(syscall, 103, 116, 3, b"x" * 64, 64)})
"""
    )
    assert tried.found["content"] == []
    assert {int(address, 16) for address in tried.found["symbols"]} <= {0}
    assert tried.found["folders"] == []
    assert tried.found["log"] in {"EPERM", "ENOSYS"}


@pytest.mark.attempt(
    "makes device nodes of a disk, of memory and of the terminal, and opens every device there is",
    "no node can be made; what is in `/dev` is harmless, and none of it is a disk",
)
async def test_device_nodes(cell: Cell) -> None:
    tried = await cell.attempt(
        """
import stat
made = []
for number, (kind, major, minor) in enumerate(((0o060000, 8, 0), (0o060000, 259, 0),
        (0o060000, 7, 0), (0o020000, 1, 1), (0o020000, 1, 2), (0o020000, 4, 0), (0o020000, 10, 200))):
    for folder in ("/workspace", "/session", "/tmp", "/dev/shm", "/run"):
        made.append(outcome(os.mknod, f"{folder}/n{number}", 0o666 | kind, os.makedev(major, minor)))
devices = {}
for folder, folders, files in os.walk("/dev"):
    for name in files:
        status = os.lstat(os.path.join(folder, name))
        if stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode):
            devices[name] = [stat.S_ISBLK(status.st_mode), os.major(status.st_rdev)]
say({"made": sorted(set(made)), "devices": devices})
"""
    )
    assert set(tried.found["made"]) <= {"EPERM", "EACCES"}
    assert not any(is_block for is_block, _ in tried.found["devices"].values())
    # Memory devices, terminals of its own, and no other.
    assert {major for _, major in tried.found["devices"].values()} <= {1, 5, 136}


@pytest.mark.attempt(
    "writes to the system: programs, libraries, `/etc`, the agents' folder, kernel settings",
    "each is refused, and on the host nothing of that name is there",
)
async def test_writing_to_the_system(cell: Cell) -> None:
    tried = await cell.attempt(
        """
tried = {}
for folder in ("/usr/bin", "/usr/lib", "/etc", "/opt/agents", "/opt", "/", "/dev", "/var", "/bin",
               "/proc/sys/kernel", "/run/hall"):
    tried[folder] = outcome(os.open, folder + "/of-a-run", os.O_CREAT | os.O_WRONLY)
for path in ("/etc/passwd", "/etc/ld.so.cache", "/usr/bin/env", "/proc/sys/kernel/core_pattern",
             "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory", "/proc/self/mem"):
    tried[path] = outcome(os.open, path, os.O_WRONLY)
for path in ("/usr", "/etc", "/"):
    tried["chmod " + path] = outcome(os.chmod, path, 0o777)
    tried["rename " + path] = outcome(os.rename, path, "/tmp/away")
say(tried)
"""
    )
    allowed = {what for what, went in tried.found.items() if went == "allowed"}
    assert allowed <= {"/proc/self/mem"}  # its own memory is its own
    assert not Path("/usr/bin/of-a-run").exists()
    assert not Path("/etc/of-a-run").exists()


@pytest.mark.attempt(
    "runs every set-user-ID program there is, `su`, `sudo`, `mount`, `newuidmap`, `pkexec`",
    "none gives another user or a capability: all say user 1000 before and after",
)
async def test_set_user_id_programs(cell: Cell) -> None:
    tried = await cell.attempt(
        """
import stat
privileged = []
for folder in ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib/openssh", "/opt/agents/bin"):
    for path in glob.glob(folder + "/*"):
        try:
            if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
                privileged.append(path)
        except OSError:
            pass
answers = {path: run(path, "-c", "id -u")[1][:200] for path in privileged}
commands = {"su": ("su", "-c", "id -u"), "sudo": ("sudo", "-n", "id", "-u"), "pkexec": ("pkexec", "id", "-u"),
            "mount": ("mount", "-t", "tmpfs", "x", "/tmp"), "newuidmap": ("newuidmap", "1", "0", "0", "1")}
for name, argv in commands.items():
    code, said = run(*argv)
    answers[name] = said[:200] if code else "allowed: " + said
copied = run("/bin/sh", "-c", "cp /usr/bin/id /tmp/id; chmod 6755 /tmp/id; /tmp/id -u; /tmp/id -ru")[1]
status = read("/proc/self/status")
say({"answers": answers, "copied": copied.split(), "uid": os.getresuid(), "gid": os.getresgid(),
     "caps": [line for line in status.splitlines() if line.startswith(("Cap", "NoNewPrivs"))]})
"""
    )
    found = tried.found
    assert [name for name, said in found["answers"].items() if said.startswith("allowed")] == []
    assert [name for name, said in found["answers"].items() if said.strip() == "0"] == []
    assert found["copied"] == ["1000", "1000"]
    assert found["uid"] == found["gid"] == [1000, 1000, 1000]
    assert all(line.split()[1] in {"0" * 16, "1"} for line in found["caps"])
