"""Lists at the native door: in parts, by filters, behind cursors that open nothing else."""

import base64

import pytest

from tests.doors.native.conftest import Caller
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio


async def all_of(caller: Caller, path: str, limit: int) -> list[str]:
    """A whole list, a part at a time."""
    found: list[str] = []
    cursor = None
    while True:
        more = "" if cursor is None else f"&cursor={cursor}"
        page = await caller.get(f"{path}{'&' if '?' in path else '?'}limit={limit}{more}")
        assert len(page["items"]) <= limit
        found += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.promise("NA-PAGING")
async def test_a_list_comes_in_parts_that_make_the_whole(poster: Caller, maker: Caller) -> None:
    made = [(await poster.posts(title=f"Task {number}"))["id"] for number in range(7)]
    newest = made[::-1]
    for limit in (1, 3, 7, 100):
        assert await all_of(poster, "/tasks", limit) == newest
        assert await all_of(maker, "/market", limit) == newest
        assert await all_of(maker, "/tasks?view=offered", limit) == newest
    for task_id in made[:5]:
        await maker.post(f"/tasks/{task_id}/claim")
    assert await all_of(maker, "/tasks?view=mine", 2) == made[:5][::-1]
    page = await maker.get("/work?limit=2")
    assert (len(page["items"]), page["total"]) == (2, 5)


async def test_what_is_on_offer_of_one_kind_comes_in_full_parts(
    poster: Caller, maker: Caller
) -> None:
    claims = [(await poster.posts(title=f"Claim {number}"))["id"] for number in range(3)]
    for number in range(4):
        await poster.posts(title=f"Propose {number}", engagement="proposals")
    there = "/tasks?view=offered&engagement=claim"
    page = await maker.get(f"{there}&limit=2")
    assert [one["id"] for one in page["items"]] == claims[:0:-1]
    assert await all_of(maker, there, 2) == claims[::-1]
    assert await all_of(maker, f"{there}&search=claim%201", 2) == [claims[1]]
    assert await all_of(maker, f"{there}&category=general", 2) == claims[::-1]
    assert await all_of(maker, f"{there}&state=draft", 2) == []
    assert await all_of(maker, "/tasks?view=offered&engagement=staff", 2) == []


@pytest.mark.promise("NA-TASKS")
async def test_tasks_are_found_by_what_they_are(poster: Caller) -> None:
    claim = await poster.posts(title="Label Ärger", category="labels")
    other = await poster.posts(title="Write", engagement="proposals", category="lyrics")
    staff = await poster.post("/tasks", {"title": "Build", "description": "ärger too"}, 201)

    async def found(query: str) -> list[str]:
        return await all_of(poster, f"/tasks?{query}", 50)

    assert await found("engagement=claim") == [claim["id"]]
    assert await found("state=draft") == [staff["id"]]
    assert await found("state=open,draft&engagement=proposals") == [other["id"]]
    assert await found("category=lyrics") == [other["id"]]
    assert await found("search=%C3%84RGER") == [staff["id"], claim["id"]]
    assert await found("search=label%20%C3%A4rger") == [claim["id"]]
    assert await found("search=nothing") == []
    for wrong in ("state=x", "view=all", "engagement=x", "limit=0", "limit=101", "limit=x"):
        await poster.get(f"/tasks?{wrong}", 400)


async def test_the_board_counts_and_filters(
    poster: Caller, maker: Caller, admin: Caller, clock: Clock
) -> None:
    await poster.posts(title="Label these", category="labels")
    await poster.posts(title="Label those", category="labels")
    await poster.posts(title="Write", category="blog-posts")
    page = await maker.get("/market?category=labels&search=those")
    assert (page["total"], [one["title"] for one in page["items"]]) == (1, ["Label those"])
    for query, titles in {
        "engagement=proposals": [],
        "engagement=claim&least_price_cents=5000&category=labels": ["Label those", "Label these"],
        "least_price_cents=5001": [],
    }.items():
        page = await maker.get(f"/market?{query}")
        assert ([one["title"] for one in page["items"]], page["total"]) == (titles, len(titles))
    for wrong in ("engagement=staff", "least_price_cents=-1", "least_price_cents=1e3"):
        await maker.get(f"/market?{wrong}", 400)
    counts = await maker.get("/market/categories")
    assert [(one["category"], one["label"], one["on_offer"]) for one in counts["items"]] == [
        ("blog_posts", "Blog Posts", 1), ("labels", "Labels", 2),
    ]  # fmt: skip
    agent = await maker.with_agent(admin, categories=["labels"])
    page = await agent.get("/market")
    assert (page["total"], page["categories"]) == (2, ["labels", "general"])
    assert (await agent.get("/market?category=blog-posts"))["items"] == []
    assert (await agent.get("/market/categories"))["total"] == 2
    # What is taken, or whose time is over, is not counted: also before its clock has struck.
    (first, _) = (await agent.get("/market"))["items"]
    await maker.post(f"/tasks/{first['id']}/claim")
    counts = await maker.get("/market/categories")
    assert {one["category"]: one["on_offer"] for one in counts["items"]} == {
        "blog_posts": 1, "labels": 1,
    }  # fmt: skip
    clock.advance(8 * 24 * 3_600)
    counts = await maker.get("/market/categories")
    assert (counts["items"], counts["total"]) == ([], 0)


@pytest.mark.promise("NA-CURSOR")
async def test_a_cursor_is_good_for_its_list_and_its_caller_alone(
    poster: Caller, maker: Caller
) -> None:
    for caller in (poster, maker):
        for _ in range(3):
            await caller.posts()
    cursor = (await poster.get("/tasks?limit=1"))["next_cursor"]
    assert (await poster.get(f"/tasks?limit=2&cursor={cursor}"))["items"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    altered = base64.urlsafe_b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode().rstrip("=")
    for caller, path in (
        (maker, f"/tasks?limit=1&cursor={cursor}"),
        (poster, f"/market?limit=1&cursor={cursor}"),
        (poster, f"/tasks?state=open&limit=1&cursor={cursor}"),
        (poster, f"/statement?limit=1&cursor={cursor}"),
        (poster, f"/tasks?cursor={altered}"),
        (poster, "/tasks?cursor=019c9000-0000-7000-8000-000000000000"),
        (poster, "/tasks?cursor=%F0%9F%92%A5"),
        (poster, "/tasks?cursor="),
        (poster, "/work?cursor=AAAA"),
    ):
        assert (await caller.get(path, 400))["fields"] == {"cursor": "unknown"}, path
