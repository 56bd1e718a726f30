"""The agent: its tools, and the only ways in which its work can end."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic_ai import Agent, ModelRetry, RunContext, ToolOutput
from pydantic_ai.capabilities import ProcessHistory

from hiringhall.workers.builtin import tools
from hiringhall.workers.builtin.loop.trimming import trim
from hiringhall.workers.builtin.loop.work import Work
from hiringhall.workers.builtin.wire import Checked

RETRIES = 4
"""How often in a row a tool may be called wrongly."""
STUBBORN = 8
"""How often a delivery may be refused before the run is given up."""
_TOLD = 1_500

Context = RunContext[Work]
Text = Annotated[str, Field(min_length=1)]


class Question(BaseModel):
    """One question to the poster; `options` are for the two kinds of choice, up to five."""

    question: Text
    type: Literal["text", "single_select", "multi_select"] = "text"
    options: Annotated[list[Text], Field(max_length=5)] = []


@dataclass
class Ended:
    """How the agent ended its work."""

    kind: Literal["asked", "planned", "delivered", "gave_up"]
    text: str = ""
    files: list[str] = field(default_factory=list[str])
    questions: list[Question] = field(default_factory=list[Question])


# ── the ways to end ───────────────────────────────────────────────────────────────────────────────


async def ask(
    _: Context, questions: Annotated[list[Question], Field(min_length=1, max_length=20)]
) -> Ended:
    """Ask the poster what the brief leaves open. Ends your work until the answers come."""
    for one in questions:
        chosen = [option.strip() for option in one.options]
        if (one.type == "text") == bool(chosen):
            raise ModelRetry("A choice has one to five options, and a question of type text none")
        if not all(chosen) or len(set(chosen)) != len(chosen):
            raise ModelRetry("Options are different texts, and none is empty")
    return Ended("asked", questions=questions)


async def propose_plan(_: Context, text: Text) -> Ended:
    """Say how you would do the task, for the poster to approve. Ends your work until then."""
    return Ended("planned", text)


async def deliver(
    context: Context, text: Text, files: list[str] | None = None, shortcomings: str = ""
) -> Ended:
    """Hand in. Ends your work.

    Args:
        context: The run.
        text: For the poster: what you did, what you decided, how you know that it works.
        files: Paths in the workspace to attach; without it, all that you changed.
        shortcomings: What falls short of the brief, if anything does.
    """
    work = context.deps
    if not work.criteria:
        raise ModelRetry("Call `plan` first, with the criteria that the work is judged by")
    if work.unchecked:
        raise ModelRetry(
            "Nobody has checked these yet; look, and call `check_criterion` for each:\n"
            + "\n".join(work.unchecked)
        )
    if work.unmet and not shortcomings.strip():
        raise ModelRetry(
            "These did not hold when you looked. Mend them and check again, or deliver with what "
            "falls short in `shortcomings`:\n" + "\n".join(work.unmet)
        )
    parts = [text.strip()]
    if shortcomings.strip():
        parts.append(f"What falls short: {shortcomings.strip()}")
    return Ended("delivered", "\n\n".join(parts), files=files or [])


async def fail(_: Context, reason: Text) -> Ended:
    """Give the task up, because it cannot be done. Ends your work."""
    return Ended("gave_up", reason)


# ── what it can do ────────────────────────────────────────────────────────────────────────────────


async def shell(context: Context, command: Text, timeout_s: int = tools.SHELL_S) -> str:
    """Run a shell command in the workspace and read what it prints, standard error with it.

    Args:
        context: The run.
        command: A command or a script.
        timeout_s: After how many seconds it is ended, at most 1800.
    """
    return await tools.shell(context.deps.run, command, timeout_s)


async def read_file(
    context: Context, path: Text, first_line: int = 1, lines: int = tools.LINES
) -> str:
    """Read a text file with numbered lines, or list a folder."""
    return await _told(tools.read_file(context.deps.run, path, first_line, lines))


async def write_file(context: Context, path: Text, content: str) -> str:
    """Write a whole file, made with its folders where it is not there."""
    return await _told(tools.write_file(context.deps.run, path, content))


async def edit_file(
    context: Context, path: Text, old: Text, new: str, *, every: bool = False
) -> str:
    """Replace a text in a file by another.

    Args:
        context: The run.
        path: The file.
        old: What stands there now, exactly, spaces and all; it has to be there exactly once.
        new: What shall stand there.
        every: Replace it wherever it stands.
    """
    return await _told(tools.edit_file(context.deps.run, path, old, new, every=every))


async def search(context: Context, pattern: str = "", path: str = ".", files: str = "") -> str:
    """Search files for an extended regular expression, or list files.

    Args:
        context: The run.
        pattern: What to look for; empty to list the files themselves.
        path: Where to look.
        files: A glob on the files' names, such as `*.py`.
    """
    return await _told(tools.search(context.deps.run, pattern, path, files))


async def report_progress(context: Context, text: Text) -> str:
    """Tell the poster in a sentence how far you are. Your work goes on."""
    await context.deps.tell(text[:_TOLD])
    return "The poster has been told."


async def plan(
    context: Context,
    steps: Annotated[list[Text], Field(min_length=1)],
    criteria: Annotated[list[Text], Field(min_length=1, max_length=40)],
) -> str:
    """Say how you will do the task, and by which criteria it is judged.

    Args:
        context: The run.
        steps: What you will do, in order.
        criteria: What the brief asks for, in its own words, and what it plainly implies. The task's
            own accept criteria come before them by themselves.
    """
    work = context.deps
    work.plan(criteria)
    await work.tell(f"Plan: {'; '.join(step.strip() for step in steps)}"[:_TOLD])
    numbered = "\n".join(f"{number}. {one}" for number, one in enumerate(work.criteria, 1))
    return f"Before you deliver, check each of these with `check_criterion`:\n{numbered}"


async def check_criterion(context: Context, number: int, evidence: Text, *, met: bool) -> str:
    """Write down that you have checked one criterion of your plan.

    Args:
        context: The run.
        number: The criterion's number in your plan.
        evidence: What you saw when you looked.
        met: Whether the criterion holds.
    """
    work = context.deps
    if not work.check(number, met=met):
        raise ModelRetry(f"Your plan has {len(work.criteria)} criteria; there is no {number}")
    if work.is_given(number):
        await work.note(Checked(criterion=number, met=met, evidence=evidence))
    holds = "holds" if met else "does not hold yet"
    await work.tell(f"Checked: {work.criteria[number - 1]}: {holds}. {evidence}"[:_TOLD])
    left = len(work.unchecked)
    return f"Written down. {left} to check." if left else "Written down. All are checked."


_LOOKING = (shell, read_file, search, report_progress)
_WORKING = (*_LOOKING, write_file, edit_file, plan, check_criterion)


@cache
def make_agent(*, plan_first: bool) -> Agent[Work, Ended]:
    """The agent for a run that works, or for one that only proposes a plan."""
    ends = (ask, propose_plan, fail) if plan_first else (ask, deliver, fail)
    outputs: Sequence[ToolOutput[Ended]] = [
        ToolOutput(end, name=end.__name__, max_retries=STUBBORN) for end in ends
    ]
    return Agent(
        deps_type=Work,
        output_type=outputs,
        tools=_LOOKING if plan_first else _WORKING,
        retries={"tools": RETRIES, "output": RETRIES},
        end_strategy="graceful",
        capabilities=[ProcessHistory(trim)],
    )


async def _told(doing: Awaitable[str]) -> str:
    """A tool's answer; what it could not do is an answer too, and no wrong call."""
    try:
        return await doing
    except tools.CannotDo as error:
        return f"That did not work: {error}"
