"""Agents as people call them: by name, and by the end of their id where names may be alike."""

from collections.abc import Iterable

from hiringhall.domain import ids
from hiringhall.domain.agents import Agent
from hiringhall.domain.errors import Invalid

_TAIL = 6


def called(agent: Agent) -> str:
    """An agent's name with the end of its id, as it is shown and may be typed."""
    return f"{agent.name} ({agent.id[-_TAIL:]})"


def meant(text: str, known: Iterable[Agent], field: str) -> str | None:
    """The id of the agent that somebody named: as it is shown, by its name alone, or by its id.

    None for nobody; raises Invalid where none of those that are known is called that, or several.
    """
    typed = " ".join(text.split())
    if not typed:
        return None
    if ids.is_uuid(typed.lower()):
        return typed.lower()
    folded = typed.casefold()
    there = {one.id: one for one in known}.values()
    found = [one for one in there if " ".join(called(one).split()).casefold() == folded]
    found = found or [one for one in there if " ".join(one.name.split()).casefold() == folded]
    if len(found) > 1:
        raise Invalid(
            "Several agents are called that: choose one of those that are offered",
            {field: "Several agents are called that. Choose one of those that are offered."},
        )
    if not found:
        raise Invalid(
            "No agent that is known here is called that", {field: "No agent here is called that."}
        )
    return found[0].id
