"""The native door does what its OpenAPI document says, whatever is asked of it."""

import copy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.actions import accounts, keys, members, roles, teams
from hiringhall.actions.market import agents, reviewing
from hiringhall.actions.market.delivering import deliver
from hiringhall.actions.tasks.answer import cancel_task
from hiringhall.actions.tasks.running import reopen_task
from hiringhall.actions.webhooks import endpoints
from hiringhall.actions.webhooks.endpoints import Wanted
from hiringhall.domain.agents import Agent, make_profile
from hiringhall.domain.members import MemberRole
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import Task
from hiringhall.doors.agentix.words import ref
from hiringhall.doors.kit import openapi
from hiringhall.doors.native.door import DOOR, PATH
from hiringhall.hall import Hall
from hiringhall.queries import runs
from hiringhall.queries import teams as team_queries
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.disputes import disputes_of
from tests.support.force import confirmed, part, planned
from tests.support.fuzzing import generated, send, session, statuses_of
from tests.support.halls import open_account, post
from tests.support.market import claimed, competing, draft, funded, handed_in
from tests.support.served import served_hall

DOCUMENT = openapi(DOOR, version="test")
EXAMPLES = 10
OUTLINE = (part("one", 1),)
HARD = (
    "POST /tasks/{task_id}/reply",
    "POST /tasks/{task_id}/plan",
    "POST /tasks/{task_id}/assign",
    "GET /tasks/{task_id}/context",
    "POST /deposits",
    "GET /deposits/{deposit_id}",
    "POST /payouts/payee",
    "POST /payouts/{payout_id}/retry",
    "POST /admin/payouts/{payout_id}/paid",
    "POST /payments/stripe",
    "POST /invitations/accept",
    "PATCH /members",
    "DELETE /members",
    "GET /runs/{run_id}/log",
)
"""What needs a worker of the staff, an agent, or a provider of payments: others walk there."""

NOBODY = "http://127.0.0.1:9/"
"""Where nothing listens."""

PART = {"key": "more", "title": "x", "brief": "x", "share_cents": 1}
PROPER: dict[str, dict[str, Any]] = {
    "/webhooks": {"url": NOBODY},
    "/tasks": {"title": "x", "description": "x"},
    "/agents": {"name": "x"},
    "/admin/deposits": {"amount_cents": 100},
    "/keys": {"name": "x"},
    "/invitations": {"email": "x@example.com"},
    "/teams": {"name": "x"},
    "/teams/{team_id}/playbook": {"playbook": "x"},
    "/teams/{team_id}/budget": {"cap_micros": 1_000_000},
    "/tasks/{task_id}": {"version": 1, "title": "Label these"},
    "/tasks/{task_id}/review": {"decision": "accept"},
    "/tasks/{task_id}/disputes": {"reason": "x"},
    "/deliverables/{deliverable_id}/request-revision": {"reason": "x"},
    "/deliverables/{deliverable_id}/reject": {"reason": "x"},
    "/disputes/{dispute_id}/statements": {"text": "x"},
    "/disputes/{dispute_id}/agree": {"worker_cents": 1},
    "/disputes/{dispute_id}/resolve": {"worker_cents": 1},
    "/tasks/{task_id}/deliver": {"content": "x"},
    "/tasks/{task_id}/messages": {"content": "x"},
    "/tasks/{task_id}/offer": {"price_cents": 10},
    "/tasks/{task_id}/task-force": {"subtasks": [PART]},
    "/tasks/{task_id}/task-force/parts": {"subtasks": [PART]},
    "/tasks/{task_id}/proposals": {"plan": "As the brief says, all of it.", "price_cents": 1},
}


@dataclass
class Prepared:
    """Somebody's key, and what there is to ask for, by the name of the path's parameter.

    `ready` are those that can be given a word, by the word that ends the path.
    """

    key: str
    known: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    ready: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def known_for(self, path: str, name: str) -> list[str]:
        """What there is to ask for at a path."""
        word = "stop" if path == "/runs/{run_id}/cancel" else path.rpartition("/")[2]
        return self.ready.get(word, self.known[name])


async def prepare(hall: Hall) -> Prepared:
    """Somebody who runs the hall, posts, and works on their own tasks, which play money allows."""
    account = await open_account(hall)
    await accounts.make_admin(hall, email="ada@example.com")
    actor = await authenticate(hall, account.secret)
    prepared = Prepared(account.secret)
    prepared.known = {
        "run_id": await runs_elsewhere(hall, actor),
        "agent_id": [(await registered(hall, actor, name)).id for name in "abc"],
    }
    await on_the_market(hall, actor, prepared)
    await with_webhooks(hall, actor, prepared)
    await of_people(hall, actor, prepared)
    return prepared


