"""The tools a model sees: names and parameters of the Agentwork guide, one API call each."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, TypeAlias

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from agentwork_mcp.client import AgentworkClient
from agentwork_mcp.errors import Advice, CallFailed
from agentwork_mcp.keys import Keys, NoKey

Json: TypeAlias = dict[str, Any]

# One path segment and nothing else: an id comes from a model, and must not become another path.
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")

TaskId = Annotated[str, Field(description="The task_id that agentwork_create_task answered.")]
ApiKey = Annotated[
    str | None,
    Field(description="An API key (aw_live_…) to act with; leave it out where the server has one."),
]
Approved = Annotated[bool, Field(description="true to accept, false to send it back.")]
RejectionReason = Annotated[
    str | None,
    Field(description="With approved=false: what is wrong, and what you want instead."),
]


@dataclass
class Answer:
    """One answer to one of the numbered questions."""

    question_index: Annotated[
        int,
        Field(description="0-based place of the question in question.content's list."),
    ]
    selected: Annotated[
        str | list[str],
        Field(description="One text for text and single_select, a list of texts for multi_select."),
    ]


class Tools:
    """The tools over one API client; whose key a call carries is `keys`' decision."""

    def __init__(self, client: AgentworkClient, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._advice = Advice(
            get_key=f"The API key is missing, wrong or revoked. {keys.how_to_get_one}"
        )

    async def agentwork_register(
        self,
        email: Annotated[str, Field(description="An e-mail address that has no account yet.")],
        name: Annotated[
            str,
            Field(description="Full name of the person or agent the account is for."),
        ],
        organization_name: Annotated[
            str | None,
            Field(description="Name of the organization; one is made up when left out."),
        ] = None,
        api_key: Annotated[
            str | None, Field(description="Not used: registering needs no key.")
        ] = None,
    ) -> Json:
        """Register a new account and get an API key. Call this only when there is no key yet.

        Returns api_key (shown this once: keep it), key_prefix, organization_id,
        organization_short_id and user_id, and in `note` whether the other tools use the key from
        now on. New accounts are free.
        """
        del api_key
        body: Json = {"email": email, "name": name}
        if organization_name:
            body["organization_name"] = organization_name
        advice = replace(
            self._advice,
            conflict="This e-mail already has an account: use its key, exchange its password for a "
            "new one with POST /api/v1/auth/api-key, or register another e-mail.",
            bad_request="Correct the arguments: email and name are required.",
            after_timeout="The account may exist all the same; trying again then answers 409.",
        )
        answer = await _said(self._client.post("/auth/register", body, api_key=None, advice=advice))
        key = answer.get("api_key")
        if isinstance(key, str):
            answer["note"] = self._keys.registered(key)
        return answer

    async def agentwork_create_task(
        self,
        title: Annotated[str, Field(description="Short title; about 70 characters are kept.")],
        description: Annotated[
            str,
            Field(description="What you need; the more it says, the fewer questions follow."),
        ],
        ctx: Context[Any, Any],
        api_key: ApiKey = None,
    ) -> Json:
        """Hand a software task to an agent, which works in the background for some minutes.

        Returns task_id and status. Then call agentwork_get_task_status every 5 to 10 seconds until
        it asks for something or is finished. Every call makes a new task.
        """
        advice = replace(
            self._advice,
            bad_request="Correct the arguments: title and description must both say something.",
            after_timeout="It may exist all the same: ask the user before you create it again.",
        )
        body: Json = {"title": title, "description": description}
        return await _said(
            self._client.post("/tasks/", body, api_key=self._key(api_key, ctx), advice=advice)
        )

    async def agentwork_get_task_status(
        self, task_id: TaskId, ctx: Context[Any, Any], api_key: ApiKey = None
    ) -> Json:
        """Read where a task stands. Its status says what to do next.

        - "processing": the agent works. Ask again in 5 to 10 seconds.
        - "awaiting_reply": read question.content, answer with agentwork_send_message. For the type
          CLARIFYING_QUESTIONS it is a JSON string with a list of questions (text, single_select,
          multi_select).
        - "awaiting_solution_approval": read solution.content, then decide with
          agentwork_approve_solution.
        - "completed": fetch the result with agentwork_get_task_result.
        - "cancelled": it is over; agentwork_get_task_events says why.
        - "awaiting_spec_approval" (only where plans are approved first): read spec.content, then
          decide with agentwork_approve_spec, which is here when AGENTWORK_PLAN_APPROVAL=1 is set.

        last_activity_at (UTC) is the time of the last change: "processing" with no change for many
        minutes means that the task is stuck; look at its events, and cancel it if need be.
        """
        return await self._read(task_id, "", ctx, api_key)

    async def agentwork_send_message(
        self,
        task_id: TaskId,
        ctx: Context[Any, Any],
        message: Annotated[
            str,
            Field(description="The reply in plain words; fits every kind of question."),
        ] = "",
        answers: Annotated[
            list[Answer] | None,
            Field(description="Answers to numbered questions; if given, message is not used."),
        ] = None,
        api_key: ApiKey = None,
    ) -> Json:
        """Answer what the agent asked, when the status is "awaiting_reply": message or answers.

        Returns success and the new status: the agent goes on working.
        """
        if not answers and not message.strip():
            raise ToolError(
                "Give message (plain text) or answers (a list of question_index and selected)."
            )
        body: Json = (
            {"answers": [asdict(answer) for answer in answers]} if answers else {"message": message}
        )
        return await self._tell(task_id, "message", body, ctx, api_key)

    async def agentwork_approve_solution(
        self,
        task_id: TaskId,
        approved: Approved,
        ctx: Context[Any, Any],
        rejection_reason: RejectionReason = None,
        api_key: ApiKey = None,
    ) -> Json:
        """Accept or send back the solution, when the status is "awaiting_solution_approval".

        Accepting completes the task for good; sending it back makes the agent revise.
        """
        return await self._tell(
            task_id,
            "solution-status",
            _decision(approved=approved, reason=rejection_reason),
            ctx,
            api_key,
        )

    async def agentwork_approve_spec(
        self,
        task_id: TaskId,
        approved: Approved,
        ctx: Context[Any, Any],
        rejection_reason: RejectionReason = None,
        api_key: ApiKey = None,
    ) -> Json:
        """Accept or send back the plan, when the status is "awaiting_spec_approval".

        Accepting lets the agent carry the plan out; sending it back makes it plan again.
        """
        return await self._tell(
            task_id,
            "spec-status",
            _decision(approved=approved, reason=rejection_reason),
            ctx,
            api_key,
        )

    async def agentwork_get_task_result(
        self, task_id: TaskId, ctx: Context[Any, Any], api_key: ApiKey = None
    ) -> Json:
        """Fetch what a task produced. Most useful when its status is "completed".

        Returns result_text (the newest solution or the final message, null when there is none yet)
        and files, each with name and download_url. The URLs need no key and are good for one hour;
        call again for fresh ones.
        """
        return await self._read(task_id, "/result", ctx, api_key)

    async def agentwork_get_task_events(
        self, task_id: TaskId, ctx: Context[Any, Any], api_key: ApiKey = None
    ) -> Json:
        """Read a task's log, oldest first: what the agent does, asks, is answered and delivers.

        Each event has timestamp (UTC), type (status, question, reply, message_to_customer,
        solution_proposed, solution_decision) and content.
        """
        return await self._read(task_id, "/events", ctx, api_key)

    async def agentwork_cancel_task(
        self, task_id: TaskId, ctx: Context[Any, Any], api_key: ApiKey = None
    ) -> Json:
        """Cancel a task that is not finished; its agent stops. This cannot be undone.

        Cancelling twice is fine; a completed task cannot be cancelled.
        """
        return await self._tell(task_id, "cancel", {}, ctx, api_key)

    async def _read(
        self, task_id: str, below: str, ctx: Context[Any, Any], api_key: str | None
    ) -> Json:
        path = f"/tasks/{_checked_id(task_id)}{below}"
        return await _said(
            self._client.get(path, api_key=self._key(api_key, ctx), advice=self._advice)
        )

    async def _tell(
        self,
        task_id: str,
        verb: str,
        body: Json,
        ctx: Context[Any, Any],
        api_key: str | None,
    ) -> Json:
        path = f"/tasks/{_checked_id(task_id)}/{verb}"
        advice = replace(
            self._advice,
            after_timeout="It may have been taken all the same: read the task's status.",
        )
        return await _said(
            self._client.post(path, body, api_key=self._key(api_key, ctx), advice=advice)
        )

    def _key(self, given: str | None, ctx: Context[Any, Any]) -> str:
        try:
            return self._keys.choose(given, ctx.headers)
        except NoKey as missing:
            raise ToolError(str(missing)) from None


async def _said(call: Awaitable[Json]) -> Json:
    """The call's answer; a failed call becomes an error that the model reads."""
    try:
        return await call
    except CallFailed as failed:
        raise ToolError(str(failed)) from None


def _checked_id(task_id: str) -> str:
    task_id = task_id.strip()
    if not _TASK_ID.fullmatch(task_id):
        raise ToolError(
            "task_id is not a task's id: pass the value that agentwork_create_task answered."
        )
    return task_id


def _decision(*, approved: bool, reason: str | None) -> Json:
    body: Json = {"status": "CONFIRMED" if approved else "REJECTED"}
    if reason and reason.strip():
        body["rejection_reason"] = reason
    return body
