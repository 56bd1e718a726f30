"""A hall that has been lived in: what the looks of pages are judged by, and what the tour shows."""

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from hiringhall.actions import accounts
from hiringhall.actions.runs import outcomes, working
from hiringhall.actions.runs.outcomes import NewPatch
from hiringhall.domain import ids
from hiringhall.domain.runs import EXTERNAL
from hiringhall.doors.pages.door import DOOR
from hiringhall.doors.pages.guide import AT as GUIDE
from hiringhall.doors.pages.guide import NAMES
from tests.browser.people import PASSWORD
from tests.browser.spending import begins, calls
from tests.domain.test_patches import PATCH
from tests.doors.native.conftest import Caller, told
from tests.support.served import ServedHall

T = TypeVar("T")

TURNS = (
    {
        "progress": ["Reading the brief", "Looking at the repository"],
        "ask": [
            {
                "type": "single_select",
                "question": "Which colours shall it have?",
                "options": ["Warm, as the bakery's sign", "Black on white"],
            },
            {"type": "text", "question": "Where does the form send to?"},
        ],
    },
    {
        "progress": ["Writing the page", "Trying it at a phone's width"],
        "usage": {"input_tokens": 48_000, "output_tokens": 6_200},
        "solution": (
            "The landing page is there, with its hero and a contact form.\n\n"
            "| part | where |\n|---|---|\n| page | `index.html` |\n| style | `style.css` |\n\n"
            "The form sends to **hello@bakery.example**. It works at a phone's width, too."
        ),
        "files": {
            "index.html": "<!doctype html>\n<title>Bakery</title>\n<h1>Baked at night</h1>\n",
            "NOTES.md": "# Notes\n\nColours are those of the sign.\n",
        },
    },
)

_PARTS = [
    {
        "key": "research",
        "title": "Read the 200 reviews",
        "brief": "What do guests praise, what do they miss?",
        "share_cents": 6_000,
        "category": "research",
    },
    {
        "key": "write",
        "title": "Write the report",
        "brief": "Two pages, with the five most frequent wishes.",
        "share_cents": 9_000,
        "depends_on": ["research"],
        "category": "writing",
    },
]

APART: dict[str, dict[str, str]] = {
    "/app/tasks/{task_id}/proposals/{proposal_id}": {"task_id": "contest"},
    "/app/tasks/{task_id}/deliverables/{deliverable_id}/files": {"deliverable_id": "delivered"},
    "/app/tasks/{task_id}/deliverables/{deliverable_id}/files/{file_id}": {
        "deliverable_id": "delivered"
    },
    "/app/tasks/{task_id}/deliverables/{deliverable_id}/changes": {
        "task_id": "changed",
        "deliverable_id": "changes",
    },
    "/app/tasks/{task_id}/runs/{run_id}": {"run_id": "own_run"},
    "/app/tasks/{task_id}/deliver": {"task_id": "taken"},
    "/app/tasks/{task_id}/draft": {"task_id": "draft"},
    "/app/teams/{team_id}/tasks/{task_id}": {"task_id": "card"},
    "/app/forces/{task_id}": {"task_id": "force"},
    "/app/forces/{task_id}/plan": {"task_id": "planned"},
    "/app/forces/{task_id}/parts/{part_id}": {"task_id": "force"},
}
"""What stands for what a page is about, where it is not just any."""

STANDINGS = (
    "/app/tasks/{stopped_id}",
    "/app/tasks/{capped_id}/draft",
    "/app/tasks/{capped_id}",
)
"""Pages that are another sight where their task stands another way: at its cap, a draft."""

FRAGMENTS = ("/now", "/events", "/thread", "/columns/{column}")
"""Parts of pages, and streams."""

DOWNLOADS = (".txt", ".md", ".patch")


@dataclass
class Furnished:
    """The hall, who signs in to it, and ids by what they are of."""

    hall: ServedHall
    ids: dict[str, str] = field(default_factory=dict[str, str])
    email: str = "ada@example.org"

    def paths(self) -> dict[str, str]:
        """Every page by its route, with an id of everything that it is about."""
        return {route: self.path_of(route) for route in routes()}

    def path_of(self, route: str) -> str:
        """The address of a page; KeyError for what there is none of."""
        path = route
        for name in (one[1:-1] for one in route.split("/") if one.startswith("{")):
            wanted = APART.get(route, {}).get(name, name.removesuffix("_id"))
            path = path.replace(f"{{{name}}}", self.ids[wanted])
        return path


def routes() -> list[str]:
    """The pages that are whole, by their routes."""
    found = [one.path for one in DOOR.routes if one.method == "GET"]
    whole = [one for one in found if not one.endswith((*FRAGMENTS, *DOWNLOADS))]
    guides = [f"{GUIDE}/{name}" for name in NAMES]
    return [*(one for one in whole if one != f"{GUIDE}/{{name}}"), *guides]


