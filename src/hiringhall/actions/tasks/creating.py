"""What the log says when a task is written down: all of its brief, wherever it was posted."""

from hiringhall.domain.events import TaskCreated
from hiringhall.domain.tasks import Task


def created(task: Task, *, dependencies: tuple[str, ...] = ()) -> TaskCreated:
    """The first event of a task."""
    return TaskCreated(
        title=task.title,
        description=task.description,
        engagement=task.engagement.value,
        acceptance=task.acceptance.value,
        repository=task.repository,
        role=task.role,
        spec_approval=task.spec_approval,
        price_cents=task.price_cents,
        team_id=task.team_id,
        parent_id=task.parent_id,
        accept_criteria=task.accept_criteria,
        priority=task.priority,
        dependencies=dependencies,
        created_label=task.created_label,
    )
