"""Agents over ACP can be made to ask; programs of the same name stand in for them here."""

import json
import shlex
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.actions.tasks import answer
from hiringhall.app import open_app
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State
from tests.sandboxes.inside import python_command
from tests.support.halls import sign_up
from tests.workers.agents_at_work import DONE, SOURCE, Step, finished
from tests.workers.shop import EMAIL, Shop, carried, settings_for

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

PROGRAMS = ("codex-acp", "gemini", "opencode", "node", "codex", "claude")
WISHES: dict[str, Step] = {
    "gemini": {"want": {"kind": "execute", "title": "make install [in /workspace] (Install it)"}},
    # It asks with the name of its tool alone, and has said before what for.
    "opencode": {
        "begun": {"title": "bash", "kind": "execute", "rawInput": {"command": "make install"}},
        "want": {"kind": "execute", "title": "bash", "rawInput": {}},
    },
}


@pytest.fixture
async def staffed(tmp_path: Path, database_url: str, repository: Path) -> AsyncGenerator[Shop]:
    """A shop where a stand-in is installed for each of the agents."""
    agents = tmp_path / "data/agents"
    (agents / "bin").mkdir(parents=True)
    (agents / "standin.py").write_text(SOURCE.read_text())
    argv, _ = python_command()
    for name in PROGRAMS:
        program = agents / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} /opt/agents/standin.py "$0" "$@"\n')
        program.chmod(0o755)
    async with open_app(settings_for(tmp_path, database_url)) as app, carried(app) as house:
        yield Shop(app, house, await sign_up(app.hall), repository)


async def hire(shop: Shop, runtime: str, *turns: list[Step], **config: Any) -> None:
    _, mounts = python_command()
    config = {
        "mounts": [str(path) for path, _ in mounts],
        "environment": {"PLAY": json.dumps(turns)},
        "memory_mib": 256,
        **config,
    }
    await set_role(shop.app.hall, email=EMAIL, name="worker", runtime=runtime, config=config)


@pytest.mark.parametrize(("said", "got"), [("Allow", "allow_once"), ("Refuse", "reject_once")])
@pytest.mark.parametrize("profile", WISHES)
async def test_the_requester_decides_what_it_may_do(
    staffed: Shop, profile: str, said: str, got: str
) -> None:
    turn = [WISHES[profile], *DONE]
    await hire(staffed, f"acp:{profile}", turn, permissions="ask")
    task = await staffed.post(repository=True)
    row = await staffed.house.until(staffed.ada, task.id, State.AWAITING_REPLY, State.FAILED)
    assert row.question is not None, await staffed.words(task)
    assert "make install" in row.question.text
    await answer.reply(staffed.app.hall, actor=staffed.ada, task_id=task.id, text=said)
    await finished(staffed, task)
    lines = staffed.git("show", f"{branch_of(task.id)}:permissions.txt").split()
    assert lines == ["cancelled", f"option-{got}"]


@pytest.mark.parametrize("profile", WISHES)
async def test_where_everything_is_allowed_it_does_not_ask(staffed: Shop, profile: str) -> None:
    await hire(staffed, f"acp:{profile}", [WISHES[profile], *DONE])
    task = await staffed.post(repository=True)
    await finished(staffed, task)
    lines = staffed.git("show", f"{branch_of(task.id)}:permissions.txt").split()
    assert lines == ["unasked"]


@pytest.mark.parametrize("runtime", ["exec:claude-code", "exec:codex", "acp:codex"])
async def test_what_has_no_way_to_ask_is_refused(staffed: Shop, runtime: str) -> None:
    with pytest.raises(Invalid, match="only an agent over ACP"):
        await hire(staffed, runtime, permissions="ask")
