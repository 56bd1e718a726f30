"""Money on its way into the hall."""

from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Invalid
from hiringhall.domain.sentences import Cents, sentence

LEAST_CENTS = 100
MOST_CENTS = 100_000_000


class DepositState(StrEnum):
    """What has become of a deposit; it leaves `pending` once."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money that an organization pays in. Amounts in cents, times in µs UTC.

    `url` is the provider's page where it is paid; `booked_by` the admin who booked it by hand.
    """

    id: str
    organization_id: str
    amount_cents: int
    provider: str
    state: DepositState
    reference: str | None
    url: str | None
    booked_by: str | None
    created_at_us: int
    settled_at_us: int | None


@dataclass(frozen=True, slots=True)
class Payee:
    """Where what an organization earns is sent to, in the provider's words."""

    organization_id: str
    provider: str
    reference: str
    ready: bool


def check_amount(amount_cents: int) -> int:
    """An amount that may be paid in at once; raises Invalid."""
    if not LEAST_CENTS <= amount_cents <= MOST_CENTS:
        raise Invalid(
            sentence(
                "A deposit is from ", Cents(LEAST_CENTS, unit=False), " to ", Cents(MOST_CENTS)
            ),
            {"amount_cents": "out of range"},
        )
    return amount_cents
