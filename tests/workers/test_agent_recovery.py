"""An agent's run whose server dies or stops: found, its work kept, its session gone on with."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.actions.tasks import answer
from hiringhall.app import App, open_app
from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.audit import audit_all
from hiringhall.workers.sweeping import KEEP_FAILED_US, sweep
from tests.support.halls import House, sign_up
from tests.workers.agents_at_work import DONE, Step, play, session_folder
from tests.workers.shop import Shop, carried, settings_for

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

FIRST: list[Step] = [
    {"write": ["/workspace/half.txt", "half\n"]},
    {"say": "So far."},
    {"sleep": 600},
]
SECOND: list[Step] = [{"echo_prompt": "/workspace/told.txt"}, *DONE]


async def posted(app: App, repository: Path, turns: Sequence[Sequence[Step]]) -> tuple[Shop, Task]:
    """A task for an agent, which nobody carries yet."""
    house = House(app.hall, app.runner, app.engine)
    shop = Shop(app, house, await sign_up(app.hall), repository)
    await play(shop, *turns)
    return shop, await shop.post(repository=True)


async def half_done(folder: Path) -> None:
    """Wait until the agent is in the middle of its work, and the hall has heard of it."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(_is_half_done, folder):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _is_half_done(folder: Path) -> bool:
    records = (path.read_text() for path in folder.glob("data/runs/sessions/*/session.json"))
    written = any(folder.glob("data/work/runs/*/workspace/half.txt"))
    return written and any(json.loads(record)["seen"] for record in records)


async def test_a_killed_servers_run_goes_on_in_the_same_session_with_its_work(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    settings = settings_for(tmp_path, database_url)
    async with open_app(settings) as app:
        shop, task = await posted(app, repository, [FIRST, SECOND])
    program = Path(sys.executable).with_name("hiringhall")
    argv = [str(program), "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    argv += ["--database-url", database_url]
    environ = {**os.environ, "HIRINGHALL_ALLOW_LOCAL_REPOSITORIES": "1"}
    server = subprocess.Popen(  # noqa: ASYNC220
        argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await half_done(tmp_path)
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
    await goes_on(tmp_path, database_url, repository, shop, task)


async def test_a_stopped_servers_run_goes_on_after_the_next_start(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    async with open_app(settings_for(tmp_path, database_url)) as app:
        shop, task = await posted(app, repository, [FIRST, SECOND])
        async with carried(app):
            await half_done(tmp_path)
    await goes_on(tmp_path, database_url, repository, shop, task)


async def goes_on(
    tmp_path: Path, database_url: str, repository: Path, shop: Shop, task: Task
) -> None:
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        shop = Shop(app, house, shop.ada, repository)
        await house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
        branch = branch_of(task.id)
        assert shop.git("show", f"{branch}:half.txt") == "half\n"
        assert shop.git("show", f"{branch}:told.txt").startswith("Your work was interrupted")
        assert (await audit_all(app.hall.database)).ok


async def test_sessions_go_when_nothing_can_come_of_them(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    async with open_app(settings_for(tmp_path, database_url)) as app:
        shop, task = await posted(app, repository, [DONE])
        async with carried(app) as house:
            await house.until(shop.ada, task.id, State.IN_REVIEW)
            await house.until_idle()
            folder = session_folder(shop, task)
            await sweep(app.hall, app.place)
            assert folder.is_dir()
            await answer.decide_deliverable(
                app.hall, actor=shop.ada, task_id=task.id, accepted=True
            )
            await sweep(app.hall, app.place)
            assert not folder.exists()


async def test_a_failed_tasks_session_waits_a_week(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    async with open_app(settings_for(tmp_path, database_url)) as app:
        shop, task = await posted(app, repository, [[{"call": ["fail", {"reason": "No."}]}]])
        async with carried(app) as house:
            await house.until(shop.ada, task.id, State.FAILED)
            await house.until_idle()
            folder = session_folder(shop, task)
            await sweep(app.hall, app.place)
            assert folder.is_dir()
            later = replace(app.hall, clock=lambda: app.hall.clock() + KEEP_FAILED_US)
            await sweep(later, app.place)
            assert not folder.exists()
