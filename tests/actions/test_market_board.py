"""The board: what is on offer, for whom, found by words, and counted without counting."""

import asyncio
from typing import Any

import pytest

from hiringhall.actions.market import claims, post, reviewing
from hiringhall.actions.timers import fire_due
from hiringhall.domain.errors import HallError, Invalid, NotApproved
from hiringhall.domain.payouts import PayoutState
from hiringhall.domain.policy import Actor
from hiringhall.domain.proposals import ProposalState
from hiringhall.domain.tasks import Engagement, State
from hiringhall.hall import Hall
from hiringhall.queries.market import BoardPage, board_page, market_task
from hiringhall.queries.my_work import agent_profile, earnings, my_work
from hiringhall.store.board import BoardLine
from tests.support.halls import Clock, sign_up
from tests.support.market import (
    agent_of,
    assignments_of,
    claimed,
    competing,
    draft,
    funded,
    handed_in,
    is_sound,
    proposed,
)

pytestmark = pytest.mark.anyio


def titles(page: BoardPage) -> list[str]:
    """What a page shows, in its order."""
    return [line.title for line in page.lines]


async def test_what_is_on_offer_and_nothing_else(hall: Hall, clock: Clock) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    await draft(hall, ada, title="A draft")
    taken = await claimed(hall, ada, bob, title="Taken")
    withdrawn = await funded(hall, ada, title="Withdrawn")
    await post.withdraw_task(hall, actor=ada, task_id=withdrawn.id)
    await funded(hall, ada, title="Soon over", expires_in_hours=1)
    await funded(hall, ada, title="First", price_cents=1)
    await competing(hall, ada, bob, title="Second")
    page = await board_page(hall, actor=bob)
    assert titles(page) == ["Second", "First", "Soon over"]
    assert (page.total, page.categories) == (3, None)
    assert [line.proposals for line in page.lines] == [1, 0, 0]
    clock.advance(3600)
    page = await board_page(hall, actor=bob)  # before the clock's own hand has come round
    assert (titles(page), page.total) == (["Second", "First"], 2)
    await fire_due(hall)
    assert (await board_page(hall, actor=bob)).total == 3
    assert (await assignments_of(hall, taken))[0].due_at_us <= clock()
    assert await is_sound(hall)


