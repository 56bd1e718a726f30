"""The host's git: nobody's settings, bounded in every way, and nothing of it left behind."""

import asyncio
import os
import shutil
import time
from pathlib import Path

import pytest

from hiringhall.workers.git import errors
from hiringhall.workers.git.address import parse
from hiringhall.workers.git.command import Bounds, Git
from hiringhall.workers.git.errors import GitFailed, GitUnusable, TimedOut, TooLarge
from hiringhall.workers.git.remote import Remote
from hiringhall.workers.git.ssh import SshAccess
from tests.workspace.support import Origin, git

pytestmark = pytest.mark.anyio


def program(folder: Path, body: str) -> Git:
    """A stand-in for git that does what a test says."""
    path = folder / "fake-git"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return Git(program=str(path), bounds=Bounds(time_s=20))


async def test_git_sees_nothing_of_the_host_s_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\n\tname = Somebody\n")
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("GIT_DIR", "GIT_TRACE", "GIT_EXEC_PATH", "GIT_CONFIG_PARAMETERS", "SECRET"):
        monkeypatch.setenv(name, "/tmp/evil")  # noqa: S108
    seen = await program(tmp_path, "env").run("x")
    names = {line.partition("=")[0] for line in seen.text.splitlines()}
    kept = {name for name in names if not name.startswith("GIT_CONFIG_")}
    assert kept - {"PWD", "SHLVL", "_", "OLDPWD"} == {
        "GIT_ALLOW_PROTOCOL",
        "GIT_ATTR_NOSYSTEM",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OPTIONAL_LOCKS",
        "GIT_PROTOCOL_FROM_USER",
        "GIT_TERMINAL_PROMPT",
        "HOME",
        "LC_ALL",
        "PATH",
    }
    listed = await Git().run("config", "--list", "--show-scope")
    assert {line.split("\t")[0] for line in listed.text.splitlines()} == {"command"}
    assert "core.fsmonitor=false" in listed.text
    assert "core.hookspath=/dev/null" in listed.text


@pytest.mark.parametrize("url", ["ext::sh -c true", "file:///srv", "/srv", "https://127.0.0.1:1/x"])
async def test_no_protocol_is_open_that_was_not_asked_for(url: str) -> None:
    answer = await Git().run("ls-remote", "--", url)
    assert answer.code != 0
    assert "not allowed" in answer.err


async def test_time_is_bounded_and_children_end_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    slow = program(tmp_path, f"sleep 300 & echo $! >{pids}; echo $$ >>{pids}; wait")
    began = time.monotonic()
    with pytest.raises(TimedOut, match="longer than 1 s") as failed:
        await slow.run("x", bounds=Bounds(time_s=1))
    assert failed.value.retryable
    assert time.monotonic() - began < 20
    await asyncio.to_thread(_wait_for_end, pids)


@pytest.mark.parametrize("steps", [*range(12), None])
async def test_a_cancelled_call_ends_its_git(tmp_path: Path, steps: int | None) -> None:
    """Cancelled at each turn of the loop while it starts, and while it runs."""
    pids = tmp_path / "pids"
    body = f"echo $$ >{pids}; sleep 300 & echo $! >>{pids}; touch {tmp_path}/runs; wait"
    calling = asyncio.create_task(program(tmp_path, body).run("x"))
    for _ in range(steps or 0):
        await asyncio.sleep(0)
    if steps is None:
        await asyncio.to_thread(_wait_for, tmp_path / "runs")
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await asyncio.to_thread(_wait_for_end, pids)


def _wait_for(path: Path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path.name} never came")


def _lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def _wait_for_end(pids: Path) -> None:
    """The kernel takes a moment between a kill and the end."""
    for _ in range(3000):
        if not any(_runs(pid) for pid in _lines(pids)):
            return
        time.sleep(0.01)
    raise AssertionError("something that git started goes on")


