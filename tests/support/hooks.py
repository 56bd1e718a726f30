"""Webhooks as tests have them: a hall that may send to loopback, and its sender in their hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from hiringhall.hall import Hall, Rules
from hiringhall.store.database import Database
from hiringhall.workers.webhooks.sender import Sender
from tests.doors.conftest import Visitor
from tests.support.halls import Clock, QuietEngine, make_hall

HOOKS = "/hall/v1/webhooks"
LOOPBACK = (ip_network("127.0.0.0/8"),)
DAY_S = 24 * 3600


def sending_hall(database: Database, clock: Clock, engine: QuietEngine) -> Hall:
    """A hall whose operator lets webhooks go to loopback."""
    return make_hall(database, clock=clock, engine=engine, rules=Rules(webhook_networks=LOOPBACK))


@dataclass
class Post:
    """The hall's sender in the test's hand, and a webhook of Ada's."""

    hall: Hall
    sender: Sender
    ada: Visitor
    hook: dict[str, Any]

    @property
    def at(self) -> str:
        return f"{HOOKS}/{self.hook['id']}"

    async def send(self) -> None:
        """Send all that is due now."""
        await self.sender.tend()
        while (job := await self.sender.take()) is not None:
            await self.sender.do(job)

    async def get(self, path: str = "") -> dict[str, Any]:
        found = await self.ada.get(f"{self.at}{path}")
        assert found.status_code == 200, found.text
        return found.json()

    async def deliveries(self, **params: Any) -> list[dict[str, Any]]:
        found = await self.ada.get(f"{self.at}/deliveries", params=params)
        assert found.status_code == 200, found.text
        return found.json()["items"]


NewPost = Callable[..., Awaitable[Post]]


async def events_of(visitor: Visitor) -> list[dict[str, Any]]:
    return (await visitor.get("/hall/v1/events", params={"limit": 200})).json()["items"]
