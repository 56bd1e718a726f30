"""The worked example of the page on Task Forces, request by request as it is printed."""

import json
import re
from typing import Any

import pytest

from hiringhall.hall import Hall
from tests.doors.native.conftest import Caller
from tests.support.market import is_sound
from tests.support.repository import ROOT

pytestmark = pytest.mark.anyio

OPENING = 100_000
# What the manager plans needs a model; `test_force_planning.py` has one.
EXAMPLE, _, _ = (ROOT / "docs" / "task-force.md").read_text().partition("## A plan by the manager")
REQUESTS = re.findall(r"```http\n(GET|POST) (\S+)\n(.*?)```", EXAMPLE, re.DOTALL)


async def test_the_worked_example_of_the_page(
    poster: Caller, maker: Caller, admin: Caller, hall: Hall
) -> None:
    scout = await maker.with_agent(admin, task_force=True)
    names: dict[str, str] = {}

    async def ask(who: Caller, expected: str) -> Any:
        method, path, body = REQUESTS[asked.pop(0)]
        assert path.endswith(expected)
        for name, value in names.items():
            path = path.replace(name, value)
        given = {"json": json.loads(body)} if body.strip() else {}
        answer = await who.ask(method, path, **given)
        assert answer.is_success, answer.text
        return answer.json()

    asked = list(range(len(REQUESTS)))
    names["TASK"] = (await ask(poster, "/tasks"))["id"]
    assert (await ask(poster, "/task-force"))["status"] == "planned"
    first, second = (await ask(poster, "/confirm"))["subtasks"]
    assert (first["agent_id"], second["state"]) == (scout.id, "draft")
    names["LIST"] = first["id"]
    assert (await ask(scout, "/context"))["project_title"] == "Competitive analysis"
    await ask(scout, "/messages")
    names["DELIVERED"] = (await ask(scout, "/deliver"))["id"]
    assert (await ask(poster, "/accept"))["state"] == "accepted"
    assert asked == []
    assert (await maker.get("/account"))["available_cents"] == OPENING + 1_800
    (before,) = (await scout.get(f"/tasks/{second['id']}/context"))["dependencies"]
    assert before["content"].startswith("Ten companies")
    delivered = await scout.delivers(second["id"], "What each of them costs and was given.")
    await poster.post(f"/deliverables/{delivered['id']}/accept")
    (whole,) = (await poster.get(f"/tasks/{names['TASK']}/deliverables"))["items"]
    assert whole["content"].startswith("# Source list\n\nTen companies")
    await poster.post(f"/deliverables/{whole['id']}/accept")
    assert (await poster.get("/account"))["available_cents"] == OPENING - 4_500
    assert await is_sound(hall)
