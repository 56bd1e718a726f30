"""Sessions: kept from run to run, one agent at a time, and nothing written outside of them."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hiringhall.workers import sessions as module
from hiringhall.workers.git.folders import Bin
from hiringhall.workers.sessions import Occupant, Session, Sessions, StillInUse

pytestmark = pytest.mark.anyio

TASK = "01980000-0000-7000-8000-000000000001"
OTHER = "01980000-0000-7000-8000-000000000002"


@pytest.fixture
def rubbish(tmp_path: Path) -> Bin:
    return Bin(tmp_path / "bin")


@pytest.fixture
def sessions(tmp_path: Path, rubbish: Bin) -> Sessions:
    return Sessions(tmp_path / "sessions", rubbish)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def keep(sessions: Sessions, session: Session, **changes: object) -> Session:
    kept = Session(session.folder, msgspec.structs.replace(session.record, **changes))
    sessions.save(kept)
    return kept


async def test_a_tasks_next_run_finds_the_session_as_it_was_left(sessions: Sessions) -> None:
    session = await sessions.open(TASK, "acp:claude-code")
    (session.home / "memory").write_text("of the first run")
    keep(sessions, session, agent_session="abc")
    again = await sessions.open(TASK, "acp:claude-code")
    assert again.record.agent_session == "abc"
    assert (again.home / "memory").read_text() == "of the first run"


async def test_another_agent_begins_a_session_of_its_own(sessions: Sessions) -> None:
    session = await sessions.open(TASK, "acp:claude-code")
    (session.home / "memory").write_text("of the first run")
    keep(sessions, session, agent_session="abc")
    other = await sessions.open(TASK, "acp:codex")
    assert other.record.agent_session is None
    assert list(other.home.iterdir()) == []


async def test_a_session_with_a_torn_record_is_begun_anew(sessions: Sessions) -> None:
    session = await sessions.open(TASK, "acp:codex")
    sessions.save(session)
    (session.folder / "session.json").write_text('{"task_id": "')
    assert (await sessions.open(TASK, "acp:codex")).record.agent_session is None


async def test_no_second_agent_beside_a_live_one(
    sessions: Sessions, sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.2)
    session = await sessions.open(TASK, "acp:codex")
    keep(sessions, session, occupant=Occupant.of(sleeper.pid))
    with pytest.raises(StillInUse):
        await sessions.open(TASK, "acp:codex")
    sleeper.kill()
    assert (await sessions.open(TASK, "acp:codex")).record.occupant is not None


async def test_a_process_that_got_a_dead_ones_number_is_another(
    sessions: Sessions, sleeper: subprocess.Popen[bytes]
) -> None:
    session = await sessions.open(TASK, "acp:codex")
    it = Occupant.of(sleeper.pid)
    begun = time.monotonic()
    keep(sessions, session, occupant=msgspec.structs.replace(it, started="1"))
    await sessions.open(TASK, "acp:codex")
    keep(sessions, session, occupant=msgspec.structs.replace(it, boot="another"))
    await sessions.open(TASK, "acp:codex")
    assert time.monotonic() - begun < 5


async def test_files_of_the_halls_go_where_they_are_meant_though_an_agent_laid_traps(
    sessions: Sessions, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "config.toml").write_text("untouched")
    session = await sessions.open(TASK, "acp:codex")
    (session.home / ".codex").symlink_to(outside)
    session.write_file(".codex/config.toml", "the hall's")
    assert (outside / "config.toml").read_text() == "untouched"
    assert (session.home / ".codex/config.toml").read_text() == "the hall's"
    (session.home / ".codex/config.toml").unlink()
    (session.home / ".codex/config.toml").symlink_to(outside / "config.toml")
    session.write_file(".codex/config.toml", "the hall's")
    assert (outside / "config.toml").read_text() == "untouched"
    assert (session.home / ".codex/config.toml").read_text() == "the hall's"


async def test_what_no_run_may_leave_is_taken_out_and_nothing_outside(
    sessions: Sessions, rubbish: Bin, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (outside / "shell_snapshots").mkdir(parents=True)
    session = await sessions.open(TASK, "acp:codex")
    (session.home / ".codex/shell_snapshots").mkdir(parents=True)
    (session.home / ".codex/shell_snapshots/one.sh").write_text("export KEY=secret")
    (session.home / ".codex/history").write_text("stays")
    session.forget([".codex/shell_snapshots", "nowhere/at-all"], rubbish)
    assert [path.name for path in (session.home / ".codex").iterdir()] == ["history"]
    (session.home / "led-away").symlink_to(outside)
    session.forget(["led-away/shell_snapshots"], rubbish)
    assert (outside / "shell_snapshots").is_dir()


async def test_dropped_sessions_are_gone_and_others_stay(sessions: Sessions) -> None:
    for task in (TASK, OTHER):
        sessions.save(await sessions.open(task, "acp:codex"))
    await sessions.drop([TASK])
    assert sessions.tasks() == [OTHER]
