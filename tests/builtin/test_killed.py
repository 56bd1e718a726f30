"""A server killed with -9 under a run of the built-in agent: the next one goes on with the run."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from hiringhall.domain.tasks import State
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_result
from tests.builtin.conftest import KEY, OpenShop
from tests.builtin.test_story import PLAN, WRITE, reach
from tests.sandboxes.processes import is_alive
from tests.support.halls import post
from tests.support.models import ModelServer, Turn, call, model_server

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

HELD = call("shell", command="echo begun > begun; sleep 600", timeout_s=900)
STORY = (
    Turn(calls=[WRITE], when="interrupted before it was finished"),
    Turn(calls=[call("check_criterion", number=1, met=True, evidence="x")], when="is written"),
    Turn(calls=[call("deliver", text="Done.")], when="All are checked"),
    Turn(calls=[HELD], when="check each of these"),
    Turn(calls=[PLAN]),
)


async def _serve(
    folder: Path, database_url: str, models: ModelServer
) -> asyncio.subprocess.Process:
    """A server of its own on a data folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hiringhall.cli.main", "serve", "--json", "--port", "0",
        "--data-dir", str(folder), "--database-url", database_url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={
            "PATH": os.environ["PATH"],
            "HIRINGHALL_MODEL": "claude-scripted",
            "HIRINGHALL_ANTHROPIC_BASE_URL": models.base_urls["anthropic"],
            "HIRINGHALL_ANTHROPIC_API_KEY": KEY,
            "HIRINGHALL_ALLOW_LOCAL_REPOSITORIES": "1",
        },
    )  # fmt: skip
    assert process.stdout is not None
    assert b"url" in await process.stdout.readline()
    return process


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(one) for one in path.read_text().split()]
    return found


async def test_the_same_conversation_goes_on(
    open_shop: OpenShop, tmp_path: Path, database_url: str
) -> None:
    with model_server(*STORY) as models:
        async with open_shop(models, local_runs=0) as shop:
            task = await post(shop.app.hall, shop.ada, repository=str(shop.repository))
        server = await _serve(tmp_path / "data", database_url, models)
        async with asyncio.timeout(60):
            while not list((tmp_path / "data/work").rglob("begun")):  # noqa: ASYNC110  a look
                await asyncio.sleep(0.05)
        started = _children_of(server.pid)
        assert len(started) >= 2  # the loops' process, and whoever keeps the sandboxes
        server.send_signal(signal.SIGKILL)
        await server.wait()
        async with open_shop(models) as shop:
            await reach(shop, task.id, State.IN_REVIEW)
            result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
            assert (await audit_all(shop.app.hall.database)).ok
    assert not any(is_alive(pid) for pid in started)
    # What the lost run had written was kept, and what it had planned is known.
    assert {file.name for file in result.files} == {"begun", "greeting.txt"}
    last = models.requests[-1].body.decode()
    assert "Write greeting.txt" in last
    assert last.count("sleep 600") == 1
    assert sum("interrupted before" in one.body.decode() for one in models.requests) == 3
