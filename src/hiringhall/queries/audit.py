"""Whether what the database says of itself holds together: the ledger, and every invariant."""

from collections.abc import Iterator
from dataclasses import dataclass

from hiringhall.domain.lifecycle import MOVES
from hiringhall.domain.tasks import State
from hiringhall.store import (
    audit,
    audit_briefs,
    budget_audit,
    force_audit,
    holds,
    ledger,
    market_audit,
    usage,
)
from hiringhall.store.audit import TaskTail
from hiringhall.store.audit_briefs import BriefTail
from hiringhall.store.database import Database, Tx

_STEPS = frozenset((source, move.target) for move in MOVES for source in move.sources)

MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What the books come to; `problems` is empty when they balance."""

    accounts: int
    transfers: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the books balance."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that was looked at, and each thing that does not hold, as a sentence."""

    tasks: int
    events: int
    runs: int
    ledger: LedgerCheck
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.problems and self.ledger.ok


async def check_ledger(database: Database) -> LedgerCheck:
    """Prove that kept balances are the sums of their transfers, and that all sums to zero."""
    return await database.scan(_check_ledger)


async def audit_all(database: Database) -> Audit:
    """Look at every task, event, run and account on one snapshot."""

    async def look(tx: Tx) -> Audit:
        problems: list[str] = []
        async for tail in audit.task_tails(tx):
            problems += _task_problems(tail)
            if len(problems) >= MAX_PROBLEMS:
                break
        async for brief in audit_briefs.brief_tails(tx):
            problems += _brief_problems(brief)
            if len(problems) >= MAX_PROBLEMS:
                break
        for before, after, task_id in await audit.state_steps(tx):
            if before != after and (before, after) not in _STEPS:
                problems.append(f"task {task_id}: no move leads from {before} to {after}")
        problems += await audit.run_problems(tx)
        problems += await audit.deliverable_problems(tx)
        problems += await audit.feed_problems(tx)
        problems += await usage.credit_drift(tx)
        problems += await budget_audit.drift(tx)
        problems += await market_audit.problems(tx)
        problems += await force_audit.problems(tx)
        counts = await audit.counts(tx)
        return Audit(
            tasks=counts.tasks,
            events=counts.events,
            runs=counts.runs,
            ledger=await _check_ledger(tx),
            problems=tuple(problems[:MAX_PROBLEMS]),
        )

    return await database.scan(look)


async def _check_ledger(tx: Tx) -> LedgerCheck:
    checked = await ledger.check_accounts(tx)
    problems = [
        f"account {account.id}: {account.kept_cents} cents kept, {account.summed_cents} summed"
        for account in checked
        if account.kept_cents not in (None, account.summed_cents)
    ]
    total_cents = sum(account.summed_cents for account in checked)
    if total_cents:
        problems.append(f"the sum over all accounts is {total_cents} cents and not zero")
    problems += await holds.problems(tx)
    return LedgerCheck(len(checked), await ledger.count_transfers(tx), tuple(problems))


def _brief_problems(brief: BriefTail) -> Iterator[str]:
    """What a task's brief is not, if it is written anew from its log."""
    written: dict[str, object] = {}
    for said in brief.logged:
        written.update(said)
    for name, kept in brief.kept.items():
        if written.get(name, kept) != kept:
            yield f"task {brief.id}: {name} is not what its log says"


def _task_problems(tail: TaskTail) -> Iterator[str]:
    """What a task's row and its log do not agree on."""
    if tail.events != tail.version or tail.last_number != tail.version:
        yield (
            f"task {tail.id}: version {tail.version}, but {tail.events} events"
            f" up to number {tail.last_number}"
        )
    if (tail.state, tail.waiting_for) != (tail.logged_state, tail.logged_waiting_for):
        yield (
            f"task {tail.id}: the row says {tail.state} ({tail.waiting_for}), its log"
            f" {tail.logged_state} ({tail.logged_waiting_for})"
        )
    at_work = {State.OPEN, State.ASSIGNED, State.IN_PROGRESS, State.REVISING}
    if tail.state in at_work and tail.engagement == "staff":
        carried = {"nothing": tail.live_runs, "until": tail.timers}.get(tail.waiting_for, 1)
        if not carried:
            yield f"task {tail.id}: {tail.state}, but nothing carries it on"
