"""However a hold is divided, not a cent is made or lost, and the fee is what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.errors import Invalid
from hiringhall.domain.escrow import Hold, HoldState, Share, check_price, settle

cents = st.integers(1, 10_000_000)


def hold_of(price_cents: int, *, basis_points: int = 1_000, on_top: bool = False) -> Hold:
    return Hold("task", "poster", price_cents, basis_points, on_top)


def share(amount_cents: int, organization_id: str = "worker") -> Share:
    return Share(organization_id, amount_cents)


@given(
    st.lists(cents, max_size=6),
    st.integers(0, 10_000_000),
    st.integers(0, 5_000),
    st.booleans(),
)
def test_the_parts_add_up_to_the_hold(
    owed: list[int], rest: int, basis_points: int, on_top: bool
) -> None:
    hold = hold_of(max(1, sum(owed) + rest), basis_points=basis_points, on_top=on_top)
    settled = settle(hold, [share(amount) for amount in owed])
    parts = (settled.paid_cents, settled.fee_cents, settled.refund_cents)
    assert sum(parts) == hold.amount_cents
    assert min(parts) >= 0
    assert all(one.paid_cents >= 0 and one.fee_cents >= 0 for one in settled.paid)
    for amount, one in zip(owed, settled.paid, strict=True):
        assert one.paid_cents + (0 if on_top else one.fee_cents) == amount
    if not owed:
        assert (settled.state, settled.refund_cents) == (HoldState.REFUNDED, hold.amount_cents)


@pytest.mark.parametrize(
    ("price", "on_top", "held", "paid", "fee"),
    [
        (500, True, 550, 500, 50),
        (500, False, 500, 450, 50),
        (5, True, 6, 5, 1),
        (4, True, 4, 4, 0),
        (1, False, 1, 1, 0),
        (15, False, 15, 13, 2),
    ],
)
def test_the_fee_is_rounded_half_up(
    price: int, on_top: bool, held: int, paid: int, fee: int
) -> None:
    hold = hold_of(price, on_top=on_top)
    settled = settle(hold, [share(price)])
    assert hold.amount_cents == held
    assert (settled.state, settled.paid_cents, settled.fee_cents) == (HoldState.RELEASED, paid, fee)


def test_less_than_the_price_is_a_split() -> None:
    settled = settle(hold_of(10_000), [share(6_000)])
    assert settled.state is HoldState.SPLIT
    assert (settled.paid_cents, settled.fee_cents, settled.refund_cents) == (5_400, 600, 4_000)


def test_fees_on_top_of_many_small_shares_stay_within_what_was_held() -> None:
    settled = settle(hold_of(10, on_top=True), [share(5), share(5)])
    assert (settled.paid_cents, settled.fee_cents, settled.refund_cents) == (10, 1, 0)


@pytest.mark.parametrize("owed", [[0], [-1], [101], [60, 41]])
def test_nobody_is_owed_nothing_or_more_than_the_price(owed: list[int]) -> None:
    with pytest.raises(Invalid):
        settle(hold_of(100), [share(amount) for amount in owed])


@pytest.mark.parametrize("price", [0, -1, 100_000_001])
def test_a_price_has_bounds(price: int) -> None:
    with pytest.raises(Invalid):
        check_price(price)
