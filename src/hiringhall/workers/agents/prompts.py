"""What an agent is told: who it is, what there is to do, and what was said since it last worked."""

from hiringhall.actions.runs.working import RunBrief
from hiringhall.workers.briefs import as_markdown, news
from hiringhall.workers.sessions import Seen

_TERMS = """\
You work on one task for a hiring hall, alone in a sandbox. {where} There is no network but the \
hall's own. Nobody reads what you say while you work, and nobody can answer in between: whoever \
posted the task is reached only through the tools of the MCP server `hall`.

- `report_progress` tells the poster in a sentence how far you are. Use it now and then.
- `ask` puts questions to the poster. Ask only what the task leaves open and what you cannot find \
out or decide yourself.
- `deliver` hands in. Before you do so, check your work against what was asked for, and verify \
every accept criterion that the brief states, one by one.
- `fail` gives the task up, with the reason.

Your work ends with exactly one of `ask`, `deliver` and `fail`. After that, stop: say nothing more \
and call no other tool. Answers, and wishes for changes, come to you in this same conversation."""

_REPOSITORY = (
    "The repository is checked out in {workspace} on the branch `{branch}`. Change files there, "
    "and commit if you like; what you leave uncommitted is committed for you. The hall pushes the "
    "branch after you have delivered: you cannot, and need not."
)
_NO_REPOSITORY = (
    "Work in the folder {workspace}, a git repository of its own: the files that you make or "
    "change there are what is handed in."
)
_PLAN_FIRST = (
    "Whoever posted this task approves a plan before anything is done. Change nothing yet: look "
    "around, say with the tool `propose_plan` how you would do it, and stop. The work comes after "
    "the plan is approved."
)
INTERRUPTED = (
    "Your work was interrupted before it was finished. The files in {workspace} are as they were "
    "left. Look where you are, and go on to the end: `deliver`, `ask` or `fail`."
)
_TO_ITS_END = "Go on with the task, to its end: `deliver`, `ask` or `fail`."
FINISH_PROPERLY = (
    "You have stopped without handing in, and so far nothing has reached the poster. Call one of "
    "the tools of the MCP server `hall` now: `deliver` when the task is done, `ask` when you need "
    "an answer first, `fail` when it cannot be done."
)


def first_prompt(brief: RunBrief, *, system_prompt: str, workspace: str, branch: str) -> str:
    """All of it: the role's own words first, because ACP has no other place for them."""
    where = _REPOSITORY if brief.task.repository is not None else _NO_REPOSITORY
    terms = _TERMS.format(where=where.format(workspace=workspace, branch=branch))
    parts = [system_prompt.strip(), terms, as_markdown(brief), _plan_first(brief)]
    return "\n\n".join(part for part in parts if part).strip()


def next_prompt(brief: RunBrief, *, seen: Seen, workspace: str) -> str:
    """What was said since the agent last worked."""
    parts = news(brief, seen)
    end = _plan_first(brief) or _TO_ITS_END
    if not parts:
        return INTERRUPTED.format(workspace=workspace)
    return "\n\n".join(["Since you last worked on the task:", *parts, end])


def _plan_first(brief: RunBrief) -> str:
    return _PLAN_FIRST if brief.task.spec_approval and not brief.task.plan_approved else ""
