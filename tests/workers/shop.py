"""A hall with a command worker, for tests that run commands for real."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.roles import set_role
from hiringhall.actions.teams import change_team
from hiringhall.app import App, open_app
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.tasks import task_log
from hiringhall.queries.teams import list_teams
from hiringhall.settings import read_settings
from tests.support.halls import House, post, sign_up
from tests.support.models import ModelServer

TOKEN = "ghp_canary0123456789abcdefghij"
"""What opens a team's private repository."""
EMAIL = tidy_email("ada@example.com")


@dataclass
class Shop:
    """A hall with a command worker, its poster, and a repository to work on."""

    app: App
    house: House
    ada: Actor
    repository: Path

    async def role(self, script: str, **config: Any) -> None:
        config = {"argv": ["/bin/sh", "-c", script], **config}
        await set_role(self.app.hall, email=EMAIL, name="worker", runtime="command", config=config)

    async def post(self, *, repository: bool = False, **fields: Any) -> Task:
        where = str(self.repository) if repository else None
        return await post(self.app.hall, self.ada, role="worker", repository=where, **fields)

    async def until_words(self, task: Task, part: str) -> None:
        """Wait until something of the kind was said of a task."""
        with self.app.hall.signals.listening(task.id) as listener:
            while not any(part in words for words in await self.words(task)):
                assert await listener.wait(60), await self.words(task)

    async def words(self, task: Task) -> list[str]:
        log = await task_log(self.app.hall, actor=self.ada, task_id=task.id)
        return [str(event.data.get("text", "")) for event in log]

    def git(self, *args: str) -> str:
        return git(self.repository, *args)


def git(folder: Path, *args: str) -> str:
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *args]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def make_repository(folder: Path) -> Path:
    """A repository with one file in one commit."""
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "hello.txt").write_text("hello\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "First")
    return folder


async def configure(shop: Shop, **config: Any) -> None:
    """Change the config of the team that tasks are posted in."""
    (team,) = await list_teams(shop.app.hall, actor=shop.ada)
    await change_team(shop.app.hall, actor=shop.ada, team_id=team.id, config=config)


async def ended(shop: Shop, url: str, **fields: Any) -> tuple[Task, str]:
    """A task on a repository, when it is over, and the last that was said of it."""
    task = await post(shop.app.hall, shop.ada, role="worker", repository=url, **fields)
    row = await shop.house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
    await shop.house.until_idle()
    return replace(task, state=row.task.state), (await shop.words(task))[-1]


@contextlib.asynccontextmanager
async def carried(app: App) -> AsyncGenerator[House]:
    carrying = asyncio.create_task(app.carry())
    try:
        yield House(app.hall, app.runner, app.engine)
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)


def settings_for(tmp_path: Path, database_url: str) -> Any:
    return read_settings(
        {},
        data_dir=tmp_path / "data",
        database_url=database_url,
        allow_local_repositories=True,
        require_sandbox=True,
    )


PROVIDER_KEY = "sk-canary-0123456789abcdef0123456789abcdef"
"""A provider's key: it must be nowhere but at the provider."""


def with_models(models: ModelServer, prices: Path, **settings: Any) -> dict[str, Any]:
    """Settings of a hall whose agents call a model server of the test's, at prices that tell."""
    prices.write_text("[unknown]\ninput = 20.0\noutput = 1.0\n")
    return {
        "allow_local_repositories": True,
        "require_sandbox": True,
        "anthropic_base_url": models.base_urls["anthropic"],
        "anthropic_api_key": PROVIDER_KEY,
        "openai_base_url": models.base_urls["openai"],
        "openai_api_key": PROVIDER_KEY,
        "model_prices": prices,
        "credits_per_day": 1_000_000,
        **settings,
    }


@contextlib.asynccontextmanager
async def open_again(
    settings: dict[str, Any], repository: Path, known: list[Actor]
) -> AsyncGenerator[Shop]:
    """A shop on a hall that may have been open before; `known` is who has signed up there."""
    async with open_app(read_settings({}, **settings)) as app, carried(app) as house:
        if not known:
            known.append(await sign_up(app.hall))
        yield Shop(app, house, known[0], repository)
