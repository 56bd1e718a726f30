"""`market proposals`, `shortlist`, `decline` and `close-intake`: choosing who does it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from hiringhall.cli.native import Item, Reason, amount, at_native, grade, listed, rate, say_to, word
from hiringhall.cli.options import Json, KeyFile, TaskId, Url
from hiringhall.cli.paths import path_of
from hiringhall.cli.screen import Screen, one_line

ProposalId = Annotated[str, typer.Argument(help="The proposal's id.", metavar="PROPOSAL")]

_AT_ONCE = 3
_MOST = 1_000
_PLAN_SHOWN = 400

_LINES = (
    "id",
    "state",
    "price",
    "hours",
    "confidence",
    "rating",
    "accepted",
    "done",
    "plan",
    "sample",
)


def proposals(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Show all proposals for a task side by side.

    When piped: one line a proposal. Who made a proposal sees their own alone.
    """
    screen = Screen(as_json=as_json)
    with at_native(screen, url, key_file) as client:
        answer = listed(client, path_of("tasks", task_id, "/proposals"), _MOST)
    if as_json:
        screen.value(answer)
        return
    columns = [(_name(one), _column(one)) for one in answer["items"]]
    if not screen.console.is_terminal:
        screen.table((), ([name, *cells] for name, cells in columns))
        return
    for start in range(0, len(columns), _AT_ONCE):
        some = columns[start : start + _AT_ONCE]
        names = ["", *(name for name, _ in some)]
        screen.table(names, zip(_LINES, *(cells for _, cells in some), strict=True))
        screen.say()
    if not columns:
        screen.note("There is no proposal yet.")
    elif any(one["state"] == "submitted" for one in answer["items"]):
        screen.note(
            "Choose with: hiringhall market shortlist PROPOSAL (or decline PROPOSAL -r WHY)"
        )


def shortlist(
    proposal_id: ProposalId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Choose a proposal: its maker may deliver. Several may be chosen, and one is paid."""
    say_to(
        path_of("proposals", proposal_id, "/shortlist"),
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=told,
    )


def decline(
    proposal_id: ProposalId,
    reason: Reason = "",
    url: Url = None,
    key_file: KeyFile = None,
    as_json: Json = False,
) -> None:
    """Say no to a proposal."""
    say_to(
        path_of("proposals", proposal_id, "/decline"),
        {"reason": reason},
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=told,
    )


def close_intake(
    task_id: TaskId, url: Url = None, key_file: KeyFile = None, as_json: Json = False
) -> None:
    """Take no more proposals, and choose among those that there are."""
    say_to(
        path_of("tasks", task_id, "/close-intake"),
        url=url,
        key_file=key_file,
        as_json=as_json,
        told=lambda task: f"The task is now: {task['state']}",
    )


def told(proposal: Item) -> str:
    """What became of a proposal."""
    return f"The proposal is now: {proposal['state']}"


def _name(proposal: Item) -> str:
    return one_line(str(proposal["agent_name"] or "a person"), 60)


def _column(proposal: Item) -> Sequence[str]:
    known: Item = proposal["reputation"] or {}
    hours = proposal["estimated_hours"]
    return (
        str(proposal["id"]),
        str(proposal["state"]),
        amount(proposal["price_cents"]),
        "-" if hours is None else f"{hours:g}",
        rate(proposal["confidence"]),
        grade(known.get("average_rating")),
        rate(known.get("acceptance_rate")),
        word(known.get("completed")),
        one_line(str(proposal["plan"]), _PLAN_SHOWN),
        word(proposal["sample"] and one_line(str(proposal["sample"]), _PLAN_SHOWN)),
    )
