"""No live secret leaves with a worker's work, in whatever form git would carry it."""

import base64
from pathlib import Path

import pytest

from hiringhall.workers.git.errors import LiveSecret
from hiringhall.workers.git.leaks import Needles
from hiringhall.workers.workspace import Workspace, Workspaces
from tests.workspace.support import (
    Origin,
    as_worker,
    everything_below,
    fresh_id,
    git,
    write_files,
)

pytestmark = pytest.mark.anyio

ORGANIZATION = fresh_id()


async def prepared(workspaces: Workspaces, origin: Origin, task_id: str | None = None) -> Workspace:
    return await workspaces.prepare(
        run_id=fresh_id(),
        task_id=task_id or fresh_id(),
        organization_id=ORGANIZATION,
        repository=str(origin.folder),
    )


SECRET = "hall_live_0123456789abcdef"


@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([f"echo key={SECRET} >config"], id="in a file"),
        pytest.param([f"echo {SECRET} >x && git add x && git commit -qm x && rm x"], id="earlier"),
        pytest.param(
            [f"git commit -q --allow-empty -m 'uses {SECRET}' && touch new"], id="a message"
        ),
        pytest.param([f"echo x >{SECRET}"], id="a name"),
        pytest.param([f"printf 'ada:{SECRET}' | base64 >x"], id="base 64, offset 1"),
        pytest.param([f"printf 'x-access-token:{SECRET}' | base64 -w0 >x"], id="base 64, offset 0"),
        pytest.param([f"printf 'ab{SECRET}' | base64 >x"], id="base 64, offset 2"),
        pytest.param(
            [f"head -c 262140 /dev/zero | tr '\\0' x >x && printf {SECRET} >>x"], id="over a chunk"
        ),
    ],
)
async def test_work_with_a_live_secret_is_refused(
    workspaces: Workspaces, origin: Origin, hall: Path, commands: list[str]
) -> None:
    workspace = await prepared(workspaces, origin)
    as_worker(workspace.folder, *commands)
    with pytest.raises(LiveSecret) as refused:
        await workspaces.collect(workspace, message="x", secrets=["another-secret", SECRET])
    assert SECRET not in refused.value.reason
    with pytest.raises(LiveSecret):
        await workspaces.keep_wip(workspace, secrets=[SECRET])
    await workspaces.discard(workspace.run_id)
    assert SECRET.encode() not in everything_below(hall)
    assert not list((hall / "repositories").glob("*/work.git/objects/pack/*"))


async def test_a_secret_of_an_earlier_run_s_unfinished_work_is_found(
    workspaces: Workspaces, origin: Origin
) -> None:
    task = fresh_id()
    first = await prepared(workspaces, origin, task)
    write_files(first.folder, {"x": SECRET})
    await workspaces.keep_wip(first)
    second = await prepared(workspaces, origin, task)
    assert second.began == "wip"
    with pytest.raises(LiveSecret):
        await workspaces.collect(second, message="x", secrets=[SECRET])


async def test_what_the_repository_had_before_is_nobody_s_leak(
    workspaces: Workspaces, origin: Origin
) -> None:
    origin.commit({"old": SECRET})
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "x"})
    collected = await workspaces.collect(workspace, message="x", secrets=[SECRET, "short"])
    assert [file.path for file in collected.files] == ["new"]


async def test_collected_again_the_same_work_is_the_same_commit(
    workspaces: Workspaces, origin: Origin
) -> None:
    """So that a push repeated by a killed hall's successor is no other push."""
    workspace = await prepared(workspaces, origin)
    write_files(workspace.folder, {"new": "x"})
    first = await workspaces.collect(workspace, message="x", at_s=1_772_000_000)
    again = await workspaces.collect(workspace, message="x", at_s=1_772_000_000)
    assert first.commit == again.commit is not None
    await workspaces.push(workspace, again)
    dates = git(origin.folder, "show", "-s", "--format=%at %ct", workspace.branch)
    assert dates == "1772000000 1772000000"


def test_needles_are_found_in_every_form() -> None:
    needles = Needles.of([SECRET, "short", ""])
    for offset in range(3):
        text = b"x" * offset + SECRET.encode() + b"tail"
        assert needles.found_in_bytes(text)
        assert needles.found_in_bytes(base64.b64encode(text))
        assert needles.found_in_bytes(base64.urlsafe_b64encode(text))
    assert not needles.found_in_bytes(SECRET[:-1].encode() + b" short")
    assert not Needles.of(["short"]).some
    assert not Needles.of([]).found_in_bytes(b"anything")
