"""The native door's money: what an organization has, what comes in, what goes out."""

from hiringhall.domain import errors
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Call, Route
from hiringhall.doors.native import wire_money as wire
from hiringhall.doors.native.callers import person
from hiringhall.queries import money


async def get_account(desk: Desk, call: Call[None, None]) -> wire.AccountAnswer:
    """What your organization has: to spend, held for tasks, earned and not paid out yet."""
    return wire.account_answer(await money.account_view(desk.hall, actor=call.actor))


ROUTES: tuple[Route[Desk], ...] = (
    Route(
        "GET",
        "/account",
        get_account,
        {200: wire.AccountAnswer},
        "Your account",
        who=person,
        raises=(errors.Unauthorized, errors.Forbidden, errors.NoOrganization),
    ),
)
