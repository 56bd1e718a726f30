"""What is sent to each route, door by door; `<team>` and the like stand for somebody's ids."""

from dataclasses import dataclass, field
from typing import Any

BIDS = ("/propose", "/proposals", "/claim")
"""What is asked of a task by whoever would like to have it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A body and a query that the route would take from whoever may.

    Where it `needs_key` nobody is served without one; elsewhere there is nothing of anybody's.
    """

    body: Any = None
    query: dict[str, str] = field(default_factory=dict[str, str])
    needs_key: bool = True


_AGENTWORK = {
    "POST /api/v1/auth/register": Case(needs_key=False),
    "POST /api/v1/auth/api-key": Case(needs_key=False),
    "POST /api/v1/tasks": Case({"title": "x", "description": "y"}),
    "GET /api/v1/tasks": Case(),
    "GET /api/v1/tasks/{task_id}": Case(),
    "GET /api/v1/tasks/{task_id}/result": Case(),
    "GET /api/v1/tasks/{task_id}/events": Case(),
    "POST /api/v1/tasks/{task_id}/message": Case({"message": "x"}),
    "POST /api/v1/tasks/{task_id}/solution-status": Case({"status": "CONFIRMED"}),
    "POST /api/v1/tasks/{task_id}/spec-status": Case({"status": "CONFIRMED"}),
    "POST /api/v1/tasks/{task_id}/cancel": Case(),
    "GET /api/v1/credits": Case(),
}

_CLUB = {
    "POST /api/agent/v1/tasks": Case(
        {"title": "x", "description": "y", "instructions": "z", "payout_cents": 100}
    ),
    "GET /api/agent/v1/tasks": Case(),
    "GET /api/agent/v1/tasks/{task_id}": Case(),
    "POST /api/agent/v1/tasks/{task_id}/feedback": Case({"rating": 5, "feedback": "x"}),
}

_PLAN = "I shall read the brief, do what it says, and hand it in."

_NEXWORK = {
    "GET /api/v1/tasks": Case(),
    "GET /api/v1/tasks/{task_id}": Case(),
    "POST /api/v1/tasks/{task_id}/propose": Case(
        {
            "planText": _PLAN,
            "confidenceScore": 0.5,
            "estimatedCostCents": 100,
            "estimatedHours": 1,
        }
    ),
    "POST /api/v1/tasks/{task_id}/deliver": Case({"content": "x"}),
    "GET /api/v1/subtasks/{subtask_id}/context": Case(),
    "GET /api/v1/subtasks/{subtask_id}/messages": Case(),
    "POST /api/v1/subtasks/{subtask_id}/messages": Case({"content": "x"}),
    "POST /api/v1/subtasks/{subtask_id}/deliver": Case({"content": "x"}),
    "GET /api/v1/agents/me": Case(),
    "GET /api/v1/agents/me/tasks": Case(),
    "GET /api/v1/agents/me/earnings": Case(),
}

_EVENT = {"teamId": "<team>", "type": "message", "data": {"message": "x"}}

_AGENTIX = {
    "POST /register": Case(needs_key=False),
    "GET /register/{token}": Case(needs_key=False),
    "GET /register/{token}/confirm": Case(needs_key=False),
    "POST /register/{token}/confirm": Case(needs_key=False),
    "GET /skills/ceo": Case(needs_key=False),
    "GET /playbook-templates/{name}": Case(query={"teamId": "<team>"}, needs_key=False),
    "POST /api-keys": Case({"name": "x"}),
    "GET /api-keys": Case(),
    "DELETE /api-keys/{key_id}": Case(),
    "POST /teams": Case({"name": "x"}),
    "GET /teams": Case(),
    "GET /teams/{team_id}": Case(),
    "PATCH /teams/{team_id}": Case({"goal": "x", "config": {"maxWorkers": 1}}),
    "GET /teams/{team_id}/playbook": Case(),
    "PUT /teams/{team_id}/playbook": Case({"playbook": "x"}),
    "GET /teams/{team_id}/github-activity": Case(),
    "GET /roles": Case(query={"teamId": "<team>"}),
    "POST /roles": Case({"teamId": "<team>", "name": "x", "systemPrompt": "y"}),
    "GET /roles/{role_id}": Case(),
    "PATCH /roles/{role_id}": Case({"systemPrompt": "x"}),
    "DELETE /roles/{role_id}": Case(),
    "GET /tasks": Case(query={"teamId": "<team>", "parentTaskId": "<task>"}),
    "POST /tasks": Case(
        {
            "teamId": "<team>",
            "title": "x",
            "parentTaskId": "<task>",
            "dependencies": ["<task>"],
        }
    ),
    "GET /tasks/{task_id}": Case(),
    "PATCH /tasks/{task_id}": Case({"title": "x", "status": "done", "dependencies": ["<task>"]}),
    "DELETE /tasks/{task_id}": Case(),
    "POST /tasks/{task_id}/run": Case(),
    "POST /tasks/{task_id}/resume": Case(),
    "POST /tasks/{task_id}/subtasks": Case({"title": "x", "dependencies": ["<task>"]}),
    "GET /workers": Case(query={"teamId": "<team>"}),
    "GET /workers/{worker_id}": Case(),
    "GET /usage": Case(query={"teamId": "<team>"}),
    "GET /events": Case(query={"teamId": "<team>", "taskId": "<task>"}),
    "POST /events": Case({**_EVENT, "taskId": "<task>", "workerId": "<run>"}),
    "POST /webhooks/worker-complete": Case(
        {"worker_id": "<run>", "task_id": "<task>", "status": "completed", "summary": "x"}
    ),
}

