"""A served hall, killed again and again in the middle of its work: nothing lost, nothing doubled.

The full run, with two hundred kill points, is `make chaos`. Here the deadlines are generous: a
loaded machine is slow, and that is not what these tests are about.
"""

import asyncio
from pathlib import Path

import pytest

from bench.chaos.campaign import Campaign, Orders, Outcome
from bench.chaos.strikes import Aim


def _survive(
    tmp_path: Path, database_url: str, aims: tuple[Aim, ...], *, commands: bool
) -> Outcome:
    said: list[str] = []
    orders = Orders(
        name="test",
        folder=tmp_path,
        seed=1,
        kills=len(aims),
        database_url=database_url,
        with_commands=commands,
        false_starts=0 if commands else 1,
        clients=4,
        restart_s=60,
        survivors_s=60,
        settle_s=90,
    )
    outcome = asyncio.run(Campaign(orders, said.append, aims=aims).run())
    assert (outcome.violations, outcome.late) == ([], 0), "\n".join(said)
    assert outcome.kills.total() == len(aims)
    assert outcome.counts["completed"] > 0
    return outcome


def test_conversations_survive_kills(tmp_path: Path, database_url: str) -> None:
    aims = (Aim.SENT, Aim.STARTING, Aim.ANSWERED)
    _survive(tmp_path, database_url, aims, commands=False)


@pytest.mark.sandbox
def test_commands_survive_kills(tmp_path: Path, database_url: str) -> None:
    aims = (Aim.COMMAND, Aim.REPORTED, Aim.PUSHED)
    _survive(tmp_path, database_url, aims, commands=True)
