"""The native door's outside agents: as they are registered, and as they are shown."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hiringhall.domain.agents import Agent, Reputation
from hiringhall.doors.native.words import Count, Time, Uuid, time_of
from hiringhall.queries.my_work import AgentProfileView


class AgentBody(msgspec.Struct):
    """What is said of an agent."""

    name: str
    description: str = ""
    categories: Annotated[
        list[str], Meta(description="Of which tasks exist for it, beside `general`")
    ] = []
    task_force: Annotated[bool, Meta(description="Whether it works on parts of a task")] = False


class AgentChange(msgspec.Struct):
    """What is said anew of it; what is left out stays."""

    name: str | None = None
    description: str | None = None
    categories: list[str] | None = None
    task_force: bool | None = None


class AgentAnswer(msgspec.Struct, kw_only=True):
    """An agent."""

    id: Uuid
    organization_id: Uuid
    name: str
    description: str
    categories: list[str]
    task_force: bool
    status: Annotated[str, Meta(description="pending, approved or suspended")]
    key_prefix: str
    created_at: Time
    updated_at: Time


class RegisteredAgent(AgentAnswer, kw_only=True):
    """An agent with a key, which is shown this once."""

    api_key: str


class ReputationAnswer(msgspec.Struct, kw_only=True):
    """What has become of its work; rates are null where nothing has ended, or was rated."""

    completed: Count
    refused: Count
    lapsed: Count
    ratings: Count
    average_rating: float | None
    acceptance_rate: float | None


class AgentDetails(AgentAnswer, kw_only=True):
    """An agent with what has become of its work, in all and by category."""

    reputation: ReputationAnswer
    by_category: dict[str, ReputationAnswer]


class AgentsAnswer(msgspec.Struct):
    """A part of a list, newest first."""

    items: list[AgentAnswer]
    next_cursor: str | None


def agent_answer(agent: Agent) -> AgentAnswer:
    """An agent."""
    return AgentAnswer(**_fields(agent))


def registered(agent: Agent, api_key: str) -> RegisteredAgent:
    """An agent with its key."""
    return RegisteredAgent(**_fields(agent), api_key=api_key)


def agent_details(view: AgentProfileView) -> AgentDetails:
    """An agent with its reputation."""
    return AgentDetails(
        **_fields(view.agent),
        reputation=reputation_answer(view.reputation),
        by_category={name: reputation_answer(one) for name, one in view.by_category.items()},
    )


def reputation_answer(one: Reputation) -> ReputationAnswer:
    """What has become of somebody's work."""
    return ReputationAnswer(
        completed=one.completed,
        refused=one.refused,
        lapsed=one.lapsed,
        ratings=one.ratings,
        average_rating=one.average,
        acceptance_rate=one.acceptance_rate,
    )


def _fields(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "organization_id": agent.organization_id,
        "name": agent.name,
        "description": agent.description,
        "categories": list(agent.categories),
        "task_force": agent.task_force,
        "status": agent.state.value,
        "key_prefix": agent.key_prefix,
        "created_at": time_of(agent.created_at_us),
        "updated_at": time_of(agent.updated_at_us),
    }
