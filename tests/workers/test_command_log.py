"""What a command prints is in its run's log as it comes, masked and bounded, and there once."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hiringhall.actions.tasks import answer
from hiringhall.actions.tasks.running import resume_task
from hiringhall.app import open_app
from hiringhall.domain.questions import Answer
from hiringhall.domain.tasks import State
from hiringhall.store.database import Database
from hiringhall.workers.masking import Masker
from hiringhall.workers.runlog import MOST_BYTES, Overheard, RunLog
from hiringhall.workers.runtimes.rehearsal import AskLine, Turn, Usage
from tests.support.halls import PATIENCE_S, carrying, post, sign_up
from tests.workers.shop import PROVIDER_KEY, Shop, carried, settings_for

pytestmark = pytest.mark.anyio


def logs_in(folder: Path) -> list[str]:
    """Every run's log, the oldest first, without its times."""
    paths = sorted(folder.glob("*.log"))
    return ["\n".join(line.partition(" ")[2] for line in p.read_text().splitlines()) for p in paths]


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a file says so: nothing tells a test but a look."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.sandbox
async def test_what_a_command_prints_is_there_while_it_runs_and_afterwards(
    shop: Shop, tmp_path: Path
) -> None:
    logs = tmp_path / "data/runs/logs"
    await shop.role("echo begun; echo oops >&2; printf half; sleep 600")
    task = await shop.post()
    await until(lambda: any("< begun\n" in one and "! oops" in one for one in logs_in(logs)))
    await answer.cancel_task(shop.app.hall, actor=shop.ada, task_id=task.id)
    await shop.house.until_idle()
    (log,) = logs_in(logs)
    assert log.startswith("> Running /bin/sh -c ")
    assert log.count("begun\n") == log.count("< half") == 1
    await shop.role("echo more; exit 3")
    await resume_task(shop.app.hall, actor=shop.ada, task_id=task.id)
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert logs_in(logs)[1].endswith("< more\n> It ended: exited, exit 3")


@pytest.mark.sandbox
async def test_no_secret_is_in_the_log_of_a_command(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    settings = replace(settings_for(tmp_path, database_url), anthropic_api_key=PROVIDER_KEY)
    async with open_app(settings) as app, carried(app) as house:
        shop = Shop(app, house, await sign_up(app.hall), repository)
        await shop.role(
            'printf "%.20s" "$KEY"; sleep 0.3; printf %s "$KEY" | tail -c +21; echo; '
            'echo "$KEY" >&2',
            environment={"KEY": PROVIDER_KEY},
        )
        task = await shop.post()
        await house.until(shop.ada, task.id, State.IN_REVIEW)
        (log,) = logs_in(tmp_path / "data/runs/logs")
        assert "< [secret]" in log
        assert "! [secret]" in log
        assert PROVIDER_KEY[:20] not in log


@pytest.mark.sandbox
async def test_a_command_that_cannot_begin_says_so_in_its_log(shop: Shop, tmp_path: Path) -> None:
    await shop.role("true")
    task = await post(
        shop.app.hall, shop.ada, role="worker", repository=str(tmp_path / "nothing.git")
    )
    await shop.house.until(shop.ada, task.id, State.FAILED)
    log = logs_in(tmp_path / "data/runs/logs")[0]
    assert log.startswith("> Fetching ")
    assert "\n! " in log


async def test_a_rehearsal_writes_its_steps_down(database: Database, tmp_path: Path) -> None:
    script = (
        Turn(progress=["Reading"], ask=[AskLine("text", "Which colour?")]),
        Turn(usage=Usage(10, 2), progress=["Building"], solution="Blue", files={"a.txt": "a"}),
    )
    async with carrying(database, tmp_path, *script, logs=tmp_path / "logs") as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.AWAITING_REPLY)
        await answer.reply(house.hall, actor=ada, task_id=task.id, answers=[Answer(0, "Blue")])
        await house.until(ada, task.id, State.IN_REVIEW)
    assert logs_in(tmp_path / "logs") == [
        "> Playing turn 1 of a script: no model is at work\n< Reading\n< Asks: Which colour?",
        "> Playing turn 2 of a script: no model is at work\n< Building\n"
        "< Delivers, with 1 files: Blue",
    ]


def test_what_is_watched_holds_back_the_beginning_of_a_secret_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    masker = Masker(["s3cret-that-is-long"])
    log = RunLog(path, masker.text)
    heard = Overheard(log, "<", masker.stream())
    for piece in (
        b"one\ntwo s3cret",
        b"-that-is",
        b"-long three\nfour s3c",
        b"ond\n",
        b"end hall_",
    ):
        heard.hear(piece)
    assert logs_in(tmp_path) == ["< one\n< two [secret] three\n< four s3cond"]
    heard.end()
    log.close()
    assert logs_in(tmp_path)[0].endswith("\n< end hall_")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_secret_over_several_lines_and_pieces_is_never_told(tmp_path: Path, size: int) -> None:
    secret = "-----BEGIN KEY-----\nabcdefgh\nijklmnop\n-----END KEY-----"
    service_key = "hall_run_" + "k" * 43
    masker = Masker([secret])
    log = RunLog(tmp_path / "run.log", masker.text)
    heard = Overheard(log, "<", masker.stream())
    said = f"a -----BEGIN nothing\n{secret} b {service_key}.\nhall_runs\n".encode()
    for at in range(0, len(said), size):
        heard.hear(said[at : at + size])
    heard.end()
    log.close()
    (told,) = logs_in(tmp_path)
    assert told == "< a -----BEGIN nothing\n< [secret] b [secret].\n< hall_runs"


def test_a_log_that_goes_on_keeps_its_bounds(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    log = RunLog(path, str)
    heard = Overheard(log, "<", Masker().stream())
    begun = time.monotonic()
    for _ in range(300):
        heard.hear(b"x" * 65_536)
    assert time.monotonic() - begun < 20
    assert path.stat().st_size < MOST_BYTES + 1_000
    full = path.stat().st_size
    for _ in range(3):
        log = RunLog(path, str)
        log.write("<", "y" * 1_000)
        log.close()
    assert path.stat().st_size < max(full, MOST_BYTES) + 1_000
