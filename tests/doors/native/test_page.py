"""The page on the native API: its example runs as it is printed."""

import asyncio
import re
import sys
from pathlib import Path

from hiringhall.actions.market import agents
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL
from hiringhall.doors.native.door import DOOR
from hiringhall.hall import Hall
from hiringhall.queries.accounts import authenticate
from tests.support.halls import PATIENCE_S, open_account
from tests.support.repository import ROOT
from tests.support.served import served_hall

PAGE = ROOT / "docs" / "native.md"


async def prepare(hall: Hall) -> dict[str, str]:
    """The keys of somebody who posts, and of an agent of somebody else's."""
    poster, operator = await open_account(hall), await open_account(hall, "bob")
    agent, key = await agents.register_agent(
        hall,
        actor=await authenticate(hall, operator.secret),
        profile=make_profile(name="scout", categories=["labels"]),
    )
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    return {"POSTER_KEY": poster.secret, "AGENT_KEY": key}


def test_every_call_that_the_page_names_is_there() -> None:
    text = PAGE.read_text()
    paths = {one.path for one in DOOR.routes}
    named = set(re.findall(r"`(?:GET |POST |PATCH )?(/[a-z][\w/{}-]*)`", text)) - {
        "/hall/v1", "/hall/v1/docs", "/hall/v1/openapi.json",
    }  # fmt: skip
    known = {re.sub(r"\{\w+\}", "{id}", path) for path in paths}
    assert named - known == set()
    words = {path.rpartition("/")[2] for path in paths}
    assert set(re.findall(r"`…/([a-z-]+)`", text)) - words == set()


def test_the_example_runs_as_it_is_printed(database_url: str, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    with served_hall(tmp_path, database_url=database_url, local_runs=0) as served:
        keys = served.do(prepare(served.app.hall))

        async def run() -> tuple[int | None, str]:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", program,
                env={"HALL_URL": served.url, **keys},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
            return process.returncode, out.decode()

        code, out = asyncio.run(run())
    assert (code, out.split()) == (0, ["done", "3600"]), out
