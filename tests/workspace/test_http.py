"""Repositories over HTTP: access proven by a token each time, and where a name may lead."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.workers.git.command import Bounds, Git
from hiringhall.workers.git.errors import (
    AddressRefused,
    NoAccess,
    RepositoryMissing,
    TimedOut,
    TooLarge,
    Unreachable,
    WorkspaceError,
)
from hiringhall.workers.sandboxes.port import SandboxProvider
from hiringhall.workers.workspace import Workspace, Workspaces
from tests.workspace.support import GitServer, Origin, everything_below, fresh_id, git, write_files

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()
TOKEN = "a-token-of-the-team"


async def prepared(workspaces: Workspaces, url: str, token: str | None = TOKEN) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=fresh_id(),
        organization_id=ORGANIZATION,
        repository=url,
        token=token,
    )


async def test_the_main_road_over_http(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    git(origin.folder, "config", "http.receivepack", "true")
    workspace = await prepared(workspaces, server.url("project.git"))
    write_files(workspace.folder, {"src/new.py": "x = 1\n"})
    collected = await workspaces.collect(workspace, message="Add a module", secrets=[TOKEN])
    assert await workspaces.push(workspace, collected)
    assert origin.read(workspace.branch, "src/new.py") == "x = 1"
    assert origin.tip(workspace.branch) == collected.commit
    assert set(server.seen.authorizations) == {server.seen.authorizations[0]}


async def test_the_token_stands_nowhere(
    workspaces: Workspaces, server: GitServer, hall: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argvs: list[tuple[object, ...]] = []
    start = asyncio.create_subprocess_exec

    async def watched(*argv: object, **how: object) -> asyncio.subprocess.Process:
        argvs.append(argv)
        return await start(*argv, **how)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", watched)
    workspace = await prepared(workspaces, server.url("project.git"))
    assert len(argvs) > 2
    assert TOKEN not in repr(argvs)
    assert TOKEN not in repr(workspace)
    below = everything_below(hall)
    assert TOKEN.encode() not in below
    assert b"eC1hY2Nlc3" not in below  # "x-access…" in base 64


async def test_access_is_proven_anew_for_every_run(
    workspaces: Workspaces, server: GitServer
) -> None:
    url = server.url("project.git")
    await prepared(workspaces, url)
    for token in (None, "another", "a-token-of-the-tea"):
        with pytest.raises(NoAccess) as refused:
            await prepared(workspaces, url, token)
        assert not refused.value.retryable
        assert str(token) not in refused.value.reason
    with pytest.raises(NoAccess, match="it needs a token and has none"):
        await prepared(workspaces, url, None)
    await prepared(workspaces, url)


@pytest.mark.parametrize("token", ["a\nb", "a b", "a\r\nX-Evil: 1", "\x7f", "ü"])
async def test_a_token_that_could_break_a_header_is_refused(
    workspaces: Workspaces, server: GitServer, token: str
) -> None:
    with pytest.raises(NoAccess, match="characters that no token has"):
        await prepared(workspaces, server.url("project.git"), token)
    assert server.seen.paths == []


async def test_a_missing_repository_is_said(workspaces: Workspaces, server: GitServer) -> None:
    with pytest.raises(RepositoryMissing, match=r"no repository at http://.*nowhere\.git"):
        await prepared(workspaces, server.url("nowhere.git"))
    server.status = 404
    with pytest.raises(RepositoryMissing):
        await prepared(workspaces, server.url("project.git"))


@pytest.mark.parametrize(
    ("status", "error", "retryable"),
    [
        (401, NoAccess, False),
        (403, NoAccess, False),
        (500, Unreachable, True),
        (503, Unreachable, True),
    ],
)
async def test_what_the_server_answers_is_told_apart(
    workspaces: Workspaces,
    server: GitServer,
    status: int,
    error: type[WorkspaceError],
    retryable: bool,
) -> None:
    server.status = status
    with pytest.raises(error) as failed:
        await prepared(workspaces, server.url("project.git"))
    assert failed.value.retryable is retryable


async def test_a_server_that_is_away_is_said(workspaces: Workspaces, tmp_path: Path) -> None:
    with GitServer(tmp_path) as gone:
        url = gone.url("project.git")
    with pytest.raises(Unreachable) as failed:
        await prepared(workspaces, url)
    assert failed.value.retryable


async def test_a_redirection_is_not_followed(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    with GitServer(origin.folder.parent) as elsewhere:
        server.redirect_to = elsewhere.url("")[:-1]
        with pytest.raises(AddressRefused, match="redirection"):
            await prepared(workspaces, server.url("project.git"))
        assert elsewhere.seen.paths == []


async def test_loopback_is_refused_before_anything_is_sent(
    hall: Path, unwalled: SandboxProvider, server: GitServer
) -> None:
    strict = Workspaces(hall, allow_local=False, sandbox=unwalled)
    for url in (server.url("project.git"), server.url("project.git", host="localhost")):
        with pytest.raises(AddressRefused):
            await prepared(strict, url.replace("http://", "https://"))
        with pytest.raises(AddressRefused):
            await prepared(strict, url)
    assert server.seen.paths == []


async def test_git_is_held_to_the_address_that_was_checked(
    hall: Path, unwalled: SandboxProvider, server: GitServer
) -> None:
    """A name that this machine could never resolve works, since git does not resolve it again."""

    async def resolver(host: str, port: int) -> list[str]:
        assert (host, port) == ("git.example", server.server_port)
        return ["127.0.0.1"]

    pinned = Workspaces(hall, allow_local=True, sandbox=unwalled, resolver=resolver)
    workspace = await prepared(pinned, server.url("project.git", host="git.example"))
    assert (workspace.folder / "README.md").exists()


async def test_the_environment_s_proxy_is_not_asked(
    workspaces: Workspaces, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "GIT_SSH_COMMAND", "GIT_TRACE_CURL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await prepared(workspaces, server.url("project.git"))


@pytest.fixture
def stalling(origin: Origin) -> Iterator[GitServer]:
    with GitServer(origin.folder.parent, stalls=True) as running:
        yield running


async def test_a_server_that_stalls_is_left(
    hall: Path, unwalled: SandboxProvider, stalling: GitServer
) -> None:
    hasty = Workspaces(hall, allow_local=True, sandbox=unwalled, fetch_time_s=1)
    began = time.monotonic()
    with pytest.raises(TimedOut, match="within 1 s") as failed:
        await prepared(hasty, stalling.url("project.git"))
    assert failed.value.retryable
    assert time.monotonic() - began < 30
    await _no_git_with(stalling.url("project.git"))


async def test_a_cancelled_fetch_ends_its_git(
    workspaces: Workspaces, stalling: GitServer, hall: Path
) -> None:
    fetching = asyncio.create_task(prepared(workspaces, stalling.url("project.git")))
    await asyncio.to_thread(stalling.stalled.wait, 30)
    assert _gits_with(stalling.url("project.git"))
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await _no_git_with(stalling.url("project.git"))
    assert not list((hall / "runs").iterdir())


async def _no_git_with(text: str) -> None:
    """Every process that has a text in its arguments ends; on a busy machine not at once."""
    until = time.monotonic() + 30
    while left := _gits_with(text):
        assert time.monotonic() < until, left
        await asyncio.sleep(0.05)


def _gits_with(text: str) -> list[bytes]:
    """The processes that have a text in their arguments."""
    found: list[bytes] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(text) in line:
            found.append(line)
    return found


async def test_a_repository_that_is_too_large_is_said(
    hall: Path, unwalled: SandboxProvider, origin: Origin, server: GitServer
) -> None:
    origin.commit({"large": os.urandom(3 << 20)})
    small = Git(bounds=Bounds(file_bytes=1 << 20))
    narrow = Workspaces(hall, allow_local=True, sandbox=unwalled, git=small)
    with pytest.raises(TooLarge, match="larger than this hall takes"):
        await prepared(narrow, server.url("project.git"))


async def test_a_repository_that_lies_is_not_kept(
    workspaces: Workspaces, origin: Origin, server: GitServer
) -> None:
    """A tree with an entry named `.git` would be a way into a checkout."""
    blob = git(origin.folder, "hash-object", "-w", "--stdin", stdin="[core]\n")
    inner = bytes.fromhex(blob)
    content = b"100644 config\0" + inner
    tree = git(
        origin.folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=content
    )
    outer = b"40000 .git\0" + bytes.fromhex(tree)
    root = git(
        origin.folder, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=outer
    )
    commit = git(origin.folder, "commit-tree", "-m", "a trap", root)
    git(origin.folder, "update-ref", "refs/heads/main", commit)
    with pytest.raises(WorkspaceError, match=r"hasDotgit|\.git"):
        await prepared(workspaces, server.url("project.git"))
