"""Carries webhooks from the feed to their endpoints, beside all else that the hall does."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog
from standardwebhooks import Webhook

from hiringhall.actions.webhooks import planning, sending
from hiringhall.actions.webhooks.sending import Job
from hiringhall.domain.records import record_of, time_text
from hiringhall.domain.webhooks import Answered
from hiringhall.engine.local import LocalEngine
from hiringhall.hall import Hall
from hiringhall.signals import FEED
from hiringhall.workers.webhooks.outgoing import Outgoing

SLOTS = 32
"""Endpoints that are sent to at once."""
MOST_IN_A_ROW = 50
"""Deliveries to one endpoint before others that wait have their turn."""
SWEEP_S = 60.0
"""A notice may be lost: that is how long it delays a delivery."""

log = structlog.get_logger()


class Sender:
    """What the engine carries here: an endpoint in hand, its deliveries one after another."""

    def __init__(self, hall: Hall, outgoing: Outgoing, *, slots: int = SLOTS) -> None:
        self._hall = hall
        self._outgoing = outgoing
        self._engine = LocalEngine[Job](slots=slots)
        self._grown: dict[str, None] = {}
        self._sweep_at_us = 0

    async def carry(self) -> None:
        """Send until cancelled; what is under way then is sent again by whoever comes next."""
        self._hall.signals.follow(FEED, self._heard)
        await self._engine.carry(self)

    def _heard(self, organization_id: str) -> None:
        if organization_id:
            self._grown[organization_id] = None
        else:
            self._sweep_at_us = 0
        self._engine.wake()

    async def take(self) -> Job | None:
        """Make the deliveries of feeds that have grown, then take an endpoint in hand."""
        while self._grown:
            organization_id = next(iter(self._grown))
            # Before it is looked at: what comes meanwhile is looked at again.
            del self._grown[organization_id]
            try:
                await planning.plan(self._hall, organization_id=organization_id)
            except Exception:
                # The database may be away, or this one's rows bent: others are not to wait for it,
                # and the next sweep looks again.
                log.exception("webhooks.fault", organization_id=organization_id)
        return await sending.claim(self._hall)

    async def do(self, job: Job, /) -> None:
        """Send to an endpoint what is due there, one after another, in the feed's order."""
        sent = 0
        following: Job | None = job
        try:
            while following is not None:
                job, following = following, None
                answered = await self._send(job)
                sent += 1
                following = await sending.settle(
                    self._hall, job=job, answered=answered, go_on=sent < MOST_IN_A_ROW
                )
        except asyncio.CancelledError:
            # After a fault it is not given back: it would be taken again at once, and for ever.
            await sending.release(self._hall, job=job)
            raise

    async def tend(self) -> float:
        """Look at every feed now and then; seconds until something is due."""
        now_us = self._hall.clock()
        if now_us >= self._sweep_at_us:
            self._sweep_at_us = now_us + int(SWEEP_S * 1_000_000)
            for organization_id in await planning.organizations(self._hall):
                self._grown[organization_id] = None
            self._engine.wake()
        due_us = await sending.next_due_us(self._hall)
        wait_us = self._sweep_at_us - now_us
        if due_us is not None:
            wait_us = min(wait_us, max(0, due_us - now_us))
            if due_us <= now_us:
                self._engine.wake()
        return max(wait_us / 1_000_000, 0.05)

    async def _send(self, job: Job) -> Answered:
        at_us = self._hall.clock()
        secrets = sending.secrets_of(self._hall, job.endpoint)
        if not secrets:
            log.error("webhook.secret", webhook_id=job.endpoint.id)
            return Answered(
                at_us, 0, error="its secret was sealed with another key than the hall's"
            )
        body = _body(job)
        moment = datetime.fromtimestamp(at_us // 1_000_000, UTC)
        message_id = job.delivery.id
        signed = [Webhook(one).sign(message_id, moment, body) for one in secrets]
        headers = {
            "content-type": "application/json",
            "user-agent": "Hiringhall",
            "webhook-id": message_id,
            "webhook-timestamp": str(at_us // 1_000_000),
            "webhook-signature": " ".join(signed),
        }
        return await self._outgoing.post(
            job.endpoint.url, headers=headers, body=body.encode(), at_us=at_us
        )


def _body(job: Job) -> str:
    """What is sent, the same in each attempt: type, time and data, as Standard Webhooks have it."""
    data: dict[str, Any] = {"webhook_id": job.endpoint.id}
    at = time_text(job.delivery.created_at_us)
    if job.event is not None:
        data = record_of(job.event)
        at = data["at"]
    told = {"type": job.delivery.type, "timestamp": at, "data": data}
    return msgspec.json.encode(told).decode()
