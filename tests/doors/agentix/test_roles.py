"""Roles: the kinds of worker in a team, each with its prompt and its timeout."""

import re
from dataclasses import replace

import pytest

from hiringhall.actions import roles
from hiringhall.domain.hosts import read_bound
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Hall
from hiringhall.queries.teams import list_teams
from tests.doors.agentix.conftest import Customer
from tests.support.halls import NOBODY, begin, post, view, with_staffing

pytestmark = pytest.mark.anyio

PROMPT = "You are a senior TypeScript backend engineer..."


async def role_of(ceo: Customer, **fields: object) -> dict[str, object]:
    team = await ceo.team()
    return await ceo.post(
        "/roles", {"teamId": team["id"], "name": "writer", "systemPrompt": PROMPT, **fields}
    )


@pytest.mark.promise("AX-ROLES-CREATE", "AX-ROLES-TIMEOUT-DEFAULT")
async def test_a_role_is_added(ceo: Customer) -> None:
    team = await ceo.team()
    body = {"teamId": team["id"], "name": " writer ", "systemPrompt": f" {PROMPT}\n"}
    role = await ceo.post("/roles", body)
    assert re.fullmatch(r"role_[a-z2-7]{26}", str(role["id"]))
    assert (role["teamId"], role["name"]) == (team["id"], "writer")
    assert (role["systemPrompt"], role["timeout"]) == (PROMPT, 600)
    assert role["runtime"] is None
    assert await ceo.get(f"/roles/{role['id']}") == role
    assert role in await ceo.get(f"/roles?teamId={team['id']}")


@pytest.mark.promise("AX-ROLES-LIST")
async def test_a_teams_roles_are_listed_by_name(ceo: Customer) -> None:
    role = await role_of(ceo, timeout=900)
    listed = await ceo.get(f"/roles?teamId={role['teamId']}")
    assert [one["name"] for one in listed] == [
        "backend-engineer", "code-reviewer", "frontend-engineer", "writer",
    ]  # fmt: skip
    assert "teamId is required" in await ceo.get("/roles", 400)


@pytest.mark.promise("AX-ROLES-PATCH", "AX-ROLES-GET")
async def test_prompt_and_timeout_can_be_changed(ceo: Customer) -> None:
    role = await role_of(ceo)
    path = f"/roles/{role['id']}"
    changed = await ceo.patch(path, {"systemPrompt": "Updated instructions...", "timeout": 900})
    assert changed == {
        **role,
        "systemPrompt": "Updated instructions...",
        "timeout": 900,
        "updatedAt": changed["updatedAt"],
    }
    assert await ceo.get(path) == changed
    assert (await ceo.patch(path, {"timeout": 60}))["systemPrompt"] == "Updated instructions..."
    assert (await ceo.patch(path, {}))["timeout"] == 60


@pytest.mark.promise("AX-ROLES-DELETE")
async def test_a_deleted_role_leaves_tasks_alone(ceo: Customer, hall: Hall) -> None:
    default, *_ = await ceo.get("/teams")
    role = await ceo.post(
        "/roles", {"teamId": default["id"], "name": "writer", "systemPrompt": PROMPT}
    )
    task = await post(hall, ceo.actor, role="writer")
    assert await ceo.delete(f"/roles/{role['id']}") == {"ok": True}
    await ceo.get(f"/roles/{role['id']}", 404)
    await ceo.delete(f"/roles/{role['id']}", 404)
    found = (await view(hall, ceo.actor, task)).task
    assert found.state is State.OPEN
    assert (await begin(hall)).role == "writer"


@pytest.mark.promise("AX-ROLES-USED")
async def test_a_worker_of_a_task_is_told_the_prompt_of_its_role(ceo: Customer, hall: Hall) -> None:
    default, *_ = await ceo.get("/teams")
    task = await post(hall, ceo.actor, role="writer")
    assert (await view(hall, ceo.actor, task)).task.waiting_for is Waiting.WORKER
    await ceo.post("/roles", {"teamId": default["id"], "name": "writer", "systemPrompt": PROMPT})
    assert (await view(hall, ceo.actor, task)).task.waiting_for is Waiting.NOTHING

    from hiringhall.actions.runs import working

    run = await working.claim_next_run(hall, node_id="n", lease_s=9, runtimes=["rehearsal"])
    assert run is not None
    brief = await working.start_run(hall, token=run.token)
    assert brief.role is not None
    assert (brief.role.config["system_prompt"], brief.role.config["timeout_s"]) == (PROMPT, 600)


async def test_a_name_is_there_once_in_a_team(ceo: Customer) -> None:
    role = await role_of(ceo)
    body = {"teamId": role["teamId"], "name": "writer", "systemPrompt": "x"}
    assert "'writer' already" in await ceo.post("/roles", body, 409)
    assert (await ceo.get(f"/roles/{role['id']}"))["systemPrompt"] == PROMPT
    other = await ceo.team()
    await ceo.post("/roles", {**body, "teamId": other["id"]})


