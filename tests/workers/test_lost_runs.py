"""What a command had done when its server died is handed in or let go of, and never done twice."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from hiringhall.actions.runs import recovery, working
from hiringhall.actions.tasks.answer import cancel_task
from hiringhall.app import App, open_app
from hiringhall.domain.ids import branch_of
from hiringhall.domain.runs import Run
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.audit import audit_all
from hiringhall.queries.tasks import task_log
from hiringhall.settings import Settings
from hiringhall.workers.reports import Report, Reports
from hiringhall.workers.workspace import Workspace
from tests.support.halls import House, sign_up
from tests.workers.shop import Shop, carried, settings_for

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


@dataclass
class Dying:
    """A server that dies at its work: each step is one that the runtime had come to."""

    settings: Settings
    shop: Shop

    @property
    def app(self) -> App:
        return self.shop.app

    async def began(self, *, repository: bool = True) -> tuple[Task, Run]:
        task = await self.shop.post(repository=repository)
        run = await working.claim_next_run(
            self.app.hall, node_id=self.app.node.id, lease_s=30, runtimes=["command"]
        )
        assert run is not None
        assert run.task_id == task.id
        await working.start_run(self.app.hall, token=run.token)
        return task, run

    async def wrote(self, task: Task, run: Run, text: str) -> Workspace:
        workspace = await self.app.workspaces.prepare(
            run_id=run.id,
            task_id=task.id,
            organization_id=task.organization_id,
            repository=str(self.shop.repository),
        )
        (workspace.folder / "hello.txt").write_text(text)
        return workspace

    def reported(self, task: Task, run: Run) -> Report:
        report = Report(run.id, 0, "exited", "said by the one that died", "", 1_772_000_000)
        Reports(self.settings.data_dir / "runs/reports").write(task.id, run.turn, report)
        return report


async def dying(app: App, repository: Path, script: str) -> Dying:
    house = House(app.hall, app.runner, app.engine)
    shop = Shop(app, house, await sign_up(app.hall), repository)
    await shop.role(script)
    return Dying(app.settings, shop)


async def test_work_that_a_lost_run_finished_is_handed_in_and_not_done_again(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    """The server died between the command's end and the delivery; another process goes on."""
    settings = settings_for(tmp_path, database_url)
    async with open_app(settings) as app:
        lost = await dying(app, repository, "echo changed >>hello.txt; echo once")
        task, run = await lost.began()
        await lost.wrote(task, run, "done by the one that died\n")
        lost.reported(task, run)
    async with open_app(settings) as app, carried(app) as house:
        ada = lost.shop.ada
        row = await house.until(ada, task.id, State.IN_REVIEW)
        assert (row.deliverable_text or "").startswith("said by the one that died")
        shown = lost.shop.git("show", f"{branch_of(task.id)}:hello.txt")
        assert shown == "done by the one that died\n"
        log = await task_log(app.hall, actor=ada, task_id=task.id)
        assert [event.type for event in log].count("deliverable_submitted") == 1
        assert (await audit_all(app.hall.database)).ok


async def test_work_that_a_lost_run_pushed_is_pushed_and_told_once(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    """The server died between the push and the delivery, before it had noted the push."""
    settings = settings_for(tmp_path, database_url)
    async with open_app(settings) as app:
        lost = await dying(app, repository, "echo changed >>hello.txt; echo once")
        task, run = await lost.began()
        for text in ("Fetching it", "Running it", "Pushed it"):
            await working.report_progress(app.hall, token=run.token, text=text)
        workspace = await lost.wrote(task, run, "done by the one that died\n")
        report = lost.reported(task, run)
        collected = await app.workspaces.collect(
            workspace, message=task.title, at_s=report.ended_at_s
        )
        assert await app.workspaces.push(workspace, collected)
        (workspace.folder.parent / "pushed").unlink()
    async with open_app(settings) as app, carried(app) as house:
        await house.until(lost.shop.ada, task.id, State.IN_REVIEW)
        assert lost.shop.git("rev-parse", branch_of(task.id)).strip() == collected.commit
        log = await task_log(app.hall, actor=lost.shop.ada, task_id=task.id)
        said = [event.data["text"] for event in log if event.type == "progress_reported"]
        assert said == ["Fetching it", "Running it", "Pushed it"]
        assert log[-1].data["commit"] == collected.commit


async def test_a_lost_run_s_successor_tells_nothing_again(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    settings = settings_for(tmp_path, database_url)
    async with open_app(settings) as app:
        lost = await dying(app, repository, "echo done")
        task, run = await lost.began(repository=False)
        await working.report_progress(app.hall, token=run.token, text="Running it")
    async with open_app(settings) as app, carried(app) as house:
        await house.until(lost.shop.ada, task.id, State.IN_REVIEW)
        log = await task_log(app.hall, actor=lost.shop.ada, task_id=task.id)
        said = [event.data["text"] for event in log if event.type == "progress_reported"]
        assert said == ["Running it"]


async def test_a_lost_run_that_had_not_finished_is_done_anew_from_a_clean_start(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    settings = settings_for(tmp_path, database_url)
    async with open_app(settings) as app:
        lost = await dying(app, repository, "echo changed >>hello.txt")
        task, run = await lost.began()
        await lost.wrote(task, run, "half\n")
    async with open_app(settings) as app:
        assert await recovery.find_lost_runs(app.hall, node_id=app.node.id) == [run.id]
        async with carried(app) as house:
            await house.until(lost.shop.ada, task.id, State.IN_REVIEW)
            shown = lost.shop.git("show", f"{branch_of(task.id)}:hello.txt")
            assert shown == "hello\nchanged\n"


async def test_finished_work_is_let_go_of_when_its_task_is_cancelled_before_anybody_goes_on(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    settings = settings_for(tmp_path, database_url)
    async with open_app(settings) as app:
        lost = await dying(app, repository, "echo done")
        cancelled, kept = await lost.began(), await lost.began()
        for task, run in (cancelled, kept):
            await lost.wrote(task, run, "done by the one that died\n")
            lost.reported(task, run)
    data = settings.data_dir
    async with open_app(settings) as app:
        await app.runner.recover()
        assert len(list((data / "work/runs").iterdir())) == 2
        await cancel_task(app.hall, actor=lost.shop.ada, task_id=cancelled[0].id)
        await app.runner.tend()
        assert [path.name for path in (data / "work/runs").iterdir()] == [kept[1].id]
        (report,) = (data / "runs/reports").iterdir()
        assert report.name.startswith(kept[0].id)
        async with carried(app) as house:
            await house.until(lost.shop.ada, kept[0].id, State.IN_REVIEW)
