"""A whole run over a real socket: it stops at a cap, its poster adds to it, and it goes on."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn

from hiringhall.actions.runs.working import RunBrief
from hiringhall.actions.tasks import answer
from hiringhall.app import HallEngine, now_us
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.compute import CapScope
from hiringhall.domain.questions import Answer
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Waiting
from hiringhall.engine.local import LocalEngine
from hiringhall.hall import Rules, Staffing
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_log
from hiringhall.store.database import Database
from hiringhall.workers.gateway import Gateway
from hiringhall.workers.runner import Runner
from hiringhall.workers.runtimes.port import Delivered, GaveUp, Outcome, Stretch
from tests.gateway.clients import KEYS, ask, begun, gateway_to
from tests.support.halls import House, make_hall, post, sign_up
from tests.support.models import Break, Refuse, Turn, Usage, model_server

pytestmark = pytest.mark.anyio

STAFFED = Staffing("talker", "", {"talker": ""})


@contextlib.asynccontextmanager
async def served(app: Any, folder: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """An app on a Unix socket, as a run has it, and its client."""
    path = folder / "model.sock"
    path.unlink(missing_ok=True)
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
            yield client
        server.should_exit = True
        await serving


class Talker:
    """A runtime that asks a model three times and delivers what it said."""

    name = "talker"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.gateway: Gateway | None = None

    async def work(self, stretch: Stretch) -> Outcome:
        assert self.gateway is not None
        run = self.gateway.app_for(stretch.brief)
        async with served(run, self._folder) as agent:
            for _ in range(3):
                answered = await ask(agent, "anthropic", stream=True)
                if run.stopped_because is not None:
                    outcome = run.outcome()
                    assert outcome is not None
                    return outcome
                if answered.status_code != 200:
                    return GaveUp(answered.text)
        return Delivered(f"after {stretch.brief.run.turn} turns before")

    def check_role(self, config: Mapping[str, Any]) -> None:
        pass

    async def save(self, brief: RunBrief) -> None:
        pass

    async def settled(self, brief: RunBrief) -> None:
        pass

    async def tidy(self, unfinished: Sequence[Run]) -> None:
        pass


@contextlib.asynccontextmanager
async def house(
    database: Database, folder: Path, **caps: int
) -> AsyncGenerator[tuple[House, Talker]]:
    engine = LocalEngine[Run](slots=2)
    carrier = HallEngine(engine)
    rules = Rules(caps={CapScope[name.upper()]: micros for name, micros in caps.items()})
    hall = make_hall(database, clock=now_us, engine=carrier, staffing=STAFFED, rules=rules)
    talker = Talker(folder)
    runner = Runner(
        hall, blobs=LocalBlobs(folder / "blobs"), runtimes={"talker": talker}, node_id="node"
    )
    carrier.runner = runner
    work = asyncio.create_task(engine.carry(runner))
    try:
        yield House(hall, runner, engine), talker
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def test_a_run_stops_at_a_cap_and_goes_on_when_it_is_raised(
    database: Database, tmp_path: Path
) -> None:
    usage = Usage(input_tokens=1000, output_tokens=100)
    # A call costs 4,500 micros, and puts by a little less before it.
    async with house(database, tmp_path, task=9_500) as (home, talker):
        with model_server(Turn("Hello there", usage=usage)) as server:
            talker.gateway = gateway_to(home.hall, server)
            ada = await sign_up(home.hall)
            task = await post(home.hall, ada)
            row = await home.until(ada, task.id, State.AWAITING_REPLY)
            assert row.task.waiting_for is Waiting.BUDGET_DECISION
            assert row.question is not None
            assert len(server.answered) == 2
            (offered, stop) = row.question.questions[0].options
            assert (offered, stop) == ("Add 1.00", "Stop here")
            await answer.reply(home.hall, actor=ada, task_id=task.id, answers=[Answer(0, offered)])
            row = await home.until(ada, task.id, State.IN_REVIEW)
            assert row.deliverable_text == "after 1 turns before"
            assert len(server.answered) == 5
            await talker.gateway.close()
    assert (await audit_all(database)).ok


async def test_a_run_waits_for_a_busy_provider_and_goes_on(
    database: Database, tmp_path: Path
) -> None:
    async with house(database, tmp_path) as (home, talker):
        with model_server(Turn("Hi", fault=Refuse(529, retry_after="1"))) as server:
            talker.gateway = gateway_to(home.hall, server)
            ada = await sign_up(home.hall)
            task = await post(home.hall, ada)
            await home.until(ada, task.id, State.IN_REVIEW)
            await talker.gateway.close()
        log = await task_log(home.hall, actor=ada, task_id=task.id)
    waited = [one for one in log if one.type == "retry_scheduled"]
    assert len(waited) == 1
    assert waited[0].waiting_for is Waiting.UNTIL
    assert "(anthropic) takes no more calls now (529)" in str(waited[0].data["text"])


async def test_a_stream_that_breaks_breaks_for_the_agent_too(
    database: Database, tmp_path: Path
) -> None:
    hall = make_hall(database, clock=now_us, engine=HallEngine(LocalEngine[Run](slots=0)))
    brief = await begun(hall, await sign_up(hall))
    with model_server(Turn("Hello there", fault=Break(2))) as server:
        gateway = gateway_to(hall, server)
        async with served(gateway.app_for(brief), tmp_path) as agent:
            with pytest.raises(httpx.RemoteProtocolError):
                await ask(agent, "anthropic", stream=True)
            assert (await ask(agent, "anthropic", stream=True)).status_code == 200
        await gateway.close()
    assert (await audit_all(database)).ok


async def test_no_key_is_kept_or_told_anywhere(
    database: Database, database_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What a provider answers quotes the key it was called with, in body and header."""
    quoted = " ".join(KEYS.values())
    turns = [
        Turn(fault=Refuse(status, message=f"your key {quoted} is no good", times=2))
        for status in (401, 403, 400, 500, 529)
    ]
    async with house(database, tmp_path) as (home, talker):
        seen: list[bytes] = []
        for turn in (*turns, Turn("Hello there", fault=Break(1))):
            with model_server(turn) as server:
                brief = await begun_aside(home, server)
                gateway = gateway_to(home.hall, server)
                async with served(gateway.app_for(brief), tmp_path) as agent:
                    for dialect in ("anthropic", "chat"):
                        with contextlib.suppress(httpx.RemoteProtocolError):
                            answered = await ask(agent, dialect, stream=True)
                            seen += [answered.content, str(answered.headers).encode()]
                assert repr(gateway._endpoints).count("canary") == 0
                await gateway.close()
        del talker
    assert seen
    told = "".join(capfd.readouterr())
    assert "gateway.key_refused" in told
    kept = await everything(database_url)
    for key in KEYS.values():
        assert key.encode() not in b"".join(seen)
        assert key not in told
        assert key.encode() not in kept


async def begun_aside(home: House, server: Any) -> RunBrief:
    """A run that the house's own engine does not carry."""
    quiet = make_hall(home.hall.database, clock=now_us, engine=QUIET)
    name = f"user{server.url.rpartition(':')[2]}"
    return await begun(quiet, await sign_up(quiet, name))


QUIET = HallEngine(LocalEngine[Run](slots=0))


async def everything(database_url: str) -> bytes:
    """All that a database holds."""
    if database_url.startswith("sqlite://"):
        folder = Path(database_url.removeprefix("sqlite://")).parent
        return b"".join(path.read_bytes() for path in folder.iterdir())
    connection = await asyncpg.connect(database_url)
    try:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = 'public'"
        )
        rows = [
            row["line"]
            for table in tables
            for row in await connection.fetch(
                f'select t::text as line from "{table["table_name"]}" t'  # noqa: S608
            )
        ]
    finally:
        await connection.close()
    return "\n".join(rows).encode()
