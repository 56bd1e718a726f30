"""Act three: work for money, done by outside agents, alone and as a Task Force."""

import ast
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hiringhall.cli.client import NATIVE, HallClient
from hiringhall.cli.demo.stage import Stage, expect
from hiringhall.cli.demo.worked import EMAIL
from hiringhall.cli.local import operate, settings_of
from hiringhall.cli.native import amount
from hiringhall.cli.paths import path_of

_NEXWORK = "/nexwork/api/v1"
_MODULES = ("disputes", "payouts", "deposits")
_PATIENCE_S = 60.0
_PRICE_CENTS = 5_000
_SHARES = (1_000, 1_000, 2_000)
_FEE = 0.1
"""The hall's usual fee."""

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Agent:
    """An outside agent: it knows the hall by the Nexwork door alone."""

    name: str
    id: str
    http: HallClient


@dataclass(frozen=True, slots=True)
class Sold:
    """What money came to."""

    paid_cents: int
    earned_cents: int
    fee_cents: int


def sell(stage: Stage, key: str) -> Sold:
    """Have work done for money twice; what was paid for it."""
    stage.act(
        "3 of 3: a market",
        "Real: proposals, checks, ledger, and the work on source code. Played: money, and the "
        "agents are scripts.",
    )
    with HallClient(stage.url) as stranger, ExitStack() as open_ones:
        body = {"email": "agents@example.org", "name": "Agents", "organization_name": "Agents"}
        their_key = str(stranger.post("/auth/register", body)["api_key"])
        buyer = open_ones.enter_context(HallClient(stage.url, key, door=NATIVE))
        owner = open_ones.enter_context(HallClient(stage.url, their_key, door=NATIVE))
        agents = _agents(stage, buyer, owner)
        for agent in agents:
            open_ones.enter_context(agent.http)
        before, earned = _available(buyer), _available(owner)
        spent = _one_task(stage, buyer, agents) + _task_force(stage, buyer, agents)
        account = buyer.get("/account")
        paid = before - int(account["available_cents"])
        gained = _available(owner) - earned
        expect(account["held_cents"] == 0, "nothing is held when all is done")
        expect(paid == spent, "the buyer paid what was agreed on")
        expect(gained == round(spent * (1 - _FEE)), "the agents got that less the fee")
        books = buyer.get("/ledger/check")
        expect(books["ok"], "; ".join(str(one) for one in books["problems"]))
    stage.step(
        f"money moved: {amount(paid)} from the buyer, {amount(gained)} to the agents, "
        f"{amount(paid - gained)} to the hall"
    )
    stage.step(f"the ledger is checked: {books['transfers']} transfers, and they balance")
    return Sold(paid, gained, paid - gained)


def _agents(stage: Stage, buyer: HallClient, owner: HallClient) -> list[Agent]:
    stage.step("somebody else registers three agents; you run this hall, and approve them")
    operate(settings_of(stage.data_dir, None), "make_admin", email=EMAIL, is_admin=True)
    agents: list[Agent] = []
    for name in ("Ada", "Grace", "Edsger"):
        made = owner.post(
            "/agents", {"name": name, "categories": ["documentation"], "task_force": True}
        )
        buyer.post(f"/admin{path_of('agents', str(made['id']), '/approve')}", {})
        http = HallClient(stage.url, str(made["api_key"]), door=_NEXWORK)
        agents.append(Agent(name, str(made["id"]), http))
    return agents


def _one_task(stage: Stage, buyer: HallClient, agents: list[Agent]) -> int:
    """Proposals for a funded task, one chosen, delivered, checked and accepted; its price."""
    stage.step(f"offer a task for {amount(_PRICE_CENTS)}: list what a module defines")
    task = buyer.post(
        "/tasks",
        {
            "title": "List the classes and functions of a module",
            "description": "A line for each class and function of the module, and what it is for.",
            "inputs": [_source("disputes")],
            "expected_output": "A list of the classes and functions with what each is for",
            "engagement": "proposals",
            "category": "documentation",
            "price_cents": _PRICE_CENTS,
            "publish": True,
        },
    )
    there = path_of("tasks", str(task["id"]))
    expect(task["state"] == "open", "a funded task is on offer")
    prices = (4_500, 3_800, 4_900)
    for agent, price in zip(agents, prices, strict=True):
        (seen,) = agent.http.get("/tasks?category=documentation")["tasks"]
        agent.http.post(
            path_of("tasks", str(seen["id"]), "/propose"),
            {
                "planText": "I shall parse the module and list what it defines, in its order.",
                "confidenceScore": 0.9,
                "estimatedCostCents": price,
                "estimatedHours": 0.1,
            },
        )
        stage.step(f"{agent.name} finds it and proposes to do it for {amount(price)}")
    found: list[Item] = buyer.get(f"{there}/proposals")["items"]
    best = min(found, key=lambda one: int(one["price_cents"]))
    stage.step(f"shortlist the cheapest: {best['agent_name']}")
    buyer.post(path_of("proposals", str(best["id"]), "/shortlist"), {})

    chosen = next(agent for agent in agents if agent.id == best["agent_id"])
    brief = chosen.http.get(there)
    expect(brief["agentContext"]["canDeliver"], "who is chosen may deliver")
    text = "\n".join(_outline(str(brief["inputs"][0])))
    chosen.http.post(f"{there}/deliver", {"content": text})
    stage.step(f"{chosen.name} reads the module and delivers:")
    _quote(stage, text)
    made = _until(lambda: _checked(buyer, there), "the delivery is checked")
    for check in made["checks"]:
        stage.step(f"checked for its {check['kind']}: {check['verdict']}, by {check['method']}")
    formal = next(check for check in made["checks"] if check["kind"] == "format")
    expect(formal["verdict"] == "passed", "the delivery has the form that was asked for")
    stage.step("accept it, with five stars")
    _accept(buyer, str(made["id"]), rating=5)
    expect(buyer.get(there)["state"] == "done", "an accepted task is done")
    known = buyer.get(path_of("agents", chosen.id))["reputation"]
    expect(known["average_rating"] == 5, "the rating is the agent's")
    return int(best["price_cents"])


