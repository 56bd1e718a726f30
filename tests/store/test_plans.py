"""No statement of the hall's daily work walks through a table that grows with its age."""

import re
import sqlite3
from contextlib import closing

from hiringhall.domain.compute import CapScope
from hiringhall.store.dialects import HEX_TO_BYTES
from tests.store.samples import sqlite_path
from tests.store.test_engine_statements import the_halls

GROWING = (
    "tasks|events|runs|questions|plans|deliverables|files|timers|usage_records|model_calls|budgets"
    "|feed|reported_events"
    "|terms|proposals|assignments|submissions|ratings|disputes|statements|holds|payouts"
    "|hold_parts|force_parts|force_plannings|delivery_checks|saved_work|patches|sign_ins"
    "|memberships|webhook_endpoints|webhook_deliveries|webhook_attempts|cap_changes"
)

SMALL = (
    "ix_runs_queue|ix_runs_leased|ix_runs_live|uq_runs_one_live|ix_tasks_waiting_for_worker"
    "|ix_model_calls_under_way|ix_webhook_endpoints_due|ix_payouts_not_arrived|uq_disputes_open"
)
"""Partial indexes that hold what is under way and nothing else."""

# An audit looks at everything: that is what it is for.
AUDITS = {
    "hiringhall.store.audit",
    "hiringhall.store.force_audit",
    "hiringhall.store.ledger",
    "hiringhall.store.market_audit",
}
AUDITED_BESIDE = {
    "credit_drift",
    "stuck_holds",
    *(f"budget_drift_{scope.value}" for scope in CapScope),
}

# Once in an hour, over the endpoints that people have made by hand; its deliveries by their index.
SWEEPS = {"deliveries_of_removed_webhooks"}


def test_nothing_but_an_audit_reads_a_growing_table_from_end_to_end(sqlite_url: str) -> None:
    whole = re.compile(rf"SCAN ({GROWING})\b(?!.* USING (COVERING )?INDEX ({SMALL}))")
    found: dict[str, list[str]] = {}
    with closing(sqlite3.connect(sqlite_path(sqlite_url))) as connection:
        connection.create_function(HEX_TO_BYTES, 1, bytes.fromhex, deterministic=True)
        for statement in the_halls():
            if statement.module in AUDITS or statement.name in AUDITED_BESIDE | SWEEPS:
                continue
            plan = statement.sqlite
            steps = connection.execute(
                f"EXPLAIN QUERY PLAN {plan.sql}", plan.bind(dict.fromkeys(plan.names, ""))
            )
            scans = [told for *_, told in steps if whole.search(told)]
            if scans:
                found[statement.name] = scans
    assert found == {}