def _runs(pid: str) -> bool:
    """Whether a process is alive, and no mere entry that waits to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_what_outlives_git_is_ended(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    answering = program(tmp_path, f"sleep 300 & echo $! >{pids}; exit 0")
    with pytest.raises(TimedOut):
        await answering.run("x", bounds=Bounds(time_s=1))
    await asyncio.to_thread(_wait_for_end, pids)


async def test_output_is_bounded(tmp_path: Path) -> None:
    endless = program(tmp_path, "yes")
    with pytest.raises(TooLarge):
        await endless.run("x", bounds=Bounds(output_bytes=100_000))
    answer = await endless.run("x", bounds=Bounds(output_bytes=100_000), cut=True)
    assert answer.cut
    assert len(answer.out) == 100_000
    talkative = program(tmp_path, "yes | head -c 1000000 >&2; exit 3")
    answer = await talkative.run("x")
    assert answer.code == 3
    assert 0 < len(answer.err) <= 1 << 16


async def test_files_memory_and_input_are_bounded(tmp_path: Path) -> None:
    body = "ulimit -f; ulimit -d; ulimit -t; ulimit -c"
    answer = await program(tmp_path, body).run(
        "x", bounds=Bounds(time_s=10, memory_bytes=1 << 28, file_bytes=1 << 20)
    )
    assert answer.text.split() == ["2048", "262144", "15", "0"]
    written = program(tmp_path, f"head -c 3000000 /dev/zero >{tmp_path}/out")
    answer = await written.run("x", bounds=Bounds(file_bytes=1 << 20))
    assert answer.code == 1
    assert "File too large" in answer.err
    assert (tmp_path / "out").stat().st_size == 1 << 20
    # Whoever does not read what it is given does not stop us.
    answer = await program(tmp_path, "exit 0").run("x", stdin=bytes(10_000_000))
    assert answer.code == 0


async def test_a_failure_carries_git_s_words(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="not a git repository"):
        await Git().must("rev-parse", "HEAD", repository=tmp_path)


async def test_a_git_that_is_missing_or_old_is_said(tmp_path: Path) -> None:
    with pytest.raises(GitUnusable, match="install the package `git`"):
        await Git(program="no-such-git").version()
    for words in ("git version 2.30.1", "git version 1.9", "hello", ""):
        with pytest.raises(GitUnusable):
            await program(tmp_path, f"echo '{words}'").version()
    assert await program(tmp_path, "echo 'git version 2.47.1 (Apple Git-155)'").version() == (2, 47)
    assert await Git().version() >= (2, 37)


async def test_ssh_is_held_to_its_key_its_hosts_and_its_address(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ssh that notes its arguments and runs the command here."""
    noted = tmp_path / "noted"
    fake = tmp_path / "path" / "ssh"
    fake.parent.mkdir()
    command = f'git-upload-pack "{origin.folder}"'
    fake.write_text(f'#!/bin/sh\nfor one in "$@"; do echo "$one" >>{noted}; done\nexec {command}\n')
    fake.chmod(0o755)
    git_core = git(tmp_path, "--exec-path")
    monkeypatch.setenv("PATH", f"{fake.parent}:{git_core}:{os.environ['PATH']}")
    assert shutil.which("ssh") == str(fake)
    access = SshAccess(identity=tmp_path / "a key", known_hosts=tmp_path / "known hosts")
    address = parse("ssh://git@git.example:2222/team/project.git", allow_local=False, ssh=True)
    remote = Remote(Git(), address, addresses=["203.0.113.7"], ssh=access)
    head = await remote.head()
    assert (head.branch, head.commit) == ("main", origin.tip("main"))
    words = noted.read_text().splitlines()
    assert words[:4] == ["-F", "/dev/null", "-i", str(access.identity)]
    for option in (
        "StrictHostKeyChecking=yes",
        f'UserKnownHostsFile="{access.known_hosts}"',
        "GlobalKnownHostsFile=/dev/null",
        "IdentityAgent=none",
        "ForwardAgent=no",
        "HostName=203.0.113.7",
        "HostKeyAlias=[git.example]:2222",
        "ProxyCommand=none",
        "BatchMode=yes",
    ):
        assert option in words


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("fatal: unable to access 'x': The requested URL returned error: 403", errors.NoAccess),
        ("fatal: Authentication failed for 'https://x'", errors.NoAccess),
        ("fatal: could not read Username for 'x': terminal prompts disabled", errors.NoAccess),
        ("git@github.com: Permission denied (publickey).", errors.NoAccess),
        (
            "remote: Repository not found.\nfatal: repository 'x' not found",
            errors.RepositoryMissing,
        ),
        (
            "fatal: unable to access 'x': The requested URL returned error: 302",
            errors.AddressRefused,
        ),
        ("fatal: unable to access 'x': Could not resolve host: x", errors.Unreachable),
        ("fatal: unable to access 'x': SSL certificate problem: expired", errors.Unreachable),
        ("error: RPC failed; curl 56\nfatal: early EOF", errors.Unreachable),
        ("fatal: write error: File too large", errors.TooLarge),
        ("fatal: Out of memory, malloc failed (tried to allocate 9 bytes)", errors.TooLarge),
        ("fatal: something new", errors.GitFailed),
    ],
)
def test_git_s_words_are_understood(said: str, error: type[errors.WorkspaceError]) -> None:
    found = errors.from_remote(said, shown="https://example.org/x", token="secret-token")
    assert type(found) is error
    assert "https://example.org/x" in found.reason


def test_foreign_words_are_cleaned() -> None:
    said = f"fatal: \033[31mbad\0\r\n\ttoken secret-token {'x' * 1000}\ud800"
    found = errors.from_remote(said, shown="x", token="secret-token")
    assert "secret-token" not in found.reason
    assert found.reason.isprintable()
    assert len(found.reason) < 500
    assert errors.Unreachable("x", retryable=False).retryable is False
