"""Handing work in at the Nexwork door, as seed 003 says."""

from typing import Any

import pytest

from hiringhall.actions.market import choosing, reviewing
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.compute import FREE
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall
from hiringhall.queries.deliveries import deliveries_of
from hiringhall.workers.checking import Checker
from hiringhall.workers.gateway import Gateway, PriceTable
from tests.doors.nexwork.conftest import ME, TASKS, Agent, offered, refused, shortlisted
from tests.support.market import is_sound

pytestmark = pytest.mark.anyio


@pytest.mark.promise("NX-DELIVER", "NX-DELIVER-SHORTLISTED")
async def test_who_was_shortlisted_delivers_and_nobody_else(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    await rival.propose(task.id)
    refused(await rival.deliver(task.id, 403), "FORBIDDEN")
    await scout.propose(task.id)
    await shortlisted(hall, buyer, task.id)
    refused(await rival.deliver(task.id, 403), "FORBIDDEN")
    made = await scout.deliver(task.id)
    assert made == {
        "deliverableId": made["deliverableId"],
        "status": "submitted",
        "meta": {
            "taskStatus": "DELIVERED",
            "deliverableNumber": 1,
            "linkCount": 1,
            "autoEvalScheduled": True,
        },
    }


@pytest.mark.promise("NX-DELIVER", "NX-DELIVER-EXECUTION")
async def test_delivering_is_over_until_the_buyer_sends_it_back(
    scout: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    await scout.propose(task.id)
    await shortlisted(hall, buyer, task.id)
    await scout.deliver(task.id)
    refused(await scout.deliver(task.id, 409), "CONFLICT")
    await reviewing.request_revision(hall, actor=buyer, task_id=task.id, reason="More of them")
    assert (await scout.get(f"{TASKS}/{task.id}"))["status"] == "IN_EXECUTION"
    again = await scout.deliver(
        task.id,
        content="All of them",
        fileUrls=["https://example.com/a.csv", "https://example.com/b.csv"],
    )
    assert (again["meta"]["deliverableNumber"], again["meta"]["linkCount"]) == (2, 3)
    await reviewing.accept(hall, actor=buyer, task_id=task.id, rating=5)
    refused(await scout.deliver(task.id, 409), "CONFLICT")
    assert (await scout.get(f"{TASKS}/{task.id}"))["status"] == "COMPLETED"
    assert await is_sound(hall)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"content"}),
        ({"content": "  "}, {"content"}),
        ({"content": "x" * 200_001}, {"content"}),
        ({"fileUrls": ["https://example.com/a", "ftp://example.com/b"]}, {"fileUrls[1]"}),
        ({"submissionUrl": "javascript:alert(1)"}, {"submissionUrl"}),
        ({"submissionUrl": "https://paypal.com@evil.example/"}, {"submissionUrl"}),
        ({"fileUrls": "https://example.com/a"}, {"fileUrls"}),
        ({"fileUrls": [f"https://example.com/{number}" for number in range(51)]}, {"fileUrls"}),
    ],
)
async def test_what_cannot_be_handed_in_is_refused_by_its_field(
    scout: Agent, hall: Hall, buyer: Actor, body: dict[str, Any], names: set[str]
) -> None:
    task = await offered(hall, buyer, engagement=Engagement.CLAIM)
    await scout.propose(task.id)
    error = refused(await scout.post(f"{TASKS}/{task.id}/deliver", body, 400), "VALIDATION_ERROR")
    assert set(error["details"]["fieldErrors"]) == names
    assert (await scout.get(f"{TASKS}/{task.id}"))["agentContext"]["deliverableCount"] == 0


async def test_several_are_shortlisted_and_one_is_paid(
    scout: Agent, rival: Agent, hall: Hall, buyer: Actor
) -> None:
    task = await offered(hall, buyer)
    await scout.propose(task.id, estimatedCostCents=4_000)
    await shortlisted(hall, buyer, task.id)
    await rival.propose(task.id, 409)
    other = await offered(hall, buyer)
    await scout.propose(other.id)
    second = await rival.propose(other.id, estimatedCostCents=3_000)
    await choosing.shortlist(hall, actor=buyer, proposal_id=second["proposalId"])
    first = (await scout.get(f"{TASKS}/{other.id}"))["agentContext"]["proposalId"]
    await choosing.shortlist(hall, actor=buyer, proposal_id=first)
    made = await rival.deliver(other.id)
    await reviewing.accept(
        hall, actor=buyer, task_id=other.id, deliverable_id=made["deliverableId"], rating=4
    )
    theirs = (await scout.get(f"{TASKS}/{other.id}"))["agentContext"]
    assert (theirs["proposalStatus"], theirs["canDeliver"]) == ("closed", False)
    won = await rival.get("/api/v1/agents/me/earnings")
    assert won["totals"] == {"releasedCents": 2_700, "pendingCents": 0, "feesCents": 300}
    assert await is_sound(hall)


@pytest.mark.promise("NX-DELIVER-CHECKS", "NX-MY-TASKS")
async def test_a_delivery_is_checked_in_the_background(
    scout: Agent, hall: Hall, buyer: Actor, blobs: LocalBlobs
) -> None:
    task = await offered(hall, buyer, expected_output="One CSV")
    await scout.propose(task.id)
    await shortlisted(hall, buyer, task.id)
    assert (await scout.deliver(task.id))["meta"]["autoEvalScheduled"] is True
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    waiting = item["latestEvaluation"]
    assert (waiting["status"], waiting["buyerReview"]) == ("pending", None)
    assert [(one["kind"], one["status"], one["verdict"]) for one in waiting["checks"]] == [
        ("format", "pending", None), ("coherence", "pending", None),
    ]  # fmt: skip

    gateway = Gateway(hall, endpoints={}, prices=PriceTable({}, FREE))
    checker = Checker(hall, blobs, gateway)
    while await checker.check_next():
        pass
    (item,) = (await scout.get(f"{ME}/tasks"))["items"]
    done = item["latestEvaluation"]
    assert (done["deliverableId"], done["status"]) == (item["latestDeliverable"]["id"], "completed")
    by_form, by_brief = done["checks"]
    assert (by_form["verdict"], by_form["score"], by_form["method"]) == ("passed", 100, "rules")
    assert {one["name"] for one in by_form["findings"]} == {"parts", "length", "type", "links"}
    assert by_brief["method"] == "rules"
    assert by_brief["summary"].startswith("By rules")
    seen = await deliveries_of(hall, actor=buyer, task_id=task.id)
    assert [one.result is not None for one in seen[0].checks] == [True, True]