@pytest.mark.parametrize("seconds", [0, -1, 86_401, 10**18, 1.5, "600", True])
async def test_a_timeout_is_a_number_of_seconds_that_can_be_meant(
    ceo: Customer, seconds: object
) -> None:
    role = await role_of(ceo)
    body = {"teamId": role["teamId"], "name": "x", "systemPrompt": "x", "timeout": seconds}
    assert "timeout" in await ceo.post("/roles", body, 400)
    assert "timeout" in await ceo.patch(f"/roles/{role['id']}", {"timeout": seconds}, 400)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": ""}, "1 to 100"),
        ({"name": "../x"}, "no slashes"),
        ({"systemPrompt": " "}, "cannot be empty"),
        ({"systemPrompt": "x" * 100_001}, "longer than"),
        ({"systemPrompt": None}, "systemPrompt"),
        ({"teamId": None}, "teamId"),
        ({"memoryMib": 100_000}, "memory_mib is 1 to 8192"),
        ({"processes": 0}, "processes is 1 to"),
        ({"permissions": "never"}, "permissions"),
        ({"runtime": "command"}, "operator"),
        ({"runtime": "acp:generic"}, "operator"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    ceo: Customer, fields: dict[str, object], says: str
) -> None:
    team = await ceo.team()
    body = {"teamId": team["id"], "name": "x", "systemPrompt": "x", **fields}
    assert says in await ceo.post("/roles", body, 400)
    assert len(await ceo.get(f"/roles?teamId={team['id']}")) == 3


async def test_how_its_workers_work_can_be_said(ceo: Customer) -> None:
    said = {
        "runtime": "acp:claude-code",
        "model": "some-model",
        "models": ["some-*"],
        "permissions": "ask",
        "memoryMib": 1024,
        "processes": 256,
        "diskMib": 2048,
    }
    role = await role_of(ceo, **said)
    assert {name: role[name] for name in said} == said
    path = f"/roles/{role['id']}"
    changed = await ceo.patch(path, {"model": None, "models": None, "runtime": None})
    assert changed.keys() == role.keys() - {"model", "models"}
    assert changed["runtime"] is None
    assert changed["permissions"] == "ask"


async def test_a_customers_role_opens_what_the_operator_lets_it(ceo: Customer, hall: Hall) -> None:
    team = await ceo.team()
    body = {"teamId": team["id"], "name": "writer", "systemPrompt": PROMPT}
    said = await ceo.post("/roles", {**body, "hosts": ["example.org"]}, 400)
    assert "HIRINGHALL_EGRESS_HOSTS" in said
    await ceo.post("/roles", {**body, "hosts": "example.org"}, 400)
    role = await ceo.post("/roles", {**body, "hosts": []})
    assert role["hosts"] == []
    rules = replace(hall.rules, customers_hosts=read_bound(["*.example.org"]))
    kept = await roles.create_role(
        replace(hall, rules=rules),
        actor=ceo.actor,
        team_id=(await list_teams(hall, actor=ceo.actor))[0].id,
        name="other",
        system_prompt=PROMPT,
        settings={"hosts": ["api.example.org"]},
    )
    assert kept.config["hosts"] == ["api.example.org"]


async def test_the_operators_settings_are_not_for_customers(ceo: Customer, hall: Hall) -> None:
    """Mounts, variables and commands come out of the host; a door that took them would leak it."""
    role = await role_of(ceo, mounts=["/etc"], argv=["sh"], environment={"A": "b"})
    assert role.keys() & {"mounts", "argv", "environment"} == set()
    role = await roles.set_role(
        hall,
        email="ada@example.com",
        name="format",
        runtime="command",
        config={"argv": ["true"], "mounts": ["/opt/secret"], "timeout_s": 5},
    )
    default, *_ = await ceo.get("/teams")
    shown = await ceo.ask("GET", f"/roles?teamId={default['id']}")
    assert [one["timeout"] for one in shown.json()] == [5]
    assert "/opt/secret" not in shown.text


async def test_anothers_role_is_403_and_an_unknown_one_404(ceo: Customer, rival: Customer) -> None:
    role = await role_of(ceo)
    for given, status in ((role["id"], 403), (f"role_{'a' * 26}", 404), ("role_xxx", 404)):
        path = f"/roles/{given}"
        await rival.get(path, status)
        await rival.patch(path, {"timeout": 1}, status)
        await rival.delete(path, status)
    assert await ceo.get(f"/roles/{role['id']}") == role


async def test_a_role_may_be_set_where_nobody_works_yet(ceo: Customer, hall: Hall) -> None:
    nobody = with_staffing(hall, NOBODY)
    default, *_ = await ceo.get("/teams")
    from hiringhall.doors.agentix.words import id_of

    role = await roles.create_role(
        nobody,
        actor=ceo.actor,
        team_id=id_of("team", default["id"]),
        name="writer",
        system_prompt=PROMPT,
    )
    task = await post(nobody, ceo.actor, role="writer")
    waiting = (await view(nobody, ceo.actor, task)).task
    assert (role.runtime, waiting.waiting_for) == (None, Waiting.WORKER)
    assert waiting.waiting_reason == NOBODY.no_default_because
