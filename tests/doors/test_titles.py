"""A title that shows nothing is none, whichever door it comes in by."""

import httpx
import pytest

from hiringhall.domain.names import is_visible, tidy_title
from tests.doors.agentix.conftest import Customer
from tests.doors.conftest import Visitor
from tests.doors.test_market_crossing import CLUB_PATH, WORK

pytestmark = pytest.mark.anyio

UNSEEN = ["\u200b", "\u200d\u2060\ufeff", "\u202e\u2066", "\u3164 \u115f", "\u2800", "\u0301"]


@pytest.mark.parametrize("title", UNSEEN)
async def test_it_is_refused_as_an_empty_one_is(
    http: httpx.AsyncClient, ada: Visitor, title: str
) -> None:
    customer = Customer(http, None, ada.key)  # pyright: ignore[reportArgumentType]
    team, *_ = await customer.get("/teams")
    plain = {"title": title, "description": "All of it."}
    headers = {"Authorization": f"Bearer {ada.key}"}
    for path, body in (
        ("/api/v1/tasks", plain),
        (CLUB_PATH, WORK | {"title": title}),
        ("/hall/v1/tasks", plain),
        ("/hall/v1/tasks", plain | {"engagement": "claim", "price_cents": 500}),
        ("/agentix/tasks", plain | {"teamId": team["id"]}),
    ):
        unseen = await http.post(path, json=body, headers=headers)
        empty = await http.post(path, json=body | {"title": " "}, headers=headers)
        assert unseen.status_code == 400, (path, unseen.text)
        said = [one.text.replace(one.headers["x-request-id"], "") for one in (unseen, empty)]
        assert said[0] == said[1], path


def test_what_can_be_seen_stays_as_it_is() -> None:
    for title in ("x", "\u200bx", "🙂", "é", "ﷺ", "漢字", "👩\u200d🚀"):
        assert is_visible(title)
        assert tidy_title(title) == title
    assert tidy_title("\u200b" * 80 + "x", 70) == ""
    assert tidy_title("  one \n two ", 5) == "one t"
