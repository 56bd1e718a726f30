"""A hall with a command worker, for tests that run commands for real."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hiringhall.actions.accounts import tidy_email
from hiringhall.actions.roles import set_role
from hiringhall.app import App
from hiringhall.domain.policy import Actor
from hiringhall.domain.tasks import Task
from hiringhall.queries.tasks import task_log
from hiringhall.settings import read_settings
from tests.support.halls import House, post

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

    async def words(self, task: Task) -> list[str]:
        log = await task_log(self.app.hall, actor=self.ada, task_id=task.id)
        return [str(event.data.get("text", "")) for event in log]

    def git(self, *args: str) -> str:
        return git(self.repository, *args)


def git(folder: Path, *args: str) -> str:
    command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *args]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


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
