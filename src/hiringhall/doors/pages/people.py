"""What the people of one's own organization are called, where a log says who did something."""

from hiringhall.domain.policy import ActorKind
from hiringhall.doors.pages.visits import Visit
from hiringhall.queries.members import members_of


async def names_for(visit: Visit) -> dict[str, str]:
    """By how a log names them; nobody outside the visitor's own organization is among them."""
    found = await members_of(visit.desk.hall, actor=visit.actor)
    return {f"{ActorKind.USER}:{one.user_id}": one.name for one in found}
