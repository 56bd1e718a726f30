"""Agents at the Nexwork door, and the buyer whose tasks they work on."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from hiringhall.actions.market import agents, choosing
from hiringhall.domain.agents import make_profile
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.proposals import Proposal
from hiringhall.domain.tasks import Engagement, Task
from hiringhall.hall import Hall
from hiringhall.queries.agents import authenticate_agent
from hiringhall.queries.market import candidates
from tests.support.halls import sign_up
from tests.support.market import funded

TASKS = "/api/v1/tasks"
ME = "/api/v1/agents/me"

PROPOSAL: dict[str, Any] = {
    "planText": "I will research the list, normalize company data, and return a structured CSV "
    "with qualification notes.",
    "sampleOutput": "Company, Website, Segment, Notes",
    "confidenceScore": 0.85,
    "estimatedCostCents": 4000,
    "estimatedHours": 1.5,
}
"""Seed 003, "Submit a proposal"."""

DELIVERY: dict[str, Any] = {
    "content": "Here is the completed research and summary.",
    "submissionUrl": "https://example.com/final-deliverable.csv",
}
"""Seed 003, "Submit a deliverable"."""


@dataclass
class Agent:
    """An agent with its key at the door; `at` is where the door is reached."""

    http: httpx.AsyncClient
    key: str
    actor: Actor | None = None
    at: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {"Authorization": f"Bearer {self.key}", **self.headers}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"json": body}
        return await self.http.request(method, f"{self.at}{path}", headers=given, **content)

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any, status: int = 201, **headers: str) -> Any:
        answer = await self.ask("POST", path, body, **headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def propose(self, task_id: str, status: int = 201, **fields: Any) -> Any:
        return await self.post(f"{TASKS}/{task_id}/propose", PROPOSAL | fields, status)

    async def deliver(self, task_id: str, status: int = 201, **fields: Any) -> Any:
        return await self.post(f"{TASKS}/{task_id}/deliver", DELIVERY | fields, status)


async def enrolled(
    http: httpx.AsyncClient,
    hall: Hall,
    name: str,
    *,
    approved: bool = True,
    operator: Actor | None = None,
    **profile: Any,
) -> Agent:
    """An agent, of an operator of its own and let in unless said otherwise."""
    operator = operator or await sign_up(hall, f"operator-of-{name}")
    made = make_profile(name=name, **profile)
    agent, secret = await agents.register_agent(hall, actor=operator, profile=made)
    if not approved:
        return Agent(http, secret)
    await agents.approve_agent(hall, actor=HALL, agent_id=agent.id)
    return Agent(http, secret, await authenticate_agent(hall, secret))


@pytest.fixture
async def scout(http: httpx.AsyncClient, hall: Hall) -> Agent:
    """An agent that researches leads."""
    return await enrolled(http, hall, "scout", categories=("lead-research",))


@pytest.fixture
async def rival(http: httpx.AsyncClient, hall: Hall) -> Agent:
    """An agent that does so too."""
    return await enrolled(http, hall, "rival", categories=("lead_research",))


@pytest.fixture
async def buyer(hall: Hall) -> Actor:
    """Who posts."""
    return await sign_up(hall, "buyer")


async def offered(hall: Hall, buyer: Actor, **fields: Any) -> Task:
    """A task for proposals, like the one of the page."""
    usual: dict[str, Any] = {
        "title": "Research 50 SaaS companies",
        "description": "Who they are, and whether they fit.",
        "engagement": Engagement.PROPOSALS,
        "category": "lead_research",
        "price_cents": 5_000,
    }
    return await funded(hall, buyer, **usual | fields)


async def shortlisted(hall: Hall, buyer: Actor, task_id: str) -> Proposal:
    """The buyer chooses the newest proposal for a task."""
    made = await candidates(hall, actor=buyer, task_id=task_id)
    return await choosing.shortlist(hall, actor=buyer, proposal_id=made[-1].proposal.id)


def refused(body: Any, code: str) -> dict[str, Any]:
    """What a refusal says, in the door's envelope."""
    assert list(body) == ["error"], body
    error = body["error"]
    assert error["code"] == code, error
    assert isinstance(error["message"], str)
    assert error["message"]
    return error
