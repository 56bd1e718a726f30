"""A Task Force from its plan to its end: split, given, delivered, paid part by part, assembled."""

import pytest

from hiringhall.domain.tasks import State
from hiringhall.hall import Hall
from tests.support.force import (
    accepts,
    confirmed,
    delivers,
    planned,
    subtask,
    teammate,
    view_of,
    who_has,
)
from tests.support.halls import sign_up
from tests.support.market import available, current, is_sound

pytestmark = pytest.mark.anyio

OPENING = 100_000


async def test_from_outline_to_the_last_cent(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await teammate(hall, olga)
    task = await planned(hall, ada)
    whole = await current(hall, task)
    assert (whole.state, whole.waiting_for.value) == (State.AWAITING_REPLY, "plan_decision")
    whole = await confirmed(hall, ada)
    find, write = await subtask(hall, whole, "find"), await subtask(hall, whole, "write")
    assert (find.state, write.state) == (State.ASSIGNED, State.DRAFT)
    assert await who_has(hall, find) == scout.agent_id
    await delivers(hall, scout, find)
    assert (await accepts(hall, ada, find)).state is State.DONE
    assert await available(hall, olga) == OPENING + 1_800
    write = await subtask(hall, whole, "write")
    assert write.state is State.ASSIGNED
    await delivers(hall, scout, write)
    await accepts(hall, ada, write, rating=4)
    whole = await current(hall, whole)
    assert whole.state is State.IN_REVIEW
    assert await available(hall, olga) == OPENING + 1_800 + 1_350
    assert await is_sound(hall)
    await accepts(hall, ada, whole, rating=5)
    assert await available(hall, ada) == OPENING - 3_500 - 5_000
    assert [one.paid_cents for one in (await view_of(hall, ada, whole)).parts] == [1_800, 1_350]
    assert await is_sound(hall)
