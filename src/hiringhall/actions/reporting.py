"""What is reported from outside: kept beside the log, with its true sender, and never believed."""

from collections.abc import Mapping

from hiringhall.actions.feed import place_all
from hiringhall.actions.tasks.answer import give_reply
from hiringhall.actions.transaction import action
from hiringhall.domain import ids
from hiringhall.domain.errors import Forbidden, Invalid, NotFound
from hiringhall.domain.feed import FeedEvent, ReportedType, tidy_actor, tidy_report, word_of
from hiringhall.domain.policy import Actor, ActorKind, check_sees
from hiringhall.domain.tasks import QUESTIONED, State, Task
from hiringhall.hall import Hall
from hiringhall.signals import feed_topic
from hiringhall.store import feed, runs, tasks, teams
from hiringhall.store.database import Tx
from hiringhall.store.feed import NEWEST, Part, Report


@action
async def report_event(
    tx: Tx,
    hall: Hall,
    *,
    actor: Actor,
    team_id: str,
    event_type: ReportedType,
    task_id: str | None = None,
    run_id: str | None = None,
    said_actor: str | None = None,
    data: Mapping[str, object] | None = None,
) -> FeedEvent:
    """Report progress or a message on a team or a task of it; the event, with its place.

    It changes no task, and its actor is whoever it says. But a message of a user on a task that
    waits for an answer is that answer (`data.message`), and the event is the log's own. A run
    speaks of its own task alone. Raises NotFound, NotYours, Forbidden, Invalid.
    """
    kept, name = tidy_report(data), tidy_actor(said_actor)
    if actor.run is not None:
        task_id, run_id = _own(actor, task_id, run_id)
        kept = hall.mask(actor.organization_id or "", kept)
        name = None if name is None else hall.mask(actor.organization_id or "", name)
    task = await _load(tx, actor, team_id, task_id, run_id)
    organization_id = actor.organization_id or ""
    answers = event_type is ReportedType.MESSAGE and actor.kind is ActorKind.USER
    if answers and task is not None and task.waiting_for in QUESTIONED:
        return await _reply(tx, hall, actor, task, (data or {}).get("message"), said_as=name)
    reported_id = await feed.report(
        tx,
        Report(
            organization_id=organization_id,
            team_id=team_id,
            task_id=task_id,
            run_id=run_id,
            type=event_type,
            actor=name or actor.label,
            said_by=actor.label,
            data=kept,
            at_us=hall.clock(),
        ),
    )
    await place_all(tx, hall, organization_id=organization_id)
    tx.after_commit(lambda: hall.signals.notify(feed_topic(organization_id)))
    event = await feed.of_report(tx, reported_id)
    assert event is not None
    return event


def _own(actor: Actor, task_id: str | None, run_id: str | None) -> tuple[str, str]:
    """The run's task and itself, where nothing else was named."""
    assert actor.run is not None
    own = actor.run
    if task_id not in (None, own.task_id):
        raise Forbidden("A service key speaks of its own task, and of no other")
    if run_id not in (None, own.run_id):
        raise Forbidden("A service key speaks for its own worker, and for no other")
    return own.task_id, own.run_id


async def _load(
    tx: Tx, actor: Actor, team_id: str, task_id: str | None, run_id: str | None
) -> Task | None:
    """The task that is spoken of, once everything that was named belongs together."""
    team = await teams.by_id(tx, team_id) if ids.is_uuid(team_id) else None
    check_sees(actor, None if team is None else team.organization_id, "team")
    task = None
    if task_id is not None:
        task = await tasks.for_change(tx, task_id) if ids.is_uuid(task_id) else None
        check_sees(actor, None if task is None else task.organization_id, "task")
        if task is None:
            raise NotFound("task")
        if task.team_id != team_id:
            raise Invalid("The task is not in this team", {"taskId": "another team's"})
    if run_id is not None:
        run = await runs.by_id(tx, run_id) if ids.is_uuid(run_id) else None
        check_sees(actor, None if run is None else run.organization_id, "worker")
        if run is not None and run.task_id != task_id:
            raise Invalid("The worker does not work on this task", {"workerId": "another task's"})
    return task


async def _reply(
    tx: Tx, hall: Hall, actor: Actor, task: Task, said: object, *, said_as: str | None
) -> FeedEvent:
    if not isinstance(said, str):
        raise Invalid("The task waits for an answer: say it in data.message", {"data": "message"})
    await give_reply(tx, hall, actor=actor, task_id=task.id, text=said, said_as=said_as)
    await place_all(tx, hall, organization_id=task.organization_id)
    words = tuple(word_of("reply_given", state) for state in State)
    part = Part(task.organization_id, task_id=task.id, words=words)
    (event,) = await feed.newest(tx, part, before=NEWEST, most=1)
    return event
