"""What those are called that a log speaks of, as far as the visitor may be told."""

from collections.abc import Iterable, Mapping, Sequence

from hiringhall.domain.market import Worker
from hiringhall.domain.policy import ActorKind
from hiringhall.domain.tasks import Task
from hiringhall.doors.look import word
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.called import called
from hiringhall.queries.market import Candidate


def numbered(made: Sequence[Candidate]) -> dict[str, str]:
    """People who proposed for a task, by their ids: told apart, in the order in which they did.

    No more is said of who they are to whoever does not know them by name.
    """
    people = sorted((one.proposal.id, one.proposal.worker.id) for one in made if one.agent is None)
    return {
        worker_id: word("proposal.person_number", number=number)
        for number, (_, worker_id) in enumerate(people, start=1)
    }


def persons(
    names: Mapping[str, str], made: Sequence[Candidate], workers: Iterable[Worker]
) -> dict[str, str]:
    """What to call people who work on a task, by their ids: by name, else by their number."""
    own = {one.id: names[label_of(one)] for one in workers if label_of(one) in names}
    return numbered(made) | own


async def names_for(
    visit: Visit, labels: Iterable[str], task: Task | None = None
) -> dict[str, str]:
    """By how a log labels them, of those that it speaks of; a `task` is whose log it is."""
    return await called(visit.desk.hall, actor=visit.actor, labels=labels, task=task)


def label_of(worker: Worker) -> str:
    """How a log labels whoever works on a task, an agent less the name that it goes by."""
    if worker.user_id is None:
        return f"{ActorKind.AGENT}:{worker.agent_id}"
    return f"{ActorKind.USER}:{worker.user_id}"
