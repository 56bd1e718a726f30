"""Removes what no run will need: work, sessions and repositories of tasks that are over, logs."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from hiringhall.actions.runs.recovery import find_unfinished_runs
from hiringhall.blobs import Blobs, LocalBlobs
from hiringhall.domain.ids import made_at_us
from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from hiringhall.queries.blobs import unknown_blobs
from hiringhall.queries.endings import endings
from hiringhall.queries.saved import tasks_with_saved_work
from hiringhall.workers.carrying.carrying import Carrying
from hiringhall.workers.place import Place
from hiringhall.workers.runlog import remove_old
from hiringhall.workers.sandboxes.port import MIB

log = structlog.get_logger()

KEEP_FAILED_US = 7 * 24 * 3600 * 1_000_000
"""How long a failed or cancelled task may be taken up again with its session."""
ORPHAN_US = 2 * 24 * 3600 * 1_000_000
"""How old bytes are, at least, that may be taken for forgotten."""
_FEW = 20
_HOUR_US = 3600 * 1_000_000
_HOUR_OF_BLOBS = 3
_TAKEN_UP = frozenset({State.FAILED, State.CANCELLED})
_DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long copies of repositories are kept unused, and how much they may take (0: any)."""

    repository_days: int = 30
    repositories_mib: int = 51_200


async def sweep(
    hall: Hall, place: Place, keeping: Keeping | None = None, *, blobs: Blobs | None = None
) -> None:
    """Do it once, for who does it each hour; what is needed yet stays."""
    now_us = hall.clock()
    if isinstance(blobs, LocalBlobs) and now_us // _HOUR_US % 24 == _HOUR_OF_BLOBS:
        await sweep_blobs(hall, blobs)
    await place.sessions.drop(await _over(hall, place.sessions.tasks()))
    if place.carrying is not None:
        await sweep_saved(hall, place.carrying)
    await sweep_repositories(hall, place, keeping or Keeping())
    await asyncio.to_thread(remove_old, place.logs, now_s=now_us / 1_000_000)


async def let_go(hall: Hall, place: Place, at_work: Callable[[], set[tuple[str, int]]]) -> None:
    """Let go of finished work whose turn nobody goes on with.

    A run was lost when its work was done, and its task cancelled before a successor could begin:
    neither has anybody here who settles it. `at_work` tells task and turn of each run in hand.
    """
    left = await asyncio.to_thread(place.reports.turns)
    if not left:
        return
    left -= {(run.task_id, run.turn) for run in await find_unfinished_runs(hall)}
    for task_id, turn in left - at_work():
        report = place.reports.read(task_id, turn)
        workspace = report and await place.workspaces.open(report.run_id)
        if workspace is not None:
            await place.keep_wip(workspace)
        await place.drop(task_id, turn)


async def sweep_saved(hall: Hall, carrying: Carrying) -> None:
    """Forget what was saved of tasks that will not go on, here and for all nodes."""
    carrying.forget_here(await _over(hall, carrying.tasks()))
    after = ""
    while page := await tasks_with_saved_work(hall, after=after):
        await carrying.drop(await _over(hall, page))
        after = page[-1]


async def sweep_repositories(hall: Hall, place: Place, keeping: Keeping) -> list[str]:
    """Remove copies that are long unused, and while all are too large the longest unused.

    One goes only where no task that has work there can go on, and no run uses it. Returns which
    went.
    """
    now_s, workspaces = hall.clock() / 1_000_000, place.workspaces
    left = {one.name: one for one in await workspaces.mirrors.kept()}
    most_bytes = keeping.repositories_mib * MIB
    sizes = {name: await workspaces.mirrors.size_bytes(name) for name in left} if most_bytes else {}
    went: list[str] = []
    for one in list(left.values()):
        is_old = now_s - one.used_at_s > keeping.repository_days * _DAY_S
        if not is_old and sum(sizes.values()) <= most_bytes:
            continue
        if len(await _over(hall, sorted(one.task_ids))) < len(one.task_ids):
            continue
        if await workspaces.drop_kept(one.name):
            went.append(one.name)
            sizes.pop(one.name, None)
    if went:
        log.info("repositories.removed", count=len(went))
    if most_bytes and sum(sizes.values()) > most_bytes:
        taken_mib = sum(sizes.values()) // MIB
        log.warning("repositories.too_large", mib=taken_mib, most_mib=keeping.repositories_mib)
    return went


async def sweep_blobs(hall: Hall, blobs: LocalBlobs) -> int:
    """Remove bytes that were put and never became a file; how many keys.

    Whoever puts some has written the file down long before they are old enough. Where most are
    unknown it is the database that is the wrong one, and nothing is touched.
    """
    before_us = hall.clock() - ORPHAN_US
    looked_at, unknown = 0, list[str]()
    async for keys in blobs.listed():
        old = [key for key in keys if made_at_us(key) < before_us]
        looked_at += len(old)
        unknown += await unknown_blobs(hall, old) if old else []
    if len(unknown) > max(_FEW, looked_at // 2):
        log.warning("blobs.unknown", count=len(unknown), of=looked_at)
        return 0
    for key in unknown:
        await blobs.delete(key)
    if unknown:
        log.info("blobs.removed", count=len(unknown))
    return len(unknown)


async def _over(hall: Hall, task_ids: Collection[str]) -> list[str]:
    """Which of some tasks will not go on."""
    now_us = hall.clock()
    ended = await endings(hall, list(task_ids))
    return [
        task_id
        for task_id, (state, at_us) in ended.items()
        if state not in _TAKEN_UP or now_us - at_us > KEEP_FAILED_US
    ]
