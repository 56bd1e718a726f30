"""Somebody's hall full of things, each of which says a word that nobody else may ever read."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from sqlalchemy import select

from hiringhall.actions.runs.service_keys import issue_service_key
from hiringhall.domain import ids
from hiringhall.hall import Hall
from hiringhall.store.database import Tx
from hiringhall.store.statements import Statement
from hiringhall.store.tables import metadata
from tests.doors.agentix.conftest import Customer, customer_named
from tests.doors.conftest import Worker
from tests.doors.native.conftest import Caller
from tests.support.halls import begin

CANARY = "quetzal"
"""What every text of the world says."""

_EVERYTHING = {
    table.name: Statement(select(table), name=f"all_of_{table.name}")
    for table in metadata.sorted_tables
}


@dataclass(frozen=True, slots=True)
class World:
    """What there is of the owner's: ids by kind as the core knows them, and cursors of lists."""

    ids: Mapping[str, list[str]]
    owner: Caller
    secrets: tuple[str, ...]

    async def rows(self, hall: Hall) -> set[str]:
        """Every row that has to do with any of it, as text."""
        mine = {one for listed in self.ids.values() for one in listed}

        async def find(tx: Tx) -> set[str]:
            found: set[str] = set()
            for name, statement in _EVERYTHING.items():
                rows = [f"{name} {tuple(row)!r}" for row in await tx.all(statement)]
                found |= {row for row in rows if any(one in row for one in mine)}
            return found

        return await hall.database.scan(find)


async def make_world(
    hall: Hall,
    http: httpx.AsyncClient,
    worker: Worker,
    admin: Caller,
    *,
    text: str = CANARY,
) -> World:
    """Tasks of every engagement in the middle of their lives, and all that hangs on them.

    `text` is what each of them says.
    """
    ceo = await customer_named(http, hall, "owner")
    owner = Caller(http, ceo.key, str(ceo.actor.organization_id))
    other = await customer_named(http, hall, "third")
    third = Caller(http, other.key, str(other.actor.organization_id))
    agent = await third.with_agent(admin, "third-agent", task_force=True)
    own_agent = await owner.with_agent(admin, text, description=text)
    found: dict[str, list[str]] = {
        "organization": [owner.id],
        "user": [str(ceo.actor.user_id)],
        "agent": [own_agent.id],
    }
    await _staff(found, ceo, hall, worker, text)
    await _market(found, owner, agent, text)
    await _force(found, owner, agent, text)
    await _webhook(found, owner)
    booked = {"organization_id": owner.id, "amount_cents": 500}
    deposit = await admin.post("/admin/deposits", booked, 201)
    found["deposit"] = [deposit["id"]]
    asked = await owner.post("/invitations", {"email": f"{CANARY}@example.com"}, 201)
    found["invitation"] = [asked["id"]]
    found["key"] = [one["id"] for one in await ceo.get("/api-keys")]
    return World(found, owner, (str(ceo.key), str(own_agent.key)))


async def _staff(
    found: dict[str, list[str]], ceo: Customer, hall: Hall, worker: Worker, text: str
) -> None:
    """A team with its roles and playbook; a task that asks, one in review, one at work."""
    name = text.replace("/", "")[:100]
    team = await ceo.post("/teams", {"name": text, "goal": text})
    role = await ceo.post("/roles", {"teamId": team["id"], "name": name, "systemPrompt": text})
    await ceo.put(f"/teams/{team['id']}/playbook", {"playbook": text})
    texts = {"title": text, "description": text, "acceptCriteria": text, "role": name}
    made: list[str] = []
    for _ in range(4):
        task = await ceo.post("/tasks", {"teamId": team["id"], "status": "ready", **texts})
        made.append(task["id"])
    for task_id in made[:3]:
        await ceo.post(f"/tasks/{task_id}/run", None, 200)
    file_name = f"{name}.txt"
    await worker.asks({"type": "text", "question": text})
    await worker.solves(text, {file_name: text.encode()})
    run = await begin(hall)
    await worker.reports(run, text)
    workers = await ceo.get(f"/workers?teamId={team['id']}")
    found["team"] = [str(ids.id_of_ref("team", team["id"]))]
    found["role"] = [str(role["id"])]
    found["task"] = [str(ids.id_of_ref("task", one)) for one in made]
    found["run"] = [str(ids.id_of_ref("worker", one["id"])) for one in workers]


