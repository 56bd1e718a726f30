"""Where control groups are found and made, on trees as kernels and containers show them."""

import os
import subprocess
from pathlib import Path

import pytest

from hiringhall.workers.sandboxes.cgroups import Found, Group, Place, find, sweep


class Tree:
    """A control group tree and the two files of /proc that describe it."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.fs = folder / "fs"
        self.proc.mkdir()
        self.fs.mkdir()

    def describe(self, own: str, mounts: str) -> None:
        (self.proc / "cgroup").write_text(own)
        (self.proc / "mountinfo").write_text(mounts.replace("@", str(self.fs)))

    def group(self, path: str, **files: str) -> Path:
        folder = self.fs / path
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)
        return folder


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


V1 = """\
30 25 0:26 / @ rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / @/memory rw,nosuid shared:5 - cgroup cgroup rw,memory
32 30 0:28 / @/pids rw,nosuid - cgroup cgroup rw,pids
33 30 0:29 / @/unified rw - cgroup2 cgroup2 rw
"""
V2 = "30 25 0:26 / @ rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"


def test_version_1_below_the_halls_own_groups(tree: Tree) -> None:
    tree.describe("5:memory:/service/a\n4:pids:/\n0::/\n", V1)
    memory, pids = tree.group("memory/service/a"), tree.group("pids")
    tree.group("unified", cgroup__controllers="hugetlb\n")
    found = find(tree.proc)
    assert found == Found(1, {"memory": memory, "pids": pids})
    assert found.places() == [Place(str(memory), str(memory)), Place(str(pids), str(pids))]
    bytes_, count = found.plans(memory_bytes=1000, processes=7)
    assert bytes_.settings == [("memory.limit_in_bytes", "1000")]
    assert ("memory.memsw.limit_in_bytes", "1000") in bytes_.optional
    assert count.settings == [("pids.max", "7")]


def test_version_1_seen_from_a_container(tree: Tree) -> None:
    tree.describe(
        "5:memory:/docker/abc\n4:pids:/docker/abc/x\n",
        V1.replace(" / @/memory", " /docker/abc @/memory").replace(
            " / @/pids", " /docker/abc @/pids"
        ),
    )
    tree.group("memory")
    tree.group("pids/x")
    assert find(tree.proc).folders == {"memory": tree.fs / "memory", "pids": tree.fs / "pids" / "x"}


def test_version_1_with_both_in_one_place(tree: Tree) -> None:
    tree.describe("5:memory,pids:/\n", "31 30 0:27 / @/both rw - cgroup cgroup rw,memory,pids\n")
    folder = tree.group("both")
    found = find(tree.proc)
    assert found.places() == [Place(str(folder), str(folder))]
    (plan,) = found.plans(memory_bytes=1000, processes=7)
    assert plan.settings == [("pids.max", "7"), ("memory.limit_in_bytes", "1000")]


def test_version_1_with_a_part_missing(tree: Tree) -> None:
    tree.describe("4:pids:/\n", V1.replace("memory", "cpu"))
    tree.group("pids")
    found = find(tree.proc)
    assert list(found.folders) == ["pids"]
    assert "memory" in found.missing


def test_no_control_groups_at_all(tmp_path: Path) -> None:
    found = find(tmp_path / "no-proc")
    assert found.folders == {}
    assert "memory and pids" in found.missing
    assert found.plans(memory_bytes=1, processes=1) == []


def test_version_2_moves_the_hall_into_a_leaf(tree: Tree) -> None:
    own = tree.group(
        "system.slice/hall.service",
        cgroup__controllers="cpu memory pids\n",
        cgroup__subtree_control="",
        cgroup__procs=f"{os.getpid()}\n",
    )
    tree.describe("0::/system.slice/hall.service\n", V2)
    found = find(tree.proc)
    leaf = own / "hiringhall.server"
    assert found == Found(2, {"memory": own, "pids": own}, home=leaf)
    assert found.places() == [Place(str(own), str(leaf))]
    assert (own / "hiringhall.server" / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"
    (plan,) = found.plans(memory_bytes=1000, processes=7)
    assert plan.settings == [("memory.max", "1000"), ("pids.max", "7")]
    assert plan.events == "memory.events"


def test_version_2_after_a_restart_in_the_leaf(tree: Tree) -> None:
    own = tree.group("hall.service", cgroup__subtree_control="memory pids\n")
    tree.group("hall.service/hiringhall.server", cgroup__controllers="memory pids\n")
    tree.describe("0::/hall.service/hiringhall.server\n", V2)
    home = own / "hiringhall.server"
    assert find(tree.proc) == Found(2, {"memory": own, "pids": own}, home=home)


def test_version_2_shared_with_others_is_left_alone(tree: Tree) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            own = tree.group(
                "session.scope",
                cgroup__controllers="memory pids\n",
                cgroup__subtree_control="",
                # Our parent is no process of ours; our child is.
                cgroup__procs=f"{os.getpid()}\n{other.pid}\n{os.getppid()}\n",
            )
            tree.describe("0::/session.scope\n", V2)
            found = find(tree.proc)
        finally:
            other.kill()
    assert found.folders == {}
    assert "Delegate=yes" in found.missing
    assert (own / "cgroup.subtree_control").read_text() == ""


def test_a_group_that_cannot_be_entered_is_not_left(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Group(Place(str(tmp_path), str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_group_with_a_dead_keepers_name_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / f"hiringhall-{os.getpid()}").mkdir()
    with pytest.raises(FileNotFoundError):  # by this tree, which no kernel fills with files
        Group(Place(str(tmp_path), str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_what_dead_keepers_left_is_swept(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    zombie = os.posix_spawn("/bin/true", ["true"], {})
    os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
    (tmp_path / f"hiringhall-{dead.pid}").mkdir()
    (tmp_path / f"hiringhall-{zombie}").mkdir()
    (tmp_path / f"hiringhall-{os.getpid()}").mkdir()
    (tmp_path / "somebody-else").mkdir()
    assert sweep(Found(2, {"memory": tmp_path, "pids": tmp_path})) == 2
    os.waitpid(zombie, 0)
    assert {p.name for p in tmp_path.iterdir()} == {
        f"hiringhall-{os.getpid()}",
        "somebody-else",
    }