async def with_webhooks(hall: Hall, actor: Actor, prepared: Prepared) -> None:
    """Webhooks with a delivery each, and others that may be changed and removed."""
    hooks = [
        (await endpoints.create_webhook(hall, actor=actor, wanted=Wanted(NOBODY)))[0].id
        for _ in range(16)
    ]
    kept, prepared.ready["{webhook_id}"] = hooks[:8], hooks[8:]
    prepared.known["webhook_id"] = kept
    prepared.known["delivery_id"] = [
        (await endpoints.ping(hall, actor=actor, webhook_id=one)).id for one in kept
    ]


async def of_people(hall: Hall, actor: Actor, prepared: Prepared) -> None:
    """Teams, roles, keys, members; tasks of the staff in the states that its words are for."""
    known, ready = prepared.known, prepared.ready
    made = [await teams.create_team(hall, actor=actor, name="x") for _ in range(3)]
    known["team_id"] = [team.id for team in made]
    kinds = await team_queries.roles_of(hall, actor=actor, team_id=made[0].id)
    known["role_id"] = [role.id for role in kinds]
    known["key_id"] = [(await keys.mint_key(hall, actor=actor, name="x"))[0].id for _ in "abc"]
    known["user_id"] = [actor.user_id or ""]
    role = MemberRole.MEMBER
    known["invitation_id"] = [
        (
            await members.invite_member(
                hall, actor=actor, email="x@example.com", role=role, say=lambda secret: secret
            )
        ).id
        for _ in range(8)
    ]
    stopped = [await post(hall, actor) for _ in range(16)]
    for task in stopped:
        await cancel_task(hall, actor=actor, task_id=task.id)
    ready["resume"] = [task.id for task in stopped[:8]]
    ready["reopen"] = [task.id for task in stopped[8:]]
    for task in stopped[:4]:
        await reopen_task(hall, actor=actor, task_id=task.id)
    ready["run"] = [task.id for task in stopped[:4]]
    ready["resume"] = ready["resume"][4:]
    ready["lease"] = known["run_id"]
    ready["stop"] = [(await run_of(hall, await post(hall, actor))).id for _ in range(8)]
    known["task_id"] = [*known["task_id"][:4], ready["run"][0], ready["resume"][0]]


async def run_of(hall: Hall, task: Task) -> Run:
    (run,) = (await runs.runs_of_tasks(hall, task_ids=[task.id]))[task.id]
    return run


async def runs_elsewhere(hall: Hall, actor: Actor) -> list[str]:
    """The runs that there are: elsewhere, under both names, and here."""
    default, *_ = await team_queries.list_teams(hall, actor=actor)
    await roles.create_role(
        hall, actor=actor, team_id=default.id, name="far", system_prompt="x", runtime="external"
    )
    for role in ("far", "far", None):
        await post(hall, actor, role=role)
    found = await runs.runs_of_team(hall, actor=actor, team_id=default.id)
    return [name for run in found for name in (run.id, ref("worker", run.id))]


async def registered(hall: Hall, actor: Actor, name: str) -> Agent:
    profile = make_profile(name=name)
    agent, _ = await agents.register_agent(hall, actor=actor, profile=profile)
    return agent


