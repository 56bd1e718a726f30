"""A Stripe of the tests' own on loopback: it keeps idempotency keys, and loses answers when told.

It knows the calls that the hall makes, by Stripe's published API (https://docs.stripe.com/api):
form-encoded bodies, bearer key, `Idempotency-Key`, errors in Stripe's shape, signed webhooks.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk_test_of_the_tests_alone"
WEBHOOK_SECRET = "whsec_of_the_tests_alone"
CONNECT_SECRET = "whsec_of_connected_accounts_alone"
"""What happens on connected accounts comes from another endpoint, signed with its own secret."""

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    `lost` does what was asked and drops the connection without a word; `dropped` drops it before;
    a status answers so instead of doing anything; a fault of its own (500) is what the call's key
    stands for from then on, as Stripe says.
    """

    lost: bool = False
    dropped: bool = False
    status: int = 0
    kind: str = "api_error"
    code: str = ""


@dataclass
class StripeStandin:
    """What it has done, and what is to go wrong next (one for each call, then nothing)."""

    base_url: str = ""
    faults: list[Fault] = field(default_factory=list[Fault])
    sessions: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    keys: dict[str, tuple[bytes, Answer]] = field(default_factory=dict[str, tuple[bytes, Answer]])
    calls: list[str] = field(default_factory=list[str])

    def forget_keys(self) -> None:
        """As Stripe does after a day."""
        self.keys.clear()

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Do a call, once for its key."""
        if headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, "invalid_request_error", "api_key_invalid")
        key = headers.get("idempotency-key")
        if method == "POST" and key is not None:
            known = self.keys.get(key)
            if known is not None:
                same = known[0] == body
                return known[1] if same else _error(400, "idempotency_error", "key_in_use")
        parts = urlsplit(path)
        values = body.decode() if method == "POST" else parts.query
        asked = {name: given[-1] for name, given in parse_qs(values).items()}
        does = self._calls().get(f"{method} {parts.path}")
        if does is None:
            return _error(404, "invalid_request_error", "resource_missing")
        answer = does(asked)
        if method == "POST" and key is not None:
            self.keys[key] = (body, answer)
        return answer

    def _calls(self) -> dict[str, Callable[[dict[str, str]], Answer]]:
        return {
            "POST /v1/checkout/sessions": self._open_session,
            "POST /v1/accounts": self._open_account,
            "POST /v1/account_links": self._link,
            "POST /v1/transfers": self._transfer,
            "GET /v1/transfers": self._list_transfers,
        }

    def _open_session(self, asked: dict[str, str]) -> Answer:
        session_id = f"cs_test_{len(self.sessions) + 1}"
        self.sessions[session_id] = {
            "id": session_id,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.test/{session_id}",
            "payment_status": "unpaid",
            "amount_total": int(asked["line_items[0][price_data][unit_amount]"]),
            "currency": asked["line_items[0][price_data][currency]"],
            "client_reference_id": asked["client_reference_id"],
            "metadata": {"hiringhall_deposit": asked["metadata[hiringhall_deposit]"]},
        }
        return 200, self.sessions[session_id]

    def _open_account(self, asked: dict[str, str]) -> Answer:
        account_id = f"acct_{len(self.accounts) + 1}"
        self.accounts[account_id] = {
            "id": account_id,
            "object": "account",
            "type": asked["type"],
            "capabilities": {"transfers": "inactive"},
        }
        return 200, self.accounts[account_id]

    def _link(self, asked: dict[str, str]) -> Answer:
        if asked["account"] not in self.accounts:
            return _error(400, "invalid_request_error", "account_invalid")
        url = f"https://connect.stripe.test/{asked['account']}"
        return 200, {"object": "account_link", "url": url, "created": 1, "expires_at": 2}

    def _transfer(self, asked: dict[str, str]) -> Answer:
        account = self.accounts.get(asked["destination"])
        if account is None or account["capabilities"]["transfers"] != "active":
            return _error(400, "invalid_request_error", "insufficient_capabilities_for_transfer")
        transfer_id = f"tr_{len(self.transfers) + 1}"
        self.transfers[transfer_id] = {
            "id": transfer_id,
            "object": "transfer",
            "amount": int(asked["amount"]),
            "currency": asked["currency"],
            "destination": asked["destination"],
            "transfer_group": asked["transfer_group"],
            "metadata": {"hiringhall_payout": asked["metadata[hiringhall_payout]"]},
            "reversed": False,
        }
        return 200, self.transfers[transfer_id]

    def _list_transfers(self, asked: dict[str, str]) -> Answer:
        group = asked["transfer_group"]
        found = [one for one in self.transfers.values() if one["transfer_group"] == group]
        return 200, {"object": "list", "data": found, "has_more": False, "url": "/v1/transfers"}

    def event(
        self, kind: str, about: dict[str, Any], *, event_id: str, account: str | None = None
    ) -> bytes:
        """An event as Stripe sends it; `account` is the connected one that it happened on."""
        return json.dumps(
            {
                **({} if account is None else {"account": account}),
                "id": event_id,
                "object": "event",
                "api_version": "2025-01-27.acacia",
                "created": int(time.time()),
                "type": kind,
                "data": {"object": about},
            }
        ).encode()

    def paid(self, session_id: str, *, event_id: str = "evt_1") -> bytes:
        """The event that says that a checkout was paid."""
        session = {**self.sessions[session_id], "payment_status": "paid"}
        return self.event("checkout.session.completed", session, event_id=event_id)

    def can_be_paid(self, account_id: str, *, event_id: str = "evt_account") -> bytes:
        """The event that says that an account's owner is known now."""
        self.accounts[account_id]["capabilities"]["transfers"] = "active"
        about = self.accounts[account_id]
        return self.event("account.updated", about, event_id=event_id, account=account_id)


def signature(body: bytes, *, secret: str = WEBHOOK_SECRET, at_s: int | None = None) -> str:
    """The `Stripe-Signature` of a body (https://docs.stripe.com/webhooks#verify-manually)."""
    moment = int(time.time()) if at_s is None else at_s
    signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={signed}"


@contextlib.asynccontextmanager
async def stripe_standin() -> AsyncGenerator[StripeStandin]:
    """Serve one on a port of loopback."""
    standin = StripeStandin()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await _serve(standin, reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    standin.base_url = f"http://127.0.0.1:{port}"
    async with server:
        yield standin


async def _serve(
    standin: StripeStandin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    fields = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in fields}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    standin.calls.append(f"{method} {urlsplit(path).path}")
    fault = standin.faults.pop(0) if standin.faults else Fault()
    if fault.dropped:
        return
    if fault.status:
        status, answer = _error(fault.status, fault.kind, fault.code)
        if status == 500 and "idempotency-key" in headers:
            standin.keys[headers["idempotency-key"]] = (body, (status, answer))
    else:
        status, answer = standin.answer(method, path, headers, body)
    if fault.lost:
        return
    written = json.dumps(answer).encode()
    writer.write(
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nRequest-Id: req_1\r\n"
        f"Content-Length: {len(written)}\r\nConnection: close\r\n\r\n".encode()
        + written
    )
    await writer.drain()


def _error(status: int, kind: str, code: str) -> Answer:
    return status, {"error": {"type": kind, "code": code, "message": f"The stand-in says {code}"}}
