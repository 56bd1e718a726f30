"""The manager's side: it looks at what was delivered, and sees to parts whose time is over."""

from hiringhall.actions.force.following import (
    advance,
    lock_whole,
    part_is_free,
)
from hiringhall.actions.force.giving import give
from hiringhall.actions.force.saying import say, tell_buyer
from hiringhall.actions.force.whole import run_out, take_away
from hiringhall.actions.market.reviewing import accept_in, revise_in
from hiringhall.actions.transaction import action
from hiringhall.domain.agents import AgentState
from hiringhall.domain.checks import CheckKind, CheckMethod, CheckResult, Verdict
from hiringhall.domain.force import (
    LOOK_AGAIN_US,
    MANAGER_REVISIONS,
    ForceState,
    Reviewer,
    fault_by_reading,
    fault_by_rule,
)
from hiringhall.domain.lifecycle import Side, Timer
from hiringhall.domain.policy import HALL
from hiringhall.domain.tasks import ON_IT, State, Task
from hiringhall.hall import Hall
from hiringhall.store import agents, assignments, checks, deliverables, tasks, terms, timers
from hiringhall.store import force as forces
from hiringhall.store.database import Tx
from hiringhall.store.timers import DueTimer

READ_BY_NOBODY = "By its form nothing is missing; nobody has read it."
"""What the manager says with what it accepts by rule."""


@action
async def manager_looks(tx: Tx, hall: Hall, *, timer: DueTimer) -> None:
    """Look at what was delivered: send it back, accept it, or leave it to the buyer.

    Where it has a model, it goes by what that found of the delivery (`finish_check`).
    """
    part = await tasks.for_change(tx, timer.task_id)
    if not await timers.take(tx, timer) or part is None or part.state is not State.IN_REVIEW:
        return
    whole, force = await lock_whole(tx, part)
    fault = await _fault(tx, part)
    if fault is not None:
        await _turn_down(tx, hall, whole, part, fault)
    elif force.reviewer is not Reviewer.MANAGER:
        return
    elif hall.rules.manager_has_model:
        await _decide_by_reading(tx, hall, whole, part)
    else:
        await _take_in(tx, hall, part, READ_BY_NOBODY)


async def _decide_by_reading(tx: Tx, hall: Hall, whole: Task, part: Task) -> None:
    """Go by what a model found; until it has, wait: the end of the check brings the manager back.

    What no model could say is the buyer's to decide.
    """
    result = await _reading(tx, part)
    if result is None:
        return
    if result.method is CheckMethod.MODEL and result.verdict is Verdict.PASSED:
        await _take_in(tx, hall, part, f"Read by {result.model}: {result.said}")
    elif result.method is CheckMethod.MODEL and result.verdict is Verdict.FAILED:
        await _turn_down(tx, hall, whole, part, fault_by_reading(result))
    else:
        said = result.said.rstrip(".")
        text = f"'{part.title}' was delivered, and I cannot say whether it is what was asked for"
        await tell_buyer(tx, hall, whole, f"{text}: {said}. It waits for your decision.")


async def _take_in(tx: Tx, hall: Hall, part: Task, why: str) -> None:
    part = await say(tx, hall, part, f"Accepted. {why}")
    await accept_in(tx, hall, part, side=Side.MANAGER, actor=HALL, feedback=why)


async def _turn_down(tx: Tx, hall: Hall, whole: Task, part: Task, fault: str) -> None:
    """Send it back so often, and then have the buyer decide."""
    if part.revisions >= MANAGER_REVISIONS:
        text = f"'{part.title}' was sent back {part.revisions} times, and again: {fault}."
        await tell_buyer(tx, hall, whole, f"{text} It waits for your decision.")
        return
    agreed = await terms.of_task(tx, part.id)
    assert agreed is not None, "a part has terms"
    part = await say(tx, hall, part, f"Please do this once more. {fault}.")
    await revise_in(tx, hall, part, agreed, Side.MANAGER, HALL, fault)


async def _reading(tx: Tx, part: Task) -> CheckResult | None:
    """What was found of a part's newest delivery beside its brief; None while it is looked at."""
    assert part.deliverable_id is not None, "it was delivered"
    found = (await checks.of_deliverables(tx, [part.deliverable_id])).get(part.deliverable_id, [])
    return next((one.result for one in found if one.kind is CheckKind.COHERENCE), None)


async def _fault(tx: Tx, part: Task) -> str | None:
    """What is wrong with a part's newest delivery, as far as rules can say."""
    assert part.deliverable_id is not None, "it was delivered"
    everything = await deliverables.of_task(tx, part.id)
    newest = next(one for one in everything if one.id == part.deliverable_id)
    handed_in = await assignments.submission(tx, newest.id)
    links = 0 if handed_in is None else len(handed_in.links)
    files = await deliverables.files_of(tx, newest.id)
    return fault_by_rule(
        text=newest.text,
        attached=links + len(files),
        brief=part.description,
        sent_back=[one.text for one in everything if one.accepted is False],
    )


@action
async def silence_is_over(tx: Tx, hall: Hall, *, timer: DueTimer) -> None:
    """An agent has said nothing for a day: the buyer is told, once for each silence."""
    part = await tasks.for_change(tx, timer.task_id)
    if not await timers.take(tx, timer) or part is None or part.state not in ON_IT:
        return
    whole, _ = await lock_whole(tx, part)
    await tell_buyer(tx, hall, whole, f"'{part.title}': its agent has said nothing for a day.")


async def look_for_somebody(tx: Tx, hall: Hall, part: Task) -> None:
    """Look anew for an agent for an open part; without one, again in a while."""
    whole, force = await lock_whole(tx, part)
    _, given = await give(tx, hall, whole, force, part)
    if given.state is State.OPEN:
        due_at_us = hall.clock() + LOOK_AGAIN_US
        await timers.set_timer(tx, task_id=part.id, kind=Timer.INTAKE, due_at_us=due_at_us)


async def time_of_part_is_over(tx: Tx, hall: Hall, part: Task) -> None:
    """Whoever has a part let its time pass, or may not work any more: another gets it."""
    for one in await assignments.active(tx, part.id):
        agent = None if one.worker.agent_id is None else await agents.by_id(tx, one.worker.agent_id)
        gone = agent is None or agent.state is not AgentState.APPROVED
        why = "its agent may not work any more" if gone else "it was not delivered in time"
        part = await take_part_from(tx, hall, part, one.id, why)


async def take_part_from(tx: Tx, hall: Hall, part: Task, assignment_id: str, why: str) -> Task:
    """Take a part from whoever has it, and give it to another."""
    part = await take_away(tx, hall, part, assignment_id, why)
    await part_is_free(tx, hall, part, why)
    return await tasks.for_change(tx, part.id) or part


async def time_of_whole_is_over(tx: Tx, hall: Hall, whole: Task) -> None:
    """Nothing more is begun; parts that somebody has may still come to their end."""
    if whole.state is State.AWAITING_REPLY:
        await run_out(tx, hall, whole)
        return
    await forces.set_state(tx, whole.id, ForceState.CLOSING)
    again_us = (hall.rules.grace_s + hall.rules.review_s) * 1_000_000
    await timers.set_timer(
        tx, task_id=whole.id, kind=Timer.GRACE, due_at_us=hall.clock() + again_us
    )
    force = await forces.of_task(tx, whole.id)
    assert force is not None, "it is at work"
    await advance(tx, hall, whole, force)
