"""Where secrets could slip besides: the words of a run elsewhere, and faults at every door."""

import asyncio
import contextlib
import sqlite3
from typing import Any

import asyncpg

from tests.canary.story import Story


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


BROKEN = ("tasks", "teams", "roles", "agents", "events", "runs", "registrations")
"""Tables that are taken away, so that every door meets what it does not expect."""


def break_tables(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite://")
        with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as made:
            made.execute("PRAGMA legacy_alter_table = ON")
            for name in BROKEN:
                made.execute(f"ALTER TABLE {name} RENAME TO {name}_gone")
        return

    async def rename() -> None:
        connection: Any = await asyncpg.connect(database_url)
        for name in BROKEN:
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
    )
    answered: dict[str, set[int]] = {}
    for door, path, key in calls:
        for answer in (
            story.ask("GET", f"{path}?token={key}", key=key),
            story.ask("POST", path, key=key, json=secrets),
        ):
            answered.setdefault(door, set()).add(answer.status_code)
    return answered
