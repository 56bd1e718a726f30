"""What may be offered on the market, and what is said where nobody speaks."""

import pytest

from hiringhall.domain.agents import Reputation
from hiringhall.domain.disputes import Dispute, DisputeState, Party, by_silence
from hiringhall.domain.durations import HOUR_US
from hiringhall.domain.errors import Invalid
from hiringhall.domain.market import Item, make_offer, tidy_link
from hiringhall.domain.proposals import make_bid
from hiringhall.domain.tasks import Engagement

PLAN = "A plan that says what will be done."


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8080/a?b#c",
        "https://[2001:db8::1]/x",
        " https://example.com/ä ",
    ],
)
def test_an_address_that_can_be_followed(url: str) -> None:
    assert tidy_link(url) == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "https://",
        "https:///etc/passwd",
        "https://bank.example@evil.example/",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_an_address_that_misleads_or_leads_nowhere(url: str) -> None:
    assert tidy_link(url.replace("\n", "\x00")) is None


def test_all_that_is_wrong_with_an_offer_is_said_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        make_offer(
            title="",
            description="",
            engagement=Engagement.CLAIM,
            price_cents=0,
            inputs=[Item(url="file:///etc/passwd"), Item()],
        )
    assert set(refused.value.fields) == {"title", "description", "price_cents", "inputs"}


def test_the_earlier_of_deadline_and_expiry_ends_an_offer() -> None:
    def closes(**fields: int) -> int:
        offer = make_offer(
            title="t",
            description="d",
            engagement=Engagement.PROPOSALS,
            price_cents=1,
            **fields,  # type: ignore[arg-type]
        )
        return offer.terms_of("task").closing_us(0)

    assert closes() == 7 * 24 * HOUR_US
    assert closes(expires_in_hours=2) == 2 * HOUR_US
    assert closes(deadline_us=5) == 5
    assert closes(deadline_us=30 * 24 * HOUR_US) == 30 * 24 * HOUR_US
    assert closes(deadline_us=3 * HOUR_US, expires_in_hours=2) == 2 * HOUR_US
    with pytest.raises(Invalid):
        closes(deadline_us=-1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plan", "too short"),
        ("plan", "x" * 10_001),
        ("sample", "x" * 10_001),
        ("confidence", 1.01),
        ("confidence", float("nan")),
        ("price_cents", 0),
        ("price_cents", 501),
        ("estimated_hours", 0.0),
        ("estimated_hours", float("inf")),
    ],
)
def test_a_proposal_that_cannot_be_meant_is_refused(field: str, value: object) -> None:
    given = {"plan": PLAN, "price_cents": 500, "budget_cents": 500, field: value}
    with pytest.raises(Invalid) as refused:
        make_bid(**given)  # type: ignore[arg-type]
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize(
    ("poster", "worker", "gets"), [(True, False, 0), (False, True, 101), (True, True, 51)]
)
def test_silence_is_held_against_whoever_kept_it(poster: bool, worker: bool, gets: int) -> None:
    dispute = Dispute(
        id="d",
        task_id="t",
        assignment_id="a",
        opened_by=Party.POSTER if poster else Party.WORKER,
        reason="",
        state=DisputeState.OPEN,
        poster_spoke=poster,
        worker_spoke=worker,
        poster_cents=None,
        worker_cents=None,
        outcome_cents=None,
        opened_at_us=0,
        closed_at_us=None,
    )
    assert by_silence(dispute, 101) == gets


def test_a_reputation_is_what_was_accepted_and_what_was_said() -> None:
    nobody = Reputation()
    assert (nobody.average, nobody.acceptance_rate) == (None, None)
    both = Reputation(completed=2, ratings=2, rating_sum=9).plus(Reputation(lapsed=1, refused=1))
    assert (both.average, both.acceptance_rate) == (4.5, 0.5)
