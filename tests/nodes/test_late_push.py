"""A node that is stopped between two attempts to push, and wakes when another has the run."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hiringhall.domain.ids import branch_of
from tests.nodes.conftest import Halls
from tests.nodes.processes import Machines, Running
from tests.support.halls import post
from tests.workspace.support import GitServer, Origin, git

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


class StoppingServer(GitServer):
    """Stops the node that comes to push first, and is away for it."""

    node: Running | None = None

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.has_stopped = threading.Event()
        self.pushes = 0

    def note(self, path: str, authorization: str | None) -> None:
        super().note(path, authorization)
        if "service=git-receive-pack" not in path:
            return
        self.pushes += 1
        if self.node is not None:
            self.node.send(signal.SIGSTOP)
            self.node, self.status = None, 503
            self.has_stopped.set()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StoppingServer]:
    made = Origin.make(tmp_path / "served/org/project.git")
    git(made.folder, "config", "http.receivepack", "true")
    with StoppingServer(tmp_path / "served") as running:
        yield running


async def test_a_node_that_wakes_late_does_not_push(
    halls: Halls, machines: Machines, server: StoppingServer
) -> None:
    await halls.role("date +%s.%N >>when.txt; echo done")
    first = await machines.work("first", LOCAL_RUNS="1", ALLOW_LOCAL_REPOSITORIES="1")
    server.node = first
    url = server.url("org/project.git")
    task = await post(halls.hall, halls.ada, role="worker", repository=url)
    assert await asyncio.to_thread(server.has_stopped.wait, 60)
    second = await machines.work("second", LOCAL_RUNS="1", ALLOW_LOCAL_REPOSITORIES="1")
    run = await halls.until(task.id, lambda run: run.generation == 2)
    server.status = None
    await halls.until_delivered(task.id)
    origin = Origin(server.root / "org/project.git")
    pushed = origin.tip(branch_of(task.id))
    assert pushed is not None
    assert (await halls.newest_run(task.id)).node_id == second.node_id
    await second.end(signal.SIGTERM)
    first.send(signal.SIGCONT)
    # It has let go of its run when its only place takes another.
    other = await post(halls.hall, halls.ada, role="worker")
    await halls.until_delivered(other.id)
    assert (await halls.newest_run(other.id)).node_id == first.node_id
    assert origin.tip(branch_of(task.id)) == pushed
    assert server.pushes == 2
    assert (await halls.newest_run(task.id)).id == run.id