async def on_the_market(hall: Hall, actor: Actor, prepared: Prepared) -> None:
    """Tasks in every state that a word is for, several of each."""
    ready = prepared.ready
    many = range(8)
    cheap: dict[str, Any] = {"price_cents": 10}
    prepared.known["task_id"] = [(await funded(hall, actor, **cheap)).id for _ in many]
    for word in ("task-force", "confirm", "messages"):
        ready[word] = [(await planned(hall, actor, OUTLINE, **cheap)).id for _ in range(4)]
    ready["parts"] = [(await confirmed(hall, actor, OUTLINE, **cheap)).id for _ in many]
    ready["assign-to-staff"] = [(await funded(hall, actor, **cheap)).id for _ in many]
    ready["offer"] = [(await post(hall, actor, role="painter")).id for _ in many]
    # The first version of each is what `PROPER` speaks of: what changes nothing leaves it so.
    ready["{task_id}"] = [(await draft(hall, actor, **cheap)).id for _ in many]
    ready["publish"] = [(await draft(hall, actor, **cheap)).id for _ in many]
    for word in ("claim", "cancel", "proposals"):
        ready[word] = [(await funded(hall, actor, **cheap)).id for _ in many]
    for word in ("deliver", "release-claim"):
        ready[word] = [(await claimed(hall, actor, actor, **cheap)).id for _ in many]
    for word in ("accept", "request-revision", "reject"):
        tasks = [await claimed(hall, actor, actor, **cheap) for _ in many]
        ready[word] = [(await handed_in(hall, actor, one)).id for one in tasks]
    prepared.known["deliverable_id"] = ready["accept"]
    tasks = [await claimed(hall, actor, actor, **cheap) for _ in many]
    ready["review"] = [(await handed_in(hall, actor, one)).task_id for one in tasks]
    for word in ("shortlist", "decline", "withdraw", "close-intake"):
        made = [await competing(hall, actor, actor, price_cents=5_000) for _ in range(3)]
        ready[word] = [task.id if word == "close-intake" else one.id for task, (one,) in made]
    prepared.known["proposal_id"] = ready["shortlist"]
    disputes: list[str] = []
    for _ in range(20):
        task = await claimed(hall, actor, actor, **cheap)
        await handed_in(hall, actor, task)
        await reviewing.reject(hall, actor=actor, task_id=task.id, reason="x")
        (dispute,) = await disputes_of(hall, actor=actor, task_id=task.id)
        disputes.append(dispute.id)
        prepared.known["organization_id"] = [task.organization_id]
    prepared.known["dispute_id"] = disputes[:4]
    ready["resolve"] = disputes[4:]
    ready["disputes"] = [
        task.id for _ in many if (task := await claimed(hall, actor, actor, **cheap))
    ]
    for task_id in ready["disputes"]:
        await deliver(hall, actor=actor, task_id=task_id, text="x")
    prepared.known["deposit_id"] = prepared.known["payout_id"] = [actor.key_id or ""]


def without_sign_ins(document: dict[str, Any]) -> dict[str, Any]:
    """The document as for programs: no cookie that is drawn is anybody's (`test_sign_ins.py`)."""
    drawn = copy.deepcopy(document)
    del drawn["components"]["securitySchemes"]["session"]
    for path in drawn["paths"].values():
        for operation in path.values():
            if "security" in operation:
                operation["security"].remove({"session": []})
    return drawn


@pytest.mark.promise("NA-OPENAPI")
def test_no_generated_request_breaks_the_door(database_url: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "local_runs": 0,
        "runtime": "rehearsal",
        "webhook_networks": ("127.0.0.0/8",),
    }
    with (
        served_hall(tmp_path, database_url=database_url, **options) as served,
        session() as client,
    ):
        prepared = served.do(prepare(served.app.hall))
        reading = {f"{one.method} {one.path}" for one in DOOR.routes if one.body or one.query}
        check = partial(check_operation, f"{served.url}{PATH}", prepared, client)
        statuses = statuses_of(without_sign_ins(DOCUMENT), check, reading=reading)
    assert len(statuses) == len(DOOR.routes)
    for label, seen in statuses.items():
        if not label.startswith(HARD):
            assert any(status < 300 for status in seen), f"{label} never went well: {seen}"


def aim(case: Any, pick: int, prepared: Prepared) -> None:
    """Have a drawn request speak of what is there, mostly."""
    for name in case.path_parameters or {}:
        known = prepared.known_for(case.path, name)
        if pick and known:
            case.path_parameters[name] = known[pick % len(known)]
    if pick % 2 and case.query:
        case.query = {name: said for name, said in case.query.items() if name == "limit"}
    if pick % 2 and isinstance(case.body, dict):
        case.body = dict(PROPER.get(case.path, {}))
        if case.path == "/teams/{team_id}/roles":
            case.body = {"name": f"{hash(repr(case)):x}", "system_prompt": "x"}
        if case.path == "/admin/deposits":
            case.body["organization_id"] = prepared.known["organization_id"][0]


def check_operation(
    url: str, prepared: Prepared, client: requests.Session, strategy: Any, seen: set[int]
) -> None:
    @generated(EXAMPLES)
    @given(
        case=strategy, pick=st.integers(0, 7), with_key=st.sampled_from([True, True, True, False])
    )
    def check(case: Any, pick: int, *, with_key: bool) -> None:
        aim(case, pick, prepared)
        send(case, url, client, seen, key=prepared.key if with_key else None)

    check()


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_refusals_are_problem_details(path: str) -> None:
    for operation in DOCUMENT["paths"][path].values():
        for status, response in operation["responses"].items():
            kind = "application/problem+json" if int(status) >= 400 else "application/json"
            assert list(response["content"]) == [kind]
