"""A desk takes one outcome, and whoever waits for it hears of it."""

import asyncio

import pytest

from hiringhall.actions.runs import working
from hiringhall.domain.errors import Forbidden
from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import Desk, HandIn
from hiringhall.workers.runtimes.port import GaveUp, Said
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio


async def desk_of(hall: Hall) -> Desk:
    await post(hall, await sign_up(hall))
    run = await working.claim_next_run(
        hall, node_id="node", lease_s=30, runtimes=hall.staffing.ready
    )
    assert run is not None
    return Desk(hall, await working.start_run(hall, token=run.token))


async def test_the_first_outcome_is_the_outcome(hall: Hall) -> None:
    desk = await desk_of(hall)
    waiting = asyncio.create_task(desk.wait())
    await asyncio.sleep(0)
    assert (desk.submitted, waiting.done()) == (None, False)
    desk.submit(HandIn("Done", ("a.txt",)))
    async with asyncio.timeout(10):
        assert await waiting == HandIn("Done", ("a.txt",))
    for second in (HandIn("Again"), Said("What now?"), GaveUp("I cannot")):
        with pytest.raises(Forbidden, match="has delivered already"):
            desk.submit(second)
    assert desk.submitted == await desk.wait() == HandIn("Done", ("a.txt",))