async def test_a_line_says_what_the_task_and_its_terms_say(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    task, _ = await competing(
        hall, ada, bob, title="Nine pages", description="To be translated", tags=("german", "law")
    )
    (line,) = (await board_page(hall, actor=bob)).lines
    view = await market_task(hall, actor=bob, task_id=task.id)
    terms = view.terms
    assert line == BoardLine(
        id=task.id,
        organization_id=task.organization_id,
        title="Nine pages",
        description="To be translated",
        engagement=Engagement.PROPOSALS,
        category=terms.category,
        tags=("german", "law"),
        price_cents=task.price_cents or 0,
        time_limit_min=terms.time_limit_min,
        max_proposals=terms.max_proposals,
        proposals=1,
        closes_at_us=terms.closes_at_us or 0,
        created_at_us=task.created_at_us,
    )


async def test_an_agent_sees_its_categories_and_general(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga, categories=["Lead-Research"])
    for category in ("lead_research", "general", "painting"):
        await funded(hall, ada, title=category, category=category)

    async def shown(category: str | None = None) -> tuple[list[str], int]:
        page = await board_page(hall, actor=scout, category=category)
        assert page.categories == ("lead_research", "general")
        return titles(page), page.total

    assert await shown() == (["general", "lead_research"], 2)
    assert await shown("lead-research") == (["lead_research"], 1)
    assert await shown("painting") == ([], 0)
    with pytest.raises(Invalid):
        await shown("no category!")
    for limit, offset in ((0, 0), (101, 0), (1, -1)):
        with pytest.raises(Invalid):
            await board_page(hall, actor=scout, limit=limit, offset=offset)
    suspended = await agent_of(hall, olga, approved=False)
    with pytest.raises(NotApproved):
        await board_page(hall, actor=suspended)


async def test_a_search_wants_every_word_wherever_it_stands(hall: Hall) -> None:
    ada = await sign_up(hall)
    await funded(hall, ada, title="Übersetze Texte", description="From English. 100% right.")
    await funded(hall, ada, title="Texts", description="Nothing", tags=["english", "50%_off"])

    async def found(search: str) -> tuple[list[str], int]:
        page = await board_page(hall, actor=ada, search=search)
        return titles(page), page.total

    assert await found("ENGLISH") == (["Texts", "Übersetze Texte"], 2)
    assert await found("  text   übersetze english ") == (["Übersetze Texte"], 1)
    assert await found("100%") == (["Übersetze Texte"], 1)
    assert await found("0%_") == (["Texts"], 1)
    assert await found("nowhere") == ([], 0)
    assert (await board_page(hall, actor=ada, search="english", category="painting")).total == 0


async def test_the_choosy_see_what_pays_enough_and_is_given_as_they_like(hall: Hall) -> None:
    ada = await sign_up(hall)
    await funded(hall, ada, title="Small claim", price_cents=500)
    await funded(hall, ada, title="Large claim", price_cents=5_000)
    await funded(
        hall, ada, title="Large contest", price_cents=5_000, engagement=Engagement.PROPOSALS
    )

    async def found(**sought: Any) -> tuple[list[str], int]:
        page = await board_page(hall, actor=ada, **sought)
        return titles(page), page.total

    assert await found(least_cents=501) == (["Large contest", "Large claim"], 2)
    assert await found(least_cents=5_000, engagements=[Engagement.CLAIM]) == (["Large claim"], 1)
    assert await found(engagements=[Engagement.CLAIM], search="small") == (["Small claim"], 1)
    assert await found(least_cents=5_001) == ([], 0)
    assert await found(least_cents=501, limit=1) == (["Large contest"], 2)
    for out_of_range in (-1, 10**12):
        with pytest.raises(Invalid):
            await board_page(hall, actor=ada, least_cents=out_of_range)


async def test_page_by_page_by_cursor_or_by_number(hall: Hall) -> None:
    ada = await sign_up(hall)
    for number in range(5):
        await funded(hall, ada, title=f"{number}", price_cents=1)
    first = await board_page(hall, actor=ada, limit=2)
    second = await board_page(hall, actor=ada, limit=2, before=first.lines[-1].id)
    third = await board_page(hall, actor=ada, limit=2, offset=4)
    assert titles(first) + titles(second) + titles(third) == ["4", "3", "2", "1", "0"]
    assert (first.total, second.total, third.total) == (5, 5, 5)


async def test_the_kept_counts_are_the_counts_after_a_storm(hall: Hall) -> None:
    ada, bob = await sign_up(hall), await sign_up(hall, "bob")
    offered = [
        await funded(hall, ada, price_cents=1, category=category)
        for category in ("one", "two")
        for _ in range(12)
    ]
    storm = [
        way(hall, actor=who, task_id=task.id)
        for task in offered
        for way, who in ((claims.claim, bob), (post.withdraw_task, ada))
    ]
    more = [funded(hall, ada, price_cents=1, category="two") for _ in range(8)]
    went = await asyncio.gather(*storm, *more, return_exceptions=True)
    assert all(isinstance(one, HallError) for one in went if isinstance(one, BaseException)), went
    page = await board_page(hall, actor=bob, limit=100)
    assert page.total == len(page.lines) == 8
    assert await is_sound(hall)


async def test_what_somebody_does_and_what_it_brought(hall: Hall) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga, categories=["painting"])
    paid = await claimed(hall, ada, scout, price_cents=1_000, category="painting", title="Paid")
    await handed_in(hall, scout, paid, "a picture")
    await reviewing.accept(hall, actor=ada, task_id=paid.id, rating=4, feedback="Nice")
    lapsing = await claimed(hall, ada, scout, title="Lapsing")
    await claims.release_claim(hall, actor=scout, task_id=lapsing.id)
    competed = await funded(hall, ada, engagement=Engagement.PROPOSALS, title="Competed")
    await proposed(hall, scout, competed)
    by_proposal = await funded(hall, ada, title="By proposal")
    await proposed(hall, scout, by_proposal, price_cents=300)

    page = await my_work(hall, actor=scout)
    assert [one.title for one in page.items] == ["By proposal", "Competed", "Lapsing", "Paid"]
    assert page.total == 4
    newest, waiting, _, done = page.items
    assert (newest.proposal_state, newest.price_cents) == (ProposalState.SHORTLISTED, 300)
    assert newest.assignment_id is not None
    assert (waiting.proposal_state, waiting.assignment_id) == (ProposalState.SUBMITTED, None)
    assert (done.state, done.rating, done.deliverable_accepted) == (State.DONE, 4, True)
    (last,) = (await my_work(hall, actor=scout, offset=3)).items
    assert last == done
    assert (await my_work(hall, actor=olga)).items == []

    for earner in (scout, olga):
        earned = await earnings(hall, actor=earner)
        assert (earned.released_cents, earned.pending_cents, earned.fee_cents) == (900, 0, 100)
        assert [(one.task_id, one.state) for one in earned.payouts] == [(paid.id, PayoutState.PAID)]
    assert (await earnings(hall, actor=ada)).total == 0

    assert scout.agent_id is not None
    seen = await agent_profile(hall, actor=olga, agent_id=scout.agent_id)
    assert (seen.reputation.average, seen.reputation.acceptance_rate) == (4.0, 1.0)
    assert set(seen.by_category) == {"painting"}


async def test_what_ran_out_lowers_a_reputation(hall: Hall, clock: Clock) -> None:
    ada, olga = await sign_up(hall), await sign_up(hall, "olga")
    scout = await agent_of(hall, olga)
    await claimed(hall, ada, scout)
    clock.advance(3600)
    await fire_due(hall)
    assert await _acceptance(hall, scout) == 0.0


async def _acceptance(hall: Hall, agent: Actor) -> float | None:
    assert agent.agent_id is not None
    return (
        await agent_profile(hall, actor=agent, agent_id=agent.agent_id)
    ).reputation.acceptance_rate
