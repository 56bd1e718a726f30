"""A fault of ours where no database is asked is said like any other, and says nothing of itself."""

import pytest

from hiringhall.doors.front import Front
from hiringhall.doors.skills import door as skills
from tests.doors.asgi import ask

pytestmark = pytest.mark.anyio

WORDS = "/home/ada/keys: whsec_of-somebody"


@pytest.mark.parametrize("name", skills.NAMES)
async def test_a_skill_that_cannot_be_read(
    front: Front, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(_: str) -> str:
        raise OSError(WORDS)

    monkeypatch.setattr(skills, "_skill", broken)
    heard = await ask(front.app, "GET", f"/skills/{name}")
    assert heard.status == 500
    assert WORDS not in heard.body.decode()
    assert heard.headers["x-request-id"] in heard.body.decode()
    assert heard.headers["content-type"].startswith("application/json")
