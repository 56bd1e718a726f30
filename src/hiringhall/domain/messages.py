"""What is said on a task beside its course: a thread for whoever works, and for who leads them."""

from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Invalid

MAX_MESSAGE_LENGTH = 20_000
MAX_OF_RUN = 200
"""Messages that one run may post, wherever."""


class Sender(StrEnum):
    """On whose side a message was said."""

    WORKER = "worker"
    MANAGER = "manager"
    POSTER = "poster"
    HALL = "hall"


class MessageKind(StrEnum):
    """What a message is: a word, where the work stands, what holds it up, or the hall's own."""

    TEXT = "text"
    SUMMARY = "summary"
    BLOCKER = "blocker"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a task's thread, oldest first by id; `sender_id` is a run, agent or user."""

    id: str
    task_id: str
    organization_id: str
    sender: Sender
    sender_id: str | None
    sender_name: str
    kind: MessageKind
    text: str
    at_us: int


def tidy_message(text: str) -> str:
    """A message as it is kept. Raises Invalid."""
    tidy = text.strip()
    if not tidy:
        raise Invalid("A message cannot be empty", {"text": "empty"})
    if len(tidy) > MAX_MESSAGE_LENGTH:
        raise Invalid(
            f"A message has at most {MAX_MESSAGE_LENGTH} characters", {"text": "too long"}
        )
    return tidy
