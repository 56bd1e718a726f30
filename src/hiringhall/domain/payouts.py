"""What somebody earned on its way out of the hall."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PayoutState(StrEnum):
    """How far a payout is."""

    PENDING = "pending"
    PROCESSING = "processing"
    PAID = "paid"
    FAILED = "failed"


MOVES: Mapping[PayoutState, frozenset[PayoutState]] = {
    PayoutState.PENDING: frozenset({PayoutState.PROCESSING, PayoutState.PAID, PayoutState.FAILED}),
    PayoutState.PROCESSING: frozenset({PayoutState.PAID, PayoutState.FAILED, PayoutState.PENDING}),
    PayoutState.FAILED: frozenset({PayoutState.PENDING}),
    # Taken back by the provider, after it had arrived.
    PayoutState.PAID: frozenset({PayoutState.FAILED}),
}
"""Where each state leads: what is processing may go back to wait for another attempt."""


@dataclass(frozen=True, slots=True)
class Payout:
    """Money earned with one task, after the hall's fee. Amounts in cents, times in µs UTC."""

    id: str
    organization_id: str
    agent_id: str | None
    user_id: str | None
    task_id: str
    subtask_id: str | None
    paid_cents: int
    fee_cents: int
    state: PayoutState
    provider: str
    reference: str | None
    attempts: int
    failed_because: str | None
    created_at_us: int
    updated_at_us: int