async def _market(found: dict[str, list[str]], owner: Caller, agent: Caller, text: str) -> None:
    """A claim that was taken, a decided contest, a dispute; a draft that is not out yet."""
    texts = {"title": text, "description": text, "expected_output": text}
    draft = await owner.posts(publish=False, **texts)
    taken = await owner.posts(**texts)
    await agent.post(f"/tasks/{taken['id']}/claim")
    contest = await owner.posts(engagement="proposals", **texts)
    proposal = await agent.post(
        f"/tasks/{contest['id']}/proposals", {"plan": f"{text} " * 10, "price_cents": 500}, 201
    )
    await owner.post(f"/proposals/{proposal['id']}/shortlist")
    made = await agent.delivers(contest["id"], text)
    disputed = await owner.posts(**texts)
    await agent.post(f"/tasks/{disputed['id']}/claim")
    handed_in = await agent.delivers(disputed["id"], text)
    await owner.post(f"/deliverables/{handed_in['id']}/reject", {"reason": text})
    (dispute,) = (await owner.get(f"/tasks/{disputed['id']}/disputes"))["items"]
    found["task"] += [one["id"] for one in (draft, taken, contest, disputed)]
    found["offered"] = [one["id"] for one in (taken, contest, disputed)]
    found["proposal"] = [proposal["id"]]
    found["deliverable"] = [made["id"], handed_in["id"]]
    found["dispute"] = [dispute["id"]]


async def _force(found: dict[str, list[str]], owner: Caller, agent: Caller, text: str) -> None:
    """A task split in two; somebody speaks in the first part, the second waits for it."""
    whole = await owner.posts(
        engagement="task_force", title=text, description=text, expected_output=text
    )
    brief = {"title": text, "brief": text, "share_cents": 2_000}
    outline = [{"key": "one", **brief}, {"key": "two", "depends_on": ["one"], **brief}]
    await owner.post(f"/tasks/{whole['id']}/task-force", {"subtasks": outline}, 201)
    force = await owner.post(f"/tasks/{whole['id']}/task-force/confirm")
    first, second = (part["id"] for part in force["subtasks"])
    await agent.post(f"/tasks/{first}/messages", {"content": text}, 201)
    found["task"] += [whole["id"], first, second]
    found["offered"].append(whole["id"])
    found["subtask"] = [first, second]


async def _webhook(found: dict[str, list[str]], owner: Caller) -> None:
    """An endpoint, with something on its way to it."""
    made = await owner.post("/webhooks", {"url": f"https://{CANARY}.example/hook"}, 201)
    await owner.post(f"/webhooks/{made['id']}/ping", None, 201)
    (delivery, *_) = (await owner.get(f"/webhooks/{made['id']}/deliveries"))["items"]
    found["webhook"] = [made["id"]]
    found["delivery"] = [delivery["id"]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What an intruder may come with."""

    customer: str
    agent: str
    pending_agent: str
    service: str
    revoked: str


async def intruder_keys(hall: Hall, http: httpx.AsyncClient, admin: Caller) -> Keys:
    """Somebody with an account, agents and a run of its own, and nothing to do with the world."""
    eve = await customer_named(http, hall, "eve")
    caller = Caller(http, eve.key)
    agent = await caller.with_agent(admin, "eves-agent")
    pending = await caller.post("/agents", {"name": "eves-other-agent"}, 201)
    minted = await eve.post("/api-keys", {"name": "spare"})
    await eve.delete(f"/api-keys/{minted['id']}")
    task = await caller.posts(engagement="staff", price_cents=None)
    run = await begin(hall)
    assert run.task_id == task["id"]
    service = await issue_service_key(hall, token=run.token)
    return Keys(str(eve.key), str(agent.key), pending["api_key"], service, minted["apiKey"])
