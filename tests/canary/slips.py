"""Where secrets could slip besides: the words of a run elsewhere, and faults at every door."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hiringhall.blobs import FileLinks
from hiringhall.sealing import Sealer
from tests.canary.story import PATIENCE_S, Story


def _lease(story: Story) -> tuple[str, str, str, str]:
    """Take a run that is done elsewhere: its team, task and worker, and its service key."""
    body = {"title": "A task", "description": "Do it", "role": "elsewhere"}
    assert story.ask("POST", "/api/v1/tasks/", json=body).status_code == 201
    team = story.ask("GET", "/teams").json()[0]["id"]
    worker = story.ask("GET", f"/workers?teamId={team}&status=starting").json()[0]
    # The one answer that a key is in is not remembered: there it has to be.
    answer = story.http.post(
        f"{story.url}/hall/v1/runs/{worker['id']}/lease",
        headers={"Authorization": f"Bearer {story.canaries.customer}"},
        json={"lease_s": 600},
    )
    assert answer.status_code == 200, answer.text
    return team, worker["taskId"], worker["id"], str(answer.json()["service_key"])


def tell_elsewhere(story: Story) -> None:
    """Two runs elsewhere say their own service keys in all that they say, right and wrong."""
    for name, status in (("delivers", "completed"), ("fails", "failed")):
        team, task, worker, key = _lease(story)
        setattr(story.canaries, name, key)
        words = f"my key is {key}, I say"
        event = {"teamId": team, "type": "message", "actor": words, "data": {"a": [{key: words}]}}
        assert story.ask("POST", "/events", key=key, json=event).status_code == 201
        part = {"title": words, "description": words, "acceptCriteria": words, "createdBy": words}
        answer = story.ask("POST", f"/tasks/{task}/subtasks", key=key, json=part)
        assert answer.status_code == 201
        for tool, said in (
            ("report_progress", {"text": words}),
            ("post_message", {"text": words}),
            ("create_subtask", {"title": words, "description": words}),
            ("attach_file", {"name": f"{key}.txt", "content": words}),
            ("nothing", {"text": words}),
            ("report_progress", {key: words}),
        ):
            story.ask("POST", f"/mcp/work/tools/{tool}", key=key, json=said)
        call = {"name": "report_progress", "arguments": {"text": words}}
        said = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        story.ask("POST", "/mcp/work", key=key, json=said)
        for path in ("/api/v1/tasks", "/teams", "/hall/v1/tasks", "/api/v1/agents/me", "/metrics"):
            story.ask("GET", path, key=key)
            story.ask("GET", f"{path}?key={key}")
            story.ask("POST", path, key=key, content=b'{"title": "' + key.encode())
        report = {
            "worker_id": worker, "task_id": task, "status": status, "summary": words,
            "git_branch": f"worker/{key}",
        }  # fmt: skip
        for _ in range(2):
            story.ask("POST", "/webhooks/worker-complete", key=key, json={**report, "status": key})
            answer = story.ask("POST", "/webhooks/worker-complete", key=key, json=report)
            assert answer.status_code == 200, answer.text
        story.ask("POST", "/events", key=key, json=event)
        for path in (f"/tasks/{task}", f"/workers/{worker}", f"/events?teamId={team}"):
            story.ask("GET", path)


def sign_and_send(story: Story, receiver: str) -> None:
    """A webhook whose receiver says back all that it is sent, signatures too; made, tried, renewed.

    The two answers that hold a secret are not remembered, nor is what its owner sees of its
    address: there they have to be.
    """
    canaries = story.canaries
    address = f"{receiver}/in?token={canaries.hook_token}"

    def owner(method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = story.http.request(
            method,
            f"{story.url}/hall/v1/webhooks{path}",
            headers={"Authorization": f"Bearer {canaries.customer}"},
            timeout=60,
            **more,
        )
        assert answer.is_success, answer.text
        return answer.json()

    made = owner("POST", "", json={"url": address})
    canaries.webhook = made["secret"]
    at = f"/{made['id']}"
    for _ in range(2):
        sent = owner("POST", f"{at}/ping")
        path = f"{at}/deliveries/{sent['id']}"
        until = time.monotonic() + PATIENCE_S
        while owner("GET", path)["attempts"] == 0:
            assert time.monotonic() < until
            time.sleep(0.05)
        owner("POST", f"{path}/redeliver")
        canaries.renewed = owner("POST", f"{at}/rotate-secret")["secret"]
    for path in ("", at, f"{at}/deliveries"):
        story.ask("GET", f"/hall/v1/webhooks{path}", key=canaries.agent)
        story.ask("GET", f"/hall/v1/webhooks{path}?secret={canaries.webhook}", key="aw_live_x")
    again = {"Idempotency-Key": "once"}
    for _ in range(2):
        story.http.post(
            f"{story.url}/hall/v1/webhooks",
            headers={"Authorization": f"Bearer {canaries.customer}", **again},
            json={"url": address},
        )
    # Who hands a secret in where it does not belong is not told it back.
    for body in ({"url": canaries.webhook}, {"url": [canaries.webhook]}, {"url": 1, "enabled": 7}):
        story.ask("POST", "/hall/v1/webhooks", json=body, headers={"Prefer": "handling=strict"})
    owner("PATCH", at, json={"enabled": False})
    for path in ("/hall/v1/events?limit=200", "/events"):
        story.ask("GET", path)


def keys_made_of(sealing: bytes) -> dict[str, str | bytes]:
    """The keys that files' links are signed with, and secrets sealed with."""
    made_for = {"links": b"hiringhall file links", "seals": b"hiringhall sealed secrets"}
    made = {name: hmac.digest(sealing, label, hashlib.sha256) for name, label in made_for.items()}
    # They are the hall's own, by what they do: else there would be nothing to look for.
    message = hmac.digest(made["links"], b"7\nx", hashlib.sha256)
    signed = base64.urlsafe_b64encode(message).rstrip(b"=").decode()
    assert signed == FileLinks(sealing).sign("x", 7)
    sealed = Sealer(sealing).seal("x", place="y")
    assert AESGCM(made["seals"]).decrypt(sealed[1:13], sealed[13:], b"y") == b"x"
    return dict(made)


