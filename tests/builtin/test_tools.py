"""The agent's tools, each against a real sandbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hiringhall.workers.builtin import tools
from hiringhall.workers.builtin.shell import Shell
from hiringhall.workers.builtin.tools import CannotDo, Run
from hiringhall.workers.builtin.wire import Ran
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from tests.sandboxes.inside import Inside

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    provider = Bubblewrap()
    inside = Inside(provider, tmp_path)
    shell = Shell(lambda argv: inside.start(*argv, interactive=True))

    async def run(script: str, stdin: bytes, timeout_s: int, most_bytes: int) -> Ran:
        return await shell.run(script, stdin=stdin, timeout_s=timeout_s, most_bytes=most_bytes)

    yield run
    await shell.close()
    await provider.close()


async def test_shell(run: Run) -> None:
    assert await tools.shell(run, "echo hello") == "hello"
    assert await tools.shell(run, "true") == "[no output]"
    assert await tools.shell(run, "echo no; exit 4") == "no\n[exit code 4]"
    assert "longer than 1 s" in await tools.shell(run, "sleep 10", timeout_s=1)
    flood = await tools.shell(run, "seq 1 100000")
    assert "bytes left out" in flood
    assert len(flood) < tools.SHELL_BYTES + 100
    assert "ended from inside" in await tools.shell(run, "kill -9 -1; sleep 9")


async def test_read(run: Run, workspace: Path) -> None:
    (workspace / "poem.txt").write_text("\n".join(f"line {n}" for n in range(1, 31)))
    assert (await tools.read_file(run, "poem.txt")).splitlines()[29] == "30\tline 30"
    some = await tools.read_file(run, "poem.txt", first_line=10, lines=2)
    assert some == "10\tline 10\n11\tline 11\n[more lines follow; go on at first_line=12]"
    assert "poem.txt" in await tools.read_file(run, ".")
    (workspace / "data").write_bytes(b"a\0b")
    (workspace / "empty").touch()
    assert await tools.read_file(run, "empty") == "[the file is empty there]"
    for path, why in (("data", "no text"), ("none", "There is no file none")):
        with pytest.raises(CannotDo, match=why):
            await tools.read_file(run, path)


async def test_write(run: Run, workspace: Path) -> None:
    name = "a 'b'/$(touch x); c.txt"
    told = await tools.write_file(run, name, "hällo\n'$HOME'\n")
    assert told.endswith("2 lines")
    assert (workspace / name).read_text() == "hällo\n'$HOME'\n"
    assert not (workspace / "x").exists()
    with pytest.raises(CannotDo, match=r"[Rr]ead-only"):
        await tools.write_file(run, "/usr/bin/x", "")


async def test_edit(run: Run, workspace: Path) -> None:
    file = workspace / "code.py"
    file.write_text("a = 1\nb = 1\n")
    file.chmod(0o755)
    assert "1 place" in await tools.edit_file(run, "code.py", "a = 1", "a = 2")
    assert "2 places" in await tools.edit_file(run, "code.py", " = ", "=", every=True)
    assert file.read_text() == "a=2\nb=1\n"
    assert file.stat().st_mode & 0o777 == 0o755
    (workspace / "odd").write_bytes(b"\xff\xfe")
    for path, old, why in (
        ("code.py", "=", "2 times"),
        ("code.py", "zzz", "does not stand"),
        ("code.py", "", "`old` is a text"),
        ("none", "a", "no file"),
        ("odd", "a", "UTF-8"),
    ):
        with pytest.raises(CannotDo, match=why):
            await tools.edit_file(run, path, old, "new")


async def test_search(run: Run, workspace: Path) -> None:
    for name in ("src/one.py", "src/two.js", ".git/three.py"):
        (workspace / name).parent.mkdir(exist_ok=True)
        (workspace / name).write_text("import os\nprint('x')\n")
    assert await tools.search(run, r"^import \w+", files="*.py") == "src/one.py:1:import os"
    assert (await tools.search(run, "", files="*.js")) == "src/two.js"
    assert (await tools.search(run, "")).splitlines() == ["src/one.py", "src/two.js"]
    assert await tools.search(run, "nothing like it") == "[nothing found]"
    assert await tools.search(run, "-e") == "[nothing found]"
    (workspace / "long").write_text("y\n" * 1000)
    assert (await tools.search(run, "y", "long")).endswith("[more than 100: narrow it down]")
    with pytest.raises(CannotDo):
        await tools.search(run, "(", ".")
