"""A role of the command runtime is judged when it is set, not at its first run."""

from pathlib import Path

import pytest

from hiringhall.domain.errors import Invalid
from hiringhall.workers.runtimes.command_role import CommandRole, check_role
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.port import MIB


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the hall's own PATH, where no sandbox looks."""
    program = tmp_path / "tools/tool"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return program


@pytest.mark.parametrize("place", ["", "runs", "..", "link"])
def test_the_halls_own_data_is_not_mounted(tmp_path: Path, place: str) -> None:
    data = tmp_path / "data"
    (data / "runs").mkdir(parents=True)
    (data / "link").symlink_to(data)
    role = CommandRole(argv=["sh"], mounts=[f"{data / place}:/opt/x"])
    with pytest.raises(Invalid, match="hall's own data") as refused:
        check_role(role, Bubblewrap(forbidden=[data]))
    assert refused.value.fields == {"mounts": "forbidden"}


@pytest.mark.parametrize(
    "mount", ["/proc", "/etc", "/usr/bin:/workspace", "/usr:relative", "/usr/bin:/opt/a\0b"]
)
def test_nor_is_what_no_sandbox_shows(mount: str) -> None:
    with pytest.raises(Invalid):
        check_role(CommandRole(argv=["sh"], mounts=[mount]), Bubblewrap())


def test_a_command_that_is_not_inside_is_refused_with_the_way_to_show_it(tool: Path) -> None:
    with pytest.raises(Invalid) as refused:
        check_role(CommandRole(argv=["tool", "."]), Bubblewrap())
    assert "The sandbox has no tool." in refused.value.message
    assert "its PATH is /opt/agents/bin:/usr/local/bin:/usr/bin:/bin" in refused.value.message
    assert f"--mount {tool}" in refused.value.message
    # And what it says is taken.
    check_role(CommandRole(argv=[str(tool), "."], mounts=[str(tool)]), Bubblewrap())


def test_where_it_may_not_be_shown_no_mount_is_named(tool: Path) -> None:
    with pytest.raises(Invalid) as refused:
        check_role(CommandRole(argv=["tool"]), Bubblewrap(forbidden=[tool.parent]))
    assert f"This host has it at {tool}." in refused.value.message
    assert "with --mount" not in refused.value.message


def test_what_nobody_has_is_said() -> None:
    with pytest.raises(Invalid, match="The sandbox has no no-such-program"):
        check_role(CommandRole(argv=["no-such-program"]), Bubblewrap())


@pytest.mark.parametrize("program", ["sh", "./build.sh", "scripts/x", "/workspace/build"])
def test_what_may_be_there_is_taken(program: str) -> None:
    check_role(CommandRole(argv=[program]), Bubblewrap())


@pytest.mark.parametrize("disk_mib", [0, -1, 1 << 40])
def test_room_on_the_disk_has_bounds(disk_mib: int) -> None:
    with pytest.raises(Invalid, match="disk_mib"):
        check_role(CommandRole(argv=["sh"], disk_mib=disk_mib), Bubblewrap())


@pytest.mark.parametrize(
    ("disk_mib", "file_mib"), [(4096, 1024), (100, 100), (2000, 1024), (40_000, 10_000)]
)
def test_one_file_takes_a_part_of_it(disk_mib: int, file_mib: int) -> None:
    limits = CommandRole(argv=["sh"], disk_mib=disk_mib).limits(most_wall_s=60)
    assert (limits.disk_bytes, limits.file_bytes) == (disk_mib * MIB, file_mib * MIB)