def _task_force(stage: Stage, buyer: HallClient, agents: list[Agent]) -> int:
    """Three parts, the last after the others, each by an agent; what they came to."""
    stage.step("a Task Force: two modules read by two agents, and an index of both by a third")
    task = buyer.post(
        "/tasks",
        {
            "title": "An index of two modules",
            "description": "Read both modules, and make one index of what they define.",
            "engagement": "task_force",
            "category": "documentation",
            "price_cents": sum(_SHARES),
            "publish": True,
        },
    )
    there = path_of("tasks", str(task["id"]))
    parts: list[Item] = [
        {
            "key": name,
            "title": f"Read {name}.py",
            "brief": _source(name),
            "share_cents": share,
            "agent_id": agent.id,
        }
        for name, share, agent in zip(_MODULES[1:], _SHARES[:2], agents[:2], strict=True)
    ]
    index = {
        "key": "index",
        "title": "Make the index",
        "brief": "All names of both lists in one, in the order of the alphabet.",
        "share_cents": _SHARES[2],
        "agent_id": agents[2].id,
        "depends_on": list(_MODULES[1:]),
    }
    buyer.post(f"{there}/task-force", {"subtasks": [*parts, index], "reviewer": "buyer"})
    force = buyer.post(f"{there}/task-force/confirm", {})
    for number, agent in enumerate(agents):
        part = _until(lambda number=number: _given(buyer, there, number), "a part is given away")
        expect(part["agent_id"] == agent.id, "a part goes to the agent that was wanted")
        _do_part(stage, agent, str(part["id"]))
        _accept(buyer, _newest(buyer, path_of("tasks", str(part["id"]))))
    whole = _newest(buyer, there)
    stage.step("all parts are accepted and paid; accept the whole")
    _accept(buyer, whole)
    force = buyer.get(f"{there}/task-force")
    expect(force["status"] == "over", "the Task Force is over")
    expect([one["state"] for one in force["subtasks"]] == ["done"] * 3, "every part is done")
    return sum(_SHARES)


def _do_part(stage: Stage, agent: Agent, part_id: str) -> None:
    """Read what there is to know, and hand in what it comes to."""
    there = path_of("subtasks", part_id)
    context = agent.http.get(f"{there}/context")
    agent.http.post(f"{there}/messages", {"content": "I have it, and begin."})
    before: list[Item] = context["dependencyOutputs"]
    if before:
        lines = [line for one in before for line in str(one["deliverableContent"]).splitlines()]
        text = "\n".join(sorted(lines))
    else:
        text = "\n".join(_outline(str(context["subtaskBrief"])))
    agent.http.post(f"{there}/deliver", {"content": text})
    stage.step(f"{agent.name} hands in: {context['subtask']['title']}")
    if before:
        _quote(stage, text)


def _source(name: str) -> str:
    """A module of this very program."""
    import hiringhall.domain

    return (Path(hiringhall.domain.__file__).parent / f"{name}.py").read_text()


def _outline(source: str) -> list[str]:
    """What a module defines, and the first line of what it says of it."""
    return [
        f"- {node.name}: {(ast.get_docstring(node) or 'without a word').splitlines()[0]}"
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    ]


def _available(client: HallClient) -> int:
    return int(client.get("/account")["available_cents"])


def _newest(buyer: HallClient, there: str) -> str:
    items: list[Item] = buyer.get(f"{there}/deliverables")["items"]
    expect(items, "something was handed in")
    return str(items[-1]["id"])


def _accept(buyer: HallClient, deliverable_id: str, **said: int) -> None:
    made = buyer.post(path_of("deliverables", deliverable_id, "/accept"), dict(said))
    expect(made["state"] == "accepted", "what is accepted is accepted")


def _checked(buyer: HallClient, there: str) -> Item | None:
    items: list[Item] = buyer.get(f"{there}/deliverables")["items"]
    done = items[0]["checks"] and all(one["state"] == "done" for one in items[0]["checks"])
    return items[0] if done else None


def _given(buyer: HallClient, there: str, number: int) -> Item | None:
    part: Item = buyer.get(f"{there}/task-force")["subtasks"][number]
    return part if part["state"] == "assigned" else None


def _until(look: Callable[[], Item | None], what: str) -> Item:
    """Look until it is there."""
    deadline = time.monotonic() + _PATIENCE_S
    while (found := look()) is None:
        expect(time.monotonic() < deadline, what)
        time.sleep(0.1)
    return found


def _quote(stage: Stage, text: str, most: int = 4) -> None:
    lines = text.splitlines()
    for line in lines[:most]:
        stage.screen.say(f"    {line}", style="dim")
    if len(lines) > most:
        stage.screen.say(f"    … {len(lines) - most} more lines", style="dim")
