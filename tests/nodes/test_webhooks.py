"""Webhooks of a hall with two servers: each delivery once, a dead one's go on elsewhere."""

import asyncio
import json
import signal
from dataclasses import dataclass

import httpx
import pytest

from hiringhall.domain.policy import Actor
from hiringhall.domain.webhooks import DeliveryState
from hiringhall.queries.accounts import authenticate
from hiringhall.queries.webhooks import list_deliveries
from tests.nodes.conftest import Halls
from tests.nodes.processes import Machines, Running
from tests.support.halls import open_account, post
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio

MANY = 30
SENDING_S = 150.0
"""A dead server's lease is a minute; the machine may have other work."""
RULES = {"WEBHOOK_NETWORKS": "127.0.0.0/8", "LOCAL_RUNS": "0"}


@dataclass
class Hooked:
    """Somebody whose webhooks hear of each task that is made."""

    halls: Halls
    actor: Actor
    hooks: list[str]

    async def until_all_arrived(self, each: int) -> None:
        async with asyncio.timeout(SENDING_S):
            for hook in self.hooks:
                while len(await self._arrived(hook)) < each:  # noqa: ASYNC110  in the database
                    await asyncio.sleep(0.1)

    async def _arrived(self, hook: str) -> list[object]:
        return [
            *await list_deliveries(
                self.halls.hall,
                actor=self.actor,
                webhook_id=hook,
                state=DeliveryState.DELIVERED,
                before=None,
                limit=100,
            )
        ]


async def hooked(halls: Halls, server: Running, receiver: Receiver, many: int) -> Hooked:
    key = (await open_account(halls.hall, "bob")).secret
    made = Hooked(halls, await authenticate(halls.hall, key), [])
    headers = {"Authorization": f"Bearer {key}"}
    # By a server: the secrets are sealed with the key that the servers share.
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as http:
        for number in range(many):
            body = {"url": f"{receiver.url}&hook={number}", "types": ["task_created"]}
            answer = await http.post(f"{server.said['url']}/hall/v1/webhooks", json=body)
            assert answer.status_code == 201, answer.text
            made.hooks.append(answer.json()["id"])
    return made


async def test_two_servers_send_each_delivery_once(halls: Halls, machines: Machines) -> None:
    async with receiving() as receiver:
        servers = [await machines.serve(name, **RULES) for name in ("one", "two")]
        bob = await hooked(halls, servers[0], receiver, 3)
        await asyncio.gather(*(post(halls.hall, bob.actor) for _ in range(MANY)))
        await bob.until_all_arrived(MANY)
        for number in range(3):
            mine = [one for one in receiver.received if one.target.endswith(f"hook={number}")]
            assert len(mine) == len({one.id for one in mine}) == MANY
            # A webhook is one server's at a time: its events come in their order.
            seqs = [json.loads(one.body)["data"]["seq"] for one in mine]
            assert seqs == sorted(seqs)


async def test_what_a_killed_server_had_in_hand_is_sent_by_the_other(
    halls: Halls, machines: Machines
) -> None:
    async with receiving() as receiver:
        first = await machines.serve("one", **RULES)
        bob = await hooked(halls, first, receiver, 1)
        receiver.hangs = True
        await post(halls.hall, bob.actor)
        async with asyncio.timeout(SENDING_S):
            while not receiver.received:  # noqa: ASYNC110  it is told by a socket
                await asyncio.sleep(0.05)
        # It has the webhook in hand, and waits for an answer.
        await first.end(signal.SIGKILL)
        receiver.hangs = False
        await machines.serve("two", **RULES)
        await post(halls.hall, bob.actor)
        await bob.until_all_arrived(2)
        ids = [one.id for one in receiver.received]
        # The one whose answer was lost comes again under its name; the other once.
        assert sorted(ids.count(one) for one in set(ids)) == [1, 2]
