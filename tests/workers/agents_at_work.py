"""A hall with an agent that speaks ACP and plays a script: for tests of runs, not of models."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hiringhall.actions.roles import set_role
from hiringhall.domain.tasks import State, Task
from hiringhall.hall import Hall
from hiringhall.store.tasks import TaskRow
from tests.sandboxes.inside import python_command
from tests.workers.shop import EMAIL, Shop

SOURCE = Path(__file__).with_name("acp_agent.py.txt")

Step = dict[str, Any]
DONE: list[Step] = [{"call": ["deliver", {"text": "Done: see the branch."}]}]
QUESTION = {"type": "single_select", "question": "Which colour?", "options": ["Red", "Blue"]}


async def play(shop: Shop, *turns: Sequence[Step], **config: Any) -> None:
    """Set the role `worker` up as an agent that plays these turns, the last repeating."""
    await play_at(shop.app.hall, *turns, **config)


async def play_at(hall: Hall, *turns: Sequence[Step], **config: Any) -> None:
    """The same for a hall whose runs are at work in other processes."""
    argv, mounts = python_command()
    config = {
        "argv": [*argv, "/played/agent.py"],
        "mounts": [*(str(path) for path, _ in mounts), f"{SOURCE}:/played/agent.py"],
        "environment": {"PLAY": json.dumps(turns)},
        "memory_mib": 256,
        **config,
    }
    await set_role(hall, email=EMAIL, name="worker", runtime="acp:generic", config=config)


async def finished(shop: Shop, task: Task) -> TaskRow:
    """The task in review."""
    return await shop.house.until(shop.ada, task.id, State.IN_REVIEW)


def session_folder(shop: Shop, task: Task) -> Path:
    """What the hall keeps of the task's session."""
    return shop.app.settings.data_dir / "runs/sessions" / task.id