async def furnish(hall: ServedHall) -> Furnished:
    """Live in a hall for a while: tasks of every kind, a team, agents, a dispute, a Task Force."""
    made = Furnished(hall)
    made.ids |= {"part": "tasks", "door": "native"}
    async with httpx.AsyncClient(base_url=hall.url, timeout=60) as http:
        ada = await _somebody(hall, http, "ada", admin=True)
        bob = await _somebody(hall, http, "bob")
        await _staff(made, ada)
        await _changes(made, ada)
        await _budgets(made, ada)
        await _market(made, ada, bob)
        await _force(made, ada, bob)
        await _office(made, ada, bob)
    return made


async def _somebody(
    hall: ServedHall, http: httpx.AsyncClient, name: str, *, admin: bool = False
) -> Caller:
    names = {"ada": ("Ada Byron", "Corner Bakery"), "bob": ("Bob Ray", "Bob & Daughters")}
    person, organization = names[name]
    issued = await _inside(
        hall,
        accounts.create_user(
            hall.app.hall,
            email=f"{name}@example.org",
            name=person,
            organization_name=organization,
            password=PASSWORD,
        ),
    )
    if admin:
        await _inside(hall, accounts.make_admin(hall.app.hall, email=f"{name}@example.org"))
    assert issued is not None
    return Caller(http, issued.secret, issued.organization_id)


def _inside(hall: ServedHall, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
    """Something that is done in the hall itself, which lives on a loop of its own."""
    return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, hall.loop))


async def _until(caller: Caller, task_id: str, *states: str) -> dict[str, Any]:
    """Wait until a task has come so far, by its own stream of events."""
    headers = {"Authorization": f"Bearer {caller.key}", "Accept": "text/event-stream"}
    path = f"/hall/v1/events?task_id={task_id}&after=0"
    async with caller.http.stream("GET", path, headers=headers) as stream:
        async for _ in stream.aiter_lines():
            task = await caller.get(f"/tasks/{task_id}")
            if task["state"] in states:
                return task
    raise AssertionError(f"the stream of {task_id} ended before {states}")


async def _staff(made: Furnished, ada: Caller) -> None:
    """A team with a board; a task that is reviewed, one that asks, some that wait."""
    team = await ada.post("/teams", {"name": "Website", "goal": "A site that sells bread"}, 201)
    role = await ada.post(
        f"/teams/{team['id']}/roles",
        {"name": "frontend", "system_prompt": "You write small, plain pages."},
        201,
    )
    await ada.ask("PUT", f"/teams/{team['id']}/playbook", json={"playbook": "# How we work\n"})
    brief = {"description": "With a **hero** and a contact form."}
    reviewed = await ada.post("/tasks", {"title": "A landing page", "publish": True, **brief}, 201)
    await _until(ada, reviewed["id"], "awaiting_reply")
    await ada.post(f"/tasks/{reviewed['id']}/reply", {"message": "Warm; to hello@bakery.example"})
    await _until(ada, reviewed["id"], "in_review")
    asks = await ada.post(
        "/tasks",
        {"title": "A page for orders", "description": "Bread to be picked up.", "publish": True},
        201,
    )
    await _until(ada, asks["id"], "awaiting_reply")
    cards: list[str] = []
    for title, status in (
        ("A map to the shop", "ready"),
        ("Photos of the bread", "ready"),
        ("Opening hours as data", "backlog"),
    ):
        card = {"teamId": ids.ref_of("team", team["id"]), "title": title, "status": status}
        cards.append(await _at_board(ada, "/tasks", {**card, "role": "frontend"}))
    await _at_board(ada, f"/tasks/{cards[0]}/run", None)
    card_id = str(ids.id_of_ref("task", cards[0]))
    await _until(ada, card_id, "awaiting_reply")
    runs = await ada.get(f"/runs?task_id={card_id}")
    made.ids |= {"task": reviewed["id"], "team": team["id"], "role": role["id"], "card": card_id}
    own = await ada.get(f"/runs?task_id={reviewed['id']}")
    (delivered,) = (await ada.get(f"/tasks/{reviewed['id']}/deliverables"))["items"]
    made.ids |= {"run": runs["items"][0]["id"], "own_run": own["items"][0]["id"]}
    made.ids |= {"delivered": delivered["id"], "file": delivered["files"][0]["id"]}


async def _changes(made: Furnished, ada: Caller) -> None:
    """Work on a repository, by a worker elsewhere, whose lines wait to be looked at."""
    team, app = made.ids["team"], made.hall.app
    pages = {"name": "pages", "system_prompt": "You keep our pages.", "runtime": "external"}
    await ada.post(f"/teams/{team}/roles", pages, 201)
    card = {"teamId": ids.ref_of("team", team), "title": "Prices on one page", "role": "pages"}
    named = await _at_board(ada, "/tasks", {**card, "status": "ready"})
    await _at_board(ada, f"/tasks/{named}/run", None)

    async def does_it() -> None:
        run = await working.claim_next_run(
            app.hall, node_id="elsewhere", lease_s=3600, runtimes=[EXTERNAL]
        )
        assert run is not None
        await working.start_run(app.hall, token=run.token)
        stored = await app.blobs.put(key := app.hall.new_id(), PATCH.encode())
        await outcomes.deliver(
            app.hall,
            token=run.token,
            text="The prices stand on one page now.",
            branch=f"worker/{run.task_id}",
            commit="a" * 40,
            patch=NewPatch(3, stored.size_bytes, stored.sha256, key, is_cut=False),
        )

    await _inside(made.hall, does_it())
    made.ids["changed"] = str(ids.id_of_ref("task", named))
    (delivered,) = (await ada.get(f"/tasks/{made.ids['changed']}/deliverables"))["items"]
    made.ids["changes"] = delivered["id"]