_POST = {"title": "x", "description": "y", "team_id": "<team>", "cap_micros": 1_000_000}

_PART = {"key": "one", "title": "x", "brief": "y", "share_cents": 100}

_NATIVE = {
    "GET /tasks": Case(query={"team_id": "<team>"}),
    "POST /tasks": Case(_POST),
    "GET /tasks/{task_id}": Case(),
    "PATCH /tasks/{task_id}": Case({"version": 1, "title": "x"}),
    "POST /tasks/{task_id}/publish": Case(),
    "POST /tasks/{task_id}/cancel": Case({"reason": "x"}),
    "POST /tasks/{task_id}/close-intake": Case(),
    "POST /tasks/{task_id}/reply": Case({"message": "x"}),
    "POST /tasks/{task_id}/review": Case({"decision": "accept", "deliverable_id": "<deliverable>"}),
    "POST /tasks/{task_id}/plan": Case({"accepted": True}),
    "GET /tasks/{task_id}/proposals": Case(),
    "POST /tasks/{task_id}/proposals": Case({"plan": _PLAN, "price_cents": 100}),
    "POST /proposals/{proposal_id}/shortlist": Case(),
    "POST /proposals/{proposal_id}/decline": Case({"reason": "x"}),
    "POST /proposals/{proposal_id}/withdraw": Case({"reason": "x"}),
    "POST /tasks/{task_id}/deliver": Case({"content": "x"}),
    "GET /tasks/{task_id}/deliverables": Case(),
    "GET /deliverables/{deliverable_id}": Case(),
    "POST /deliverables/{deliverable_id}/accept": Case({"rating": 5}),
    "POST /deliverables/{deliverable_id}/request-revision": Case({"reason": "x"}),
    "POST /deliverables/{deliverable_id}/reject": Case({"reason": "x"}),
    "POST /tasks/{task_id}/disputes": Case({"reason": "x"}),
    "GET /tasks/{task_id}/disputes": Case(),
    "GET /disputes/{dispute_id}": Case(),
    "POST /disputes/{dispute_id}/statements": Case({"text": "x"}),
    "POST /disputes/{dispute_id}/agree": Case({"worker_cents": 1}),
    "POST /disputes/{dispute_id}/resolve": Case({"worker_cents": 1}),
    "POST /tasks/{task_id}/assign-to-staff": Case({}),
    "POST /tasks/{task_id}/offer": Case({"price_cents": 100}),
    "POST /tasks/{task_id}/task-force": Case({"subtasks": [_PART]}),
    "GET /tasks/{task_id}/task-force": Case(),
    "POST /tasks/{task_id}/task-force/confirm": Case(),
    "POST /tasks/{task_id}/task-force/parts": Case({"subtasks": [_PART]}),
    "POST /tasks/{task_id}/assign": Case({"agent_id": "<agent>"}),
    "GET /tasks/{task_id}/context": Case(),
    "GET /tasks/{task_id}/messages": Case(),
    "POST /tasks/{task_id}/messages": Case({"content": "x"}),
    "POST /webhooks": Case({"url": "https://elsewhere.example/hook", "team_id": "<team>"}),
    "GET /webhooks": Case(),
    "GET /webhooks/{webhook_id}": Case(),
    "PATCH /webhooks/{webhook_id}": Case({"description": "x", "team_id": "<team>"}),
    "DELETE /webhooks/{webhook_id}": Case(),
    "POST /webhooks/{webhook_id}/rotate-secret": Case(),
    "POST /webhooks/{webhook_id}/ping": Case(),
    "GET /webhooks/{webhook_id}/deliveries": Case(),
    "GET /webhooks/{webhook_id}/deliveries/{delivery_id}": Case(),
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": Case(),
    "POST /tasks/{task_id}/run": Case(),
    "POST /tasks/{task_id}/resume": Case(),
    "POST /tasks/{task_id}/reopen": Case(),
    "GET /tasks/{task_id}/events": Case(),
    "GET /tasks/{task_id}/files": Case(),
    "GET /tasks/{task_id}/budget": Case(),
    "GET /me": Case(),
    "GET /keys": Case(),
    "POST /keys": Case({"name": "x"}),
    "DELETE /keys/{key_id}": Case(),
    "GET /members": Case(),
    "PATCH /members/{user_id}": Case({"role": "member"}),
    "DELETE /members/{user_id}": Case(),
    "GET /invitations": Case(),
    "POST /invitations": Case({"email": "somebody@example.com"}),
    "DELETE /invitations/{invitation_id}": Case(),
    "POST /invitations/accept": Case(needs_key=False),
    "GET /teams": Case(),
    "POST /teams": Case({"name": "x"}),
    "GET /teams/{team_id}": Case(),
    "PATCH /teams/{team_id}": Case({"goal": "x", "config": {"maxWorkers": 1}}),
    "GET /teams/{team_id}/playbook": Case(),
    "PUT /teams/{team_id}/playbook": Case({"playbook": "x"}),
    "GET /teams/{team_id}/budget": Case(),
    "PUT /teams/{team_id}/budget": Case({"cap_micros": 5_000_000}),
    "GET /budget": Case(),
    "PUT /budget": Case({"cap_micros": 5_000_000}),
    "GET /budget/changes": Case(),
    "GET /teams/{team_id}/roles": Case(),
    "POST /teams/{team_id}/roles": Case({"name": "x", "system_prompt": "y"}),
    "GET /roles/{role_id}": Case(),
    "PATCH /roles/{role_id}": Case({"system_prompt": "x"}),
    "DELETE /roles/{role_id}": Case(),
    "GET /runs": Case(query={"team_id": "<team>", "task_id": "<task>"}),
    "GET /runs/{run_id}": Case(),
    "GET /runs/{run_id}/log": Case(),
    "POST /runs/{run_id}/cancel": Case({"reason": "x"}),
    "GET /admin/disputes": Case(),
    "GET /market": Case(),
    "GET /market/categories": Case(),
    "POST /tasks/{task_id}/claim": Case(),
    "POST /tasks/{task_id}/release-claim": Case({"reason": "x"}),
    "GET /work": Case(),
    "GET /earnings": Case(),
    "POST /agents": Case({"name": "x"}),
    "GET /agents": Case(),
    "GET /agents/{agent_id}": Case(),
    "PATCH /agents/{agent_id}": Case({"description": "x"}),
    "POST /agents/{agent_id}/key": Case(),
    "GET /admin/agents": Case(),
    "POST /admin/agents/{agent_id}/approve": Case(),
    "POST /admin/agents/{agent_id}/suspend": Case(),
    "GET /account": Case(),
    "GET /statement": Case(),
    "POST /deposits": Case({"amount_cents": 100}),
    "GET /deposits": Case(),
    "GET /deposits/{deposit_id}": Case(),
    "POST /payouts/payee": Case(),
    "GET /payouts": Case(),
    "POST /payouts/{payout_id}/retry": Case(),
    "POST /payments/stripe": Case(needs_key=False),
    "GET /admin/organizations": Case(),
    "POST /admin/deposits": Case({"organization_id": "<organization>", "amount_cents": 100}),
    "GET /admin/payouts": Case(),
    "POST /admin/payouts/{payout_id}/paid": Case({"reference": "x"}),
    "GET /ledger/check": Case(),
    "POST /runs/{run_id}/lease": Case({}),
    "GET /events": Case(query={"team_id": "<team>", "task_id": "<task>"}),
}

_WORK = {
    "POST /mcp/work": Case({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
    "GET /mcp/work/tools": Case(),
    "POST /mcp/work/tools/{tool}": Case({}),
}

_MCP = {"POST /mcp": Case({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})}

_FILES = {
    "GET /files/{file_id}": Case(needs_key=False),
    "GET /files/{file_id}/picture": Case(needs_key=False),
}

CASES = {
    "agentwork": _AGENTWORK,
    "club": _CLUB,
    "nexwork": _NEXWORK,
    "agentix": _AGENTIX,
    "native": _NATIVE,
    "work": _WORK,
    "mcp": _MCP,
    "files": _FILES,
}
"""By the door's name, by method and path."""
