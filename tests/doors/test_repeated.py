"""Every POST can be repeated without a second effect: by a key, or of itself."""

from typing import Any

import pytest

from hiringhall.doors.agentix.door import DOOR as AGENTIX
from hiringhall.doors.agentwork.routes import DOOR as AGENTWORK
from hiringhall.doors.club.door import DOOR as CLUB
from hiringhall.doors.kit import Door
from hiringhall.doors.native.door import DOOR as NATIVE
from hiringhall.doors.nexwork.door import DOOR as NEXWORK

OF_THEMSELVES = {
    "agentwork /api/v1/auth/register": "an address is registered once",
    "agentix /register": "a registration that nobody confirms opens nothing",
    "agentix /register/{token}/confirm": "confirmed is confirmed",
    "agentix /webhooks/worker-complete": "the same report again changes nothing",
    "native /admin/agents/{agent_id}/approve": "approved is approved",
    "native /admin/agents/{agent_id}/suspend": "suspended is suspended",
    "native /payouts/payee": "an organization has one account; a page of it is worth minutes",
    "native /payments/stripe": "each message of a provider's counts once",
    "native /invitations/accept": "an invitation is taken once",
    "native /runs/{run_id}/lease": "it is taken once, and renewed by the same call",
}
"""The POSTs that take no `Idempotency-Key`, and why none is missed."""


@pytest.mark.parametrize("door", [AGENTWORK, CLUB, NEXWORK, AGENTIX, NATIVE], ids=lambda d: d.name)
def test_a_post_is_repeated_by_a_key_or_of_itself(door: Door[Any]) -> None:
    without = {
        f"{door.name} {route.path}"
        for route in door.routes
        if route.method == "POST" and not route.once
    }
    assert without == {one for one in OF_THEMSELVES if one.startswith(f"{door.name} ")}
