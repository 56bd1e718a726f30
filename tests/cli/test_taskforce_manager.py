"""A whole hall with a model: the manager plans a Task Force, reads its parts, and says the cost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.cli.outcome import Exit
from hiringhall.domain.tasks import State
from hiringhall.store import tasks
from tests.cli.conftest import Shell
from tests.cli.people import Person, agent_of
from tests.cli.test_market import is_sound
from tests.support.halls import PATIENCE_S
from tests.support.models import ModelServer, Turn, Usage, model_server
from tests.support.served import ServedHall, served_hall

WORK = "Ten companies, each with its URL and a line on why it is here."
USAGE = Usage(input_tokens=1_000, output_tokens=100)
PLAN = {
    "subtasks": [
        {
            "key": "list",
            "title": "Source list",
            "brief": "Ten companies with their URLs.",
            "share_cents": 4_500,
        }
    ]
}
PASSED = {"verdict": "passed", "score": 90, "summary": "All ten are there.", "findings": []}


@pytest.fixture
def model() -> Iterator[ModelServer]:
    """A model that plans, and finds good what it reads."""
    plans = Turn(json.dumps(PLAN), usage=USAGE, when="EXPECTED OUTPUT>")
    reads = Turn(json.dumps(PASSED), usage=USAGE, when="TEXT>")
    with model_server(plans, reads) as server:
        yield server


@pytest.fixture
def hall(database_url: str, tmp_path: Path, model: ModelServer) -> Iterator[ServedHall]:
    """A hall whose model that is."""
    with served_hall(
        tmp_path / "served",
        database_url=database_url,
        model="claude-haiku-4-5",
        anthropic_base_url=model.base_urls["anthropic"],
        anthropic_api_key="canary-anthropic-key-0123456789",
        own_cap_cents=500,
    ) as hall:
        yield hall


def until(hall: ServedHall, task_id: str, state: State) -> None:
    """Wait for what the hall does in the background."""

    async def wait() -> None:
        with hall.app.hall.signals.listening(task_id) as listener:
            while True:
                task = await hall.app.hall.database.read(lambda tx: tasks.by_id(tx, task_id))
                assert task is not None
                if task.state is state:
                    return
                assert await listener.wait(PATIENCE_S), f"the task stayed {task.state}"

    hall.do(wait())


def test_a_task_force_goes_by_itself_from_a_brief_to_its_whole(
    buyer: Person,
    maker: Person,
    admin: Person,
    hall: ServedHall,
    database_url: str,
    model: ModelServer,
) -> None:
    scout = agent_of(maker, admin, "scout", "--task-force")
    task_id = buyer.posts("--how", "task_force")
    asked = buyer("task-force", "plan", task_id, "--reviewer", "manager")
    assert f"task-force show {task_id}" in asked.err
    until(hall, task_id, State.AWAITING_REPLY)
    shown = buyer.json("task-force", "show", task_id)
    assert (shown["status"], shown["planned_by"]) == ("planned", "manager")
    assert [one["title"] for one in shown["subtasks"]] == ["Source list"]
    buyer("task-force", "confirm", task_id)
    (part,) = buyer.json("task-force", "show", task_id)["subtasks"]
    scout("market", "deliver", part["id"], WORK)
    until(hall, task_id, State.IN_REVIEW)
    (part,) = buyer.json("task-force", "show", task_id)["subtasks"]
    assert (part["state"], part["paid_cents"]) == ("done", 4_050)
    said = buyer("task-force", "messages", part["id"]).out
    assert "Read by claude-haiku-4-5: All ten are there." in said
    is_sound(buyer.shell, hall, database_url)


def test_an_operator_sees_what_the_halls_own_questions_cost(
    buyer: Person, hall: ServedHall, shell: Shell, database_url: str
) -> None:
    task_id = buyer.posts("--how", "task_force")
    buyer("task-force", "plan", task_id)
    until(hall, task_id, State.AWAITING_REPLY)
    where = {"HIRINGHALL_DATA_DIR": str(hall.data_dir), "HIRINGHALL_DATABASE_URL": database_url}
    shell.set(**where)
    told = shell("admin", "budget", "--own", "--json").json
    assert (told["of"], told["cap"], told["calls"]) == ("own", "5.00", 1)
    assert float(told["spent"]) > 0
    assert "5.00" in shell("admin", "budget", "--own").out
    assert shell("admin", "budget", "--own", "--team").code == Exit.USAGE
