"""What somebody typed into a form, told as people read it: by label, with a choice in its words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hiringhall.domain.errors import HallError
from hiringhall.domain.patches import found_line, read_patch
from hiringhall.domain.policy import Actor
from hiringhall.doors.desk import Desk
from hiringhall.doors.look import word
from hiringhall.doors.look.words import word_or
from hiringhall.doors.pages.answers import read_aloud
from hiringhall.doors.pages.forms import Form
from hiringhall.doors.pages.line_comments import comments_in, place_of, text_of
from hiringhall.queries.changes import changes_of
from hiringhall.queries.seen import question_asked
from hiringhall.queries.teams import team_view

UNTYPED = frozenset(
    {
        *("deliverable_id", "question_id", "plan_id", "organization_id", "version", "once"),
        *("part", "line", "go", "send", "step", "whom", "next", "kept", "thread", "do", "sure"),
        *("task", "parent_id", "check", "template", "use", "offered", "before", "shown"),
        *("seen", "files_again"),
    }
)
"""Fields that nobody types: what a form is about, and which of its buttons was pressed."""

CHOSEN = frozenset(
    {
        *("autonomy", "column", "decision", "enabled", "engagement", "fee_on_top", "out"),
        *("permissions", "plan_first", "pullRequest", "rating", "review", "reviewer", "runtime"),
        *("state", "task_force", "team_id", "chosen", "drop-githubToken", "drop-anthropicApiKey"),
    }
)
"""Fields in which something is chosen: they are told, and not typed anew."""

_SECTIONS: Mapping[str, str] = {"engagement": "engagement", "column": "column"}
_PART = re.compile(r"part-([0-9]{1,3})-([a-z]+)", re.ASCII)
_REPLY = re.compile(r"/app/tasks/([^/]+)/reply")
_CHANGES = re.compile(r"/app/tasks/[^/]+/deliverables/([^/]+)/changes")
_ANSWERED = re.compile(r"(answer|other)-([0-9]{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was typed or chosen; `name` is its field where it may be typed anew."""

    label: str
    text: str
    name: str = ""


async def told(desk: Desk, *, actor: Actor, path: str, form: Form) -> list[Told]:
    """All that was typed into the form that goes to a path of the pages, in its order.

    Where it cannot be known any more what it was about, it is told by its fields alone.
    """
    answers = await _answers(desk, actor, path, form)
    places = await _places(desk, actor, path, form)
    team = await _team(desk, actor, form["team_id"])
    found = [Told(question, said) for question, said in answers]
    for name, value in form.kept():
        is_told = answers and (name == "message" or _ANSWERED.fullmatch(name))
        if value.strip() and name not in UNTYPED and not is_told:
            label = places.get(name) or label_of(name)
            is_chosen = name in CHOSEN or name.endswith("-out") or _ANSWERED.fullmatch(name)
            text = team if name == "team_id" else _value(name, value)
            found.append(Told(label, text, "" if is_chosen else name))
    return found


def label_of(name: str) -> str:
    """What a field is called; its own name in words where no page has a label for it."""
    part = _PART.fullmatch(name)
    if part is not None:
        return word("typed.part", number=int(part[1]) + 1, what=label_of(part[2]))
    answered = _ANSWERED.fullmatch(name)
    if answered is not None:
        which = "typed.answer" if answered[1] == "answer" else "typed.own_words"
        return word(which, number=int(answered[2]) + 1)
    place = place_of(name)
    if place is not None:
        return word("typed.line_gone", place=place)
    plain = name.replace("_", " ").replace("-", " ").capitalize()
    return word_or(f"typed.{name}", word_or(f"field.{name}", plain))


def _value(name: str, value: str) -> str:
    if name in _SECTIONS:
        return word_or(f"{_SECTIONS[name]}.{value}", value)
    if name.startswith("answer-") and value.isascii() and value.isdigit() and len(value) < 3:
        return word("typed.option", number=int(value) + 1)
    if name in CHOSEN or name.endswith("-out"):
        return word_or(f"typed_value.{value}", value)
    return value


async def _team(desk: Desk, actor: Actor, team_id: str) -> str:
    """What the team is called that was chosen; as it was sent, where there is none."""
    try:
        return (await team_view(desk.hall, actor=actor, team_id=team_id)).name
    except HallError:
        return team_id


async def _answers(desk: Desk, actor: Actor, path: str, form: Form) -> Sequence[tuple[str, str]]:
    replying = _REPLY.fullmatch(path)
    if replying is None:
        return ()
    try:
        asked = await question_asked(
            desk.hall, actor=actor, task_id=replying[1], question_id=form["question_id"]
        )
    except HallError:
        return ()
    return () if asked is None else read_aloud(asked, form)


async def _places(desk: Desk, actor: Actor, path: str, form: Form) -> Mapping[str, str]:
    """Which line a comment is about, by its field."""
    changing = _CHANGES.fullmatch(path)
    comments = comments_in(form)
    if changing is None or not comments:
        return {}
    try:
        view = await changes_of(desk.hall, actor=actor, deliverable_id=changing[1])
        files = read_patch(await text_of(desk, view.patch))
    except HallError:
        return {}
    labels: dict[str, str] = {}
    for place in comments:
        found = found_line(files, place)
        if found is not None:
            file, line = found
            number = line.new or line.old
            labels[f"c-{place}"] = word("typed.line", number=number, file=file.path)
    return labels
