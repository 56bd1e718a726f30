"""What a delivery changed in a repository, for whoever may see the delivery."""

from dataclasses import dataclass

from hiringhall.domain.policy import Actor
from hiringhall.hall import Hall
from hiringhall.queries.deliveries import Delivered, delivery
from hiringhall.queries.seen import Seen, task_seen
from hiringhall.store import patches
from hiringhall.store.database import Tx
from hiringhall.store.patches import PatchRow

__all__ = ["ChangesView", "PatchRow", "changes_of"]


@dataclass(frozen=True, slots=True)
class ChangesView:
    """A delivery with where its patch lies, None where none was kept; and its task."""

    made: Delivered
    patch: PatchRow | None
    seen: Seen

    @property
    def may_send_back(self) -> bool:
        """Whether the actor may ask for a revision of it, as its task stands."""
        is_newest = self.seen.task.deliverable_id == self.made.deliverable.id
        return self.seen.is_poster and is_newest and "request_revision" in self.seen.can


async def changes_of(hall: Hall, *, actor: Actor, deliverable_id: str) -> ChangesView:
    """What a delivery changed; raises NotFound."""
    made = await delivery(hall, actor=actor, deliverable_id=deliverable_id)

    async def find(tx: Tx) -> PatchRow | None:
        return await patches.of_deliverable(tx, deliverable_id)

    patch = await hall.database.read(find)
    seen = await task_seen(hall, actor=actor, task_id=made.deliverable.task_id)
    return ChangesView(made, patch, seen)
