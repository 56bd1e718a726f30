"""What a sandbox would lack, judged without one: certain of it, or silent."""

from pathlib import Path

import pytest

from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.port import BadMount
from hiringhall.workers.sandboxes.process import ProcessUnsafe
from hiringhall.workers.sandboxes.view import View

PATH = "/opt/agents/bin:/usr/local/bin:/usr/bin:/bin"


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """A program of the host where no sandbox looks."""
    program = tmp_path / "tools/bin/tool"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    "program", ["sh", "env", "/bin/sh", "/usr/bin/env", "./build.sh", "scripts/x", "/workspace/x"]
)
def test_what_is_there_or_may_be(program: str) -> None:
    assert not View([]).lacks(program, PATH)


@pytest.mark.parametrize(
    "program", ["no-such-program", "/usr/bin/no-such-program", "/usr", "/etc/passwd", "/srv/x"]
)
def test_what_is_certainly_not_there(program: str) -> None:
    assert View([]).lacks(program, PATH)


def test_a_mount_shows_a_program_at_its_place(tool: Path) -> None:
    folder = tool.parent.parent
    assert View([]).lacks(str(tool), PATH)
    assert not View([(folder, str(folder))]).lacks(str(tool), PATH)
    assert not View([(tool, str(tool))]).lacks(str(tool), PATH)
    moved = View([(folder, "/opt/tools")])
    assert not moved.lacks("/opt/tools/bin/tool", PATH)
    assert moved.lacks(str(tool), PATH)
    assert moved.lacks("tool", PATH)
    assert not moved.lacks("tool", f"/opt/tools/bin:{PATH}")
    tool.chmod(0o644)
    assert moved.lacks("/opt/tools/bin/tool", PATH)


def test_a_path_through_the_workspace_may_lead_anywhere() -> None:
    for path in ("/workspace/bin", "bin", "", "/usr/bin:"):
        assert not View([]).lacks("no-such-program", path)


def test_a_link_leads_only_to_what_is_shown(tool: Path) -> None:
    folder = tool.parent.with_name("links")
    folder.mkdir()
    (folder / "tool").symlink_to(tool)
    (folder / "sh").symlink_to("/bin/sh")
    assert View([(folder, "/opt/links")]).lacks("/opt/links/tool", PATH)
    assert not View([(folder, "/opt/links")]).lacks("/opt/links/sh", PATH)
    # A link that is mounted itself is what it leads to.
    assert not View([(folder / "tool", "/opt/tool")]).lacks("/opt/tool", PATH)


def test_mounts_are_judged_before_anything_is_started(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    walled = Bubblewrap(forbidden=[data])
    for source, inside in ((data, "/opt/x"), (Path("/proc"), "/opt/x"), (tmp_path, "/workspace")):
        with pytest.raises(BadMount):
            walled.check_mounts([(source, inside)])
    ProcessUnsafe().check_mounts([(data, str(data))])


def test_without_walls_the_host_is_what_there_is(tool: Path) -> None:
    plain = ProcessUnsafe()
    assert not plain.lacks_program(str(tool), path=None, read_only=[])
    assert not plain.lacks_program("./build.sh", path=None, read_only=[])
    assert not plain.lacks_program("tool", path=str(tool.parent), read_only=[])
    assert plain.lacks_program("tool", path=None, read_only=[])
