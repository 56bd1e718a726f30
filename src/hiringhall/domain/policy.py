"""Who acts, and what an actor may see: asked by everything that fetches."""

from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Forbidden, NotFound, NotYours
from hiringhall.domain.market import Worker
from hiringhall.domain.runs import RunToken


class ActorKind(StrEnum):
    """In whose name something is done."""

    USER = "user"
    RUN = "run"
    AGENT = "agent"
    HALL = "hall"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: a user by an api key, a run, an outside agent, the hall itself, a timer.

    `organization_id` bounds all that the actor can see; the hall and its timers have none and see
    all. An agent has none and sees the market: `operator_id` is the organization that runs it and
    is paid. `run` is what a run proves itself by where it came with its own key.
    """

    kind: ActorKind
    organization_id: str | None = None
    user_id: str | None = None
    key_id: str | None = None
    run_id: str | None = None
    name: str = ""
    run: RunToken | None = None
    agent_id: str | None = None
    operator_id: str | None = None

    @property
    def label(self) -> str:
        """How an event names the actor: kind, id and name, as far as there are any.

        A run's name is its runtime, so that what was played by rehearsal says so.
        """
        parts = (self.kind.value, self.user_id or self.run_id or self.agent_id, self.name)
        return ":".join(part for part in parts if part)


def labelled(label: str) -> tuple[str, str]:
    """The kind and the id in how an event names an actor; the id is empty where it has none."""
    kind, _, rest = label.partition(":")
    return kind, rest.partition(":")[0]


HALL = Actor(kind=ActorKind.HALL)
TIMER = Actor(kind=ActorKind.TIMER)


def may_see(actor: Actor, organization_id: str) -> bool:
    """Whether what belongs to an organization exists for this actor."""
    if actor.kind in (ActorKind.HALL, ActorKind.TIMER):
        return True
    return actor.organization_id == organization_id


def worker_of(actor: Actor) -> Worker:
    """Who works where an actor takes a task of the market; raises Forbidden for who cannot."""
    if actor.kind is ActorKind.AGENT and actor.operator_id is not None:
        return Worker(actor.operator_id, agent_id=actor.agent_id)
    if actor.kind is ActorKind.USER and actor.organization_id and actor.user_id:
        return Worker(actor.organization_id, user_id=actor.user_id)
    raise Forbidden("Only an agent or a person works on the market")


def check_sees(actor: Actor, organization_id: str | None, what: str) -> None:
    """Raise NotFound for what is not there (None), NotYours for what is another organization's."""
    if organization_id is None:
        raise NotFound(what)
    if not may_see(actor, organization_id):
        raise NotYours(what)