async def _budgets(made: Furnished, ada: Caller) -> None:
    """Caps of the organization and of a team; a task that stopped at its own, and asks; a draft."""
    team = made.ids["team"]
    for path, cap_micros in (("/budget", 20_000_000), (f"/teams/{team}/budget", 5_000_000)):
        told(await ada.ask("PUT", path, json={"cap_micros": cap_micros}), 200)
    brief = {"team_id": team, "role": "pages", "cap_micros": 1_500_000, "description": "All of it."}
    stopped = await ada.post("/tasks", {"title": "Our history", "publish": True, **brief}, 201)

    async def spends() -> None:
        hall = made.hall.app.hall
        run = await begins(hall)
        assert await calls(hall, run, 1_200_000)
        assert not await calls(hall, run, 600_000)

    await _inside(made.hall, spends())
    kept = await ada.post("/tasks", {"title": "A page for weddings", **brief}, 201)
    made.ids |= {"stopped": stopped["id"], "capped": kept["id"]}


async def _at_board(caller: Caller, path: str, body: Any) -> str:
    """Something said at the Agentix door, which makes teams' tasks; the id of what it is about."""
    headers = {"Authorization": f"Bearer {caller.key}"}
    answer = await caller.http.post(f"/agentix{path}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json().get("id", "")


async def _market(made: Furnished, ada: Caller, bob: Caller) -> None:
    """Agents, proposals to choose from, work that was paid, and a dispute."""
    scout = await bob.with_agent(ada, "Scout", description="Reads and sums up.", task_force=True)
    quill = await bob.with_agent(ada, "Quill", categories=["writing"], task_force=True)
    await bob.post("/agents", {"name": "Newcomer", "description": "Labels texts."}, 201)
    own = await ada.post("/agents", {"name": "Oven watch", "description": "Ours."}, 201)
    contest = await ada.posts(title="A name for our rye bread", engagement="proposals")
    for agent, price in ((scout, 3_500), (quill, 4_200)):
        offered = await agent.proposes(contest["id"], price)
        made.ids["proposal"] = offered["id"]
    paid = await ada.posts(title="Translate the menu", price_cents=2_500)
    await scout.post(f"/tasks/{paid['id']}/claim")
    work = await scout.delivers(paid["id"], "The menu in *French*.")
    await ada.post(f"/deliverables/{work['id']}/accept", {"rating": 5})
    fought = await ada.posts(title="Label 500 photos", price_cents=4_000)
    await quill.post(f"/tasks/{fought['id']}/claim")
    work = await quill.delivers(fought["id"], "Bread, roll, bread, cake.")
    await ada.post(f"/deliverables/{work['id']}/reject", {"reason": "Half of them are missing."})
    (dispute,) = (await ada.get(f"/tasks/{fought['id']}/disputes"))["items"]
    await quill.post(f"/disputes/{dispute['id']}/statements", {"text": "250 is what I was sent."})
    theirs = await bob.posts(title="Taste our new cider", price_cents=1_500)
    await ada.post(f"/tasks/{theirs['id']}/claim")
    made.ids["taken"] = theirs["id"]
    aside = await ada.posts(title="A poem about yeast", price_cents=1_200, publish=False)
    made.ids["draft"] = aside["id"]
    made.ids |= {"agent": own["id"], "dispute": dispute["id"], "contest": contest["id"]}
    made.ids |= {"deliverable": work["id"], "paid": paid["id"], "offered": fought["id"]}


async def _force(made: Furnished, ada: Caller, bob: Caller) -> None:
    """A Task Force at work, and one whose plan is not confirmed yet."""
    brief = {"description": "What our guests think of us.", "expected_output": "A report"}
    for kind, title in (("force", "Guests' report"), ("planned", "Survey of the street")):
        whole = await ada.posts(engagement="task_force", title=title, price_cents=20_000, **brief)
        await ada.post(f"/tasks/{whole['id']}/task-force", {"subtasks": _PARTS}, 201)
        made.ids[kind] = whole["id"]
    force = await ada.post(f"/tasks/{made.ids['force']}/task-force/confirm")
    made.ids["part"] = force["subtasks"][0]["id"]


async def _office(made: Furnished, ada: Caller, bob: Caller) -> None:
    """A webhook with something on its way, somebody asked to join."""
    hook = await ada.post("/webhooks", {"url": "https://bakery.example/hook"}, 201)
    sent = await ada.post(f"/webhooks/{hook['id']}/ping", None, 201)
    await ada.post("/invitations", {"email": "carla@example.org"}, 201)
    made.ids |= {"webhook": hook["id"], "delivery": sent["id"]}