BROKEN = (
    "tasks", "teams", "roles", "agents", "events", "runs", "registrations",
    "webhook_endpoints", "files", "sign_ins",
)  # fmt: skip
"""Tables that are taken away, so that every door meets what it does not expect."""


BROKEN_LAST = ("api_keys",)
"""What every key is looked up in: after that no door knows anybody."""


def break_tables(database_url: str, tables: Sequence[str] = BROKEN) -> None:
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite://")
        with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as made:
            made.execute("PRAGMA legacy_alter_table = ON")
            for name in tables:
                made.execute(f"ALTER TABLE {name} RENAME TO {name}_gone")
        return

    async def rename() -> None:
        connection: Any = await asyncpg.connect(database_url)
        for name in tables:
            await connection.execute(f"ALTER TABLE {name} RENAME TO {name}_gone")
        await connection.close()

    asyncio.run(rename())


def meet_faults(story: Story) -> dict[str, set[int]]:
    """Ask every door for what is broken, with secrets in all that is sent; what each answered."""
    canaries = story.canaries
    secrets = {
        "password": canaries.password, "githubToken": canaries.github,
        "anthropicApiKey": canaries.team_model, "name": canaries.mail, "title": canaries.openai,
        "description": canaries.gemini, "email": "eve@example.com", "payout_cents": 100,
        "instructions": canaries.provider, "categories": [], "agentName": canaries.metrics,
        "config": {"githubToken": canaries.github}, "planText": canaries.provider * 2,
        "worker_id": "worker_x", "task_id": "task_x", "status": "failed", "summary": "x",
    }  # fmt: skip
    calls = (
        ("agentwork", "/api/v1/tasks", canaries.customer),
        ("club", "/api/agent/v1/tasks", canaries.customer),
        ("nexwork", "/api/v1/agents/me/tasks", canaries.agent),
        ("nexwork", "/nexwork/api/v1/tasks", canaries.agent),
        ("agentix", "/teams", canaries.customer),
        ("agentix", "/register", canaries.customer),
        ("agentix", "/webhooks/worker-complete", canaries.delivers),
        ("native", "/hall/v1/tasks", canaries.customer),
        ("native", "/hall/v1/agents", canaries.customer),
        ("work", "/mcp/work/tools/get_task", canaries.fails),
        ("work", "/mcp/work", canaries.fails),
        ("webhooks", "/hall/v1/webhooks", canaries.customer),
    )
    answered: dict[str, set[int]] = {}
    for door, path, key in calls:
        for answer in (
            story.ask("GET", f"{path}?token={key}", key=key),
            story.ask("POST", path, key=key, json=secrets),
        ):
            answered.setdefault(door, set()).add(answer.status_code)
    for path, cookie in _unkeyed(story):
        answer = story.ask("GET", path, headers={"Cookie": cookie})
        answered.setdefault(path.split("/")[1], set()).add(answer.status_code)
    return answered


def _unkeyed(story: Story) -> list[tuple[str, str]]:
    """What opens without a key: a signed link to a file, and pages by a cookie."""
    file_id, expires = "0190a0a0-0000-7000-8000-000000000000", int(time.time()) + 3_600
    signature = FileLinks(story.canaries.sealing).sign(file_id, expires)
    link = f"/files/{file_id}?expires={expires}&signature={signature}"
    cookie = f"hall={story.canaries.cookie}"
    return [(link, ""), ("/app", cookie), ("/app/tasks", cookie)]


def meet_nobody(story: Story) -> dict[str, int]:
    """Ask at every address where a key is looked up, when none can be."""
    canaries = story.canaries
    return {
        path: story.ask("POST", path, key=key, json={"title": canaries.openai}).status_code
        for path, key in (
            ("/mcp", canaries.customer),
            ("/hall/v1/webhooks", canaries.customer),
            ("/api/v1/tasks", canaries.customer),
            ("/api/agent/v1/tasks", canaries.customer),
            ("/teams", canaries.customer),
        )
    }
