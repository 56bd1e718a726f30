"""Checks of deliverables: to be done, taken for a while, done; and what they came to."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from hiringhall.domain.checks import (
    CheckKind,
    CheckMethod,
    CheckResult,
    DeliveryCheck,
    Finding,
    Verdict,
)
from hiringhall.store.database import Tx
from hiringhall.store.rows import insert_row
from hiringhall.store.statements import Statement, any_of
from hiringhall.store.tables import delivery_checks as checks

_this = (checks.c.deliverable_id == bindparam("deliverable")) & (checks.c.kind == bindparam("what"))
_insert = Statement(insert_row(checks), name="insert_delivery_check")
_next_due = Statement(
    select(checks)
    .where(checks.c.done_at_us.is_(None), checks.c.due_at_us <= bindparam("now_us"))
    .order_by(checks.c.due_at_us)
    .limit(1)
    .with_for_update(skip_locked=True),
    name="next_due_check",
)
_is_due = Statement(
    select(checks.c.kind)
    .where(checks.c.done_at_us.is_(None), checks.c.due_at_us <= bindparam("now_us"))
    .limit(1),
    name="check_is_due",
)
_put_off = Statement(
    update(checks)
    .where(_this, checks.c.done_at_us.is_(None), checks.c.attempts == bindparam("was_attempts"))
    .values(attempts=bindparam("attempts_now"), due_at_us=bindparam("until_us")),
    name="put_off_check",
)
_finish = Statement(
    update(checks)
    .where(_this, checks.c.done_at_us.is_(None))
    .values(
        done_at_us=bindparam("at_us"),
        verdict=bindparam("came_to"),
        score=bindparam("points"),
        method=bindparam("how"),
        model=bindparam("by_model"),
        said=bindparam("told"),
        findings=bindparam("found"),
    ),
    name="finish_check",
)
_of_deliverables = Statement(
    select(checks)
    .where(any_of(checks.c.deliverable_id, "deliverables"))
    .order_by(checks.c.deliverable_id, checks.c.kind.desc()),
    name="checks_of_deliverables",
)


async def add(tx: Tx, check: DeliveryCheck) -> None:
    """Write down that something is to be checked."""
    await tx.run(
        _insert,
        deliverable_id=check.deliverable_id,
        kind=check.kind.value,
        task_id=check.task_id,
        attempts=check.attempts,
        due_at_us=check.due_at_us,
        made_at_us=check.made_at_us,
        done_at_us=None,
        verdict=None,
        score=None,
        method=None,
        model=None,
        said=None,
        findings="[]",
    )


async def is_due(tx: Tx, *, now_us: int) -> bool:
    """Whether there is one to be taken."""
    return await tx.one(_is_due, now_us=now_us) is not None


async def next_due(tx: Tx, *, now_us: int) -> DeliveryCheck | None:
    """The check that has waited longest; on PostgreSQL locked, and no other's."""
    row = await tx.one(_next_due, now_us=now_us)
    return None if row is None else _to_check(row)


async def put_off(tx: Tx, check: DeliveryCheck, *, attempts: int, until_us: int) -> bool:
    """Let nobody take it before a time; False when somebody else took it, or it is done."""
    changed = await tx.run(
        _put_off,
        deliverable=check.deliverable_id,
        what=check.kind.value,
        was_attempts=check.attempts,
        attempts_now=attempts,
        until_us=until_us,
    )
    return changed == 1


async def finish(tx: Tx, check: DeliveryCheck, result: CheckResult, *, at_us: int) -> bool:
    """Write down what it came to; False when that was done before."""
    found = [[one.name, one.verdict.value, one.said] for one in result.findings]
    changed = await tx.run(
        _finish,
        deliverable=check.deliverable_id,
        what=check.kind.value,
        at_us=at_us,
        came_to=result.verdict.value,
        points=result.score,
        how=result.method.value,
        by_model=result.model,
        told=result.said,
        found=json.dumps(found),
    )
    return changed == 1


async def of_deliverables(tx: Tx, deliverable_ids: Sequence[str]) -> dict[str, list[DeliveryCheck]]:
    """The checks of each of some deliverables, the format's first."""
    found: dict[str, list[DeliveryCheck]] = {}
    for row in await tx.all(_of_deliverables, deliverables=list(deliverable_ids)):
        found.setdefault(row.deliverable_id, []).append(_to_check(row))
    return found


def _to_check(row: Any) -> DeliveryCheck:
    result = None
    if row.done_at_us is not None:
        result = CheckResult(
            verdict=Verdict(row.verdict),
            score=row.score,
            method=CheckMethod(row.method),
            said=row.said,
            findings=tuple(
                Finding(name, Verdict(verdict), said)
                for name, verdict, said in json.loads(row.findings)
            ),
            model=row.model,
        )
    return DeliveryCheck(
        deliverable_id=row.deliverable_id,
        task_id=row.task_id,
        kind=CheckKind(row.kind),
        attempts=row.attempts,
        due_at_us=row.due_at_us,
        made_at_us=row.made_at_us,
        done_at_us=row.done_at_us,
        result=result,
    )
