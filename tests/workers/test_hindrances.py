"""Where commands cannot run, the hall says why and the task waits: nothing falls back."""

from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.app import open_app
from hiringhall.domain.tasks import State, Waiting
from hiringhall.settings import SettingsError, read_settings
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import GitUnusable
from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.port import Probe
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio

SENTENCE = "There is no bubblewrap here: apt-get install bubblewrap socat"


async def _no_wall(self: Bubblewrap) -> Probe:
    return Probe(ok=False, sentence=SENTENCE)


async def _no_git(self: Git) -> tuple[int, int]:
    raise GitUnusable("git is not installed on this host: install the package `git`.")


async def test_without_isolation_a_command_waits_and_says_what_to_install(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bubblewrap, "probe", _no_wall)
    settings = read_settings({}, data_dir=tmp_path / "data", database_url=database_url)
    async with open_app(settings) as app:
        ada = await sign_up(app.hall)
        await set_role(
            app.hall,
            email="ada@example.com",
            name="worker",
            runtime="command",
            config={"argv": ["true"]},
        )
        task = await post(app.hall, ada, role="worker")
        assert (task.state, task.waiting_for) == (State.OPEN, Waiting.WORKER)
        assert task.waiting_reason == SENTENCE
        assert app.hall.staffing.ready == ("rehearsal",)


async def test_without_git_a_command_waits_too(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bubblewrap, "probe", lambda _self: _ok())
    monkeypatch.setattr(Git, "version", _no_git)
    settings = read_settings({}, data_dir=tmp_path / "data", database_url=database_url)
    async with open_app(settings) as app:
        assert "install the package `git`" in app.hall.staffing.hindrance("command")


async def _ok() -> Probe:
    return Probe(ok=True, sentence="It isolates.")


async def test_an_operator_may_rather_not_serve_at_all(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bubblewrap, "probe", _no_wall)
    settings = read_settings(
        {}, data_dir=tmp_path / "data", database_url=database_url, require_sandbox=True
    )
    with pytest.raises(SettingsError, match="apt-get install bubblewrap"):
        async with open_app(settings):
            pass


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sandbox", "process"),
        ("sandbox", "podman"),
        ("sandbox", "kubernetes"),  # without its claim
        ("runtime", "command"),
        ("runtime", "builtin"),  # without a model
        ("runtime", "x"),
    ],
)
async def test_a_setting_that_cannot_be_meant_is_refused(
    tmp_path: Path, database_url: str, name: str, value: str
) -> None:
    environment = {f"HIRINGHALL_{name.upper()}": value}
    where: dict[str, Any] = {"data_dir": tmp_path / "data", "database_url": database_url}
    with pytest.raises(SettingsError):
        async with open_app(read_settings(environment, **where)):
            pass
