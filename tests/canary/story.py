"""One hall's secrets, and everything that it ever answered."""

import secrets as random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 120.0


@dataclass
class Canaries:
    """The secrets of one hall, by what they are."""

    provider: str = field(default_factory=lambda: f"sk-canary-{random.token_hex(20)}")
    openai: str = field(default_factory=lambda: f"sk-canary+/{random.token_hex(20)}")
    gemini: str = field(default_factory=lambda: f"AIza-canary-{random.token_hex(20)}")
    github: str = field(default_factory=lambda: f"ghp_canary{random.token_hex(20)}")
    team_model: str = field(default_factory=lambda: f"sk-ant-canary-{random.token_hex(20)}")
    mail: str = field(default_factory=lambda: f"mail canary&{random.token_hex(12)}")
    database: str = field(default_factory=lambda: f"db-canary-{random.token_hex(12)}")
    password: str = field(default_factory=lambda: f"password canary {random.token_hex(12)}")
    metrics: str = field(default_factory=lambda: f"metrics-canary-{random.token_hex(12)}")
    customer: str = ""
    agent: str = ""
    webhook: str = ""
    """What an organization's webhook is signed with."""
    renewed: str = ""
    """The same after it was renewed."""
    hook_token: str = field(default_factory=lambda: f"hook-canary-{random.token_hex(20)}")
    """What stands in the address of a webhook, and its owner alone may read."""
    cookie: str = field(default_factory=lambda: random.token_urlsafe(32))
    delivers: str = ""
    fails: str = ""
    """The service keys of two runs elsewhere; a run in a sandbox has none."""
    sealing: bytes = field(default_factory=lambda: random.token_bytes(32))


@dataclass
class Story:
    """A hall in a process of its own, and everything that it ever answered."""

    url: str
    data: Path
    log: Path
    canaries: Canaries
    told: list[bytes] = field(default_factory=list[bytes])
    http: httpx.Client = field(default_factory=httpx.Client)

    def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Ask, and remember the answer, head and all."""
        headers = {"Authorization": f"Bearer {key or self.canaries.customer}"}
        headers |= more.pop("headers", {})
        url = f"{self.url}{path}"
        answer = self.http.request(method, url, headers=headers, timeout=60, **more)
        self.told.append(str(answer.headers).encode() + answer.content)
        return answer

    def work(self, role: str, words: str = "Do it", **fields: Any) -> str:
        """A task from its posting to the end of its run; its status."""
        body = {"title": "A task", "description": words, "role": role, **fields}
        answer = self.ask("POST", "/api/v1/tasks/", json=body)
        assert answer.status_code == 201, answer.text
        task, status = answer.json()["task_id"], "processing"
        until = time.monotonic() + PATIENCE_S
        while status == "processing":
            assert time.monotonic() < until, self.log.read_text()[-3000:]
            time.sleep(0.05)
            answer = self.http.get(
                f"{self.url}/api/v1/tasks/{task}",
                headers={"Authorization": f"Bearer {self.canaries.customer}"},
            )
            status = answer.json()["status"]
        for more in ("", "/result", "/events", "/log"):
            self.ask("GET", f"/api/v1/tasks/{task}{more}")
        return str(status)
