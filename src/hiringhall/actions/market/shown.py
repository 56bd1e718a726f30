"""What a poster agreed to is what is held: a price that changed since it was shown is refused."""

from hiringhall.domain.escrow import Hold, Shown
from hiringhall.domain.tasks import Engagement
from hiringhall.hall import Hall


def check_shown(
    hall: Hall,
    shown: Shown | None,
    *,
    price_cents: int,
    fee_on_top: bool,
    engagement: Engagement,
) -> None:
    """Raise Conflict where a task would hold something else than was shown; None: nothing was."""
    if shown is not None:
        hold = Hold("", "", price_cents, hall.rules.fee_basis_points, fee_on_top)
        shown.check(hold, currency=hall.rules.currency, engagement=engagement.value)
