"""Which run a service key stands for."""

import hashlib

from hiringhall.domain.errors import Superseded, Unauthorized
from hiringhall.domain.ids import SERVICE_KEY_PREFIX
from hiringhall.domain.policy import Actor
from hiringhall.domain.runs import LEASED
from hiringhall.domain.tasks import FINAL
from hiringhall.hall import Hall
from hiringhall.store import service_keys
from hiringhall.store.database import Tx
from hiringhall.store.service_keys import KeyHolder


async def authenticate_run(hall: Hall, secret: str, *, ended_too: bool = False) -> Actor:
    """The run that a service key stands for: an actor of kind `run`, with its token in `run`.

    A key dies with its run, and is still known after: whoever comes with it then is told so. With
    `ended_too` the dead are let in, for a report that is repeated; every action asks the token
    again, so nothing of theirs is taken twice.

    Raises:
        Unauthorized: it is no run's key.
        Superseded: the run has ended, or another has taken its place.
    """
    if not secret.startswith(SERVICE_KEY_PREFIX) or len(secret) > 200:
        raise Unauthorized("Invalid or missing service key")
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

    async def find(tx: Tx) -> KeyHolder | None:
        return await service_keys.holder(tx, digest)

    found = await hall.database.read(find)
    if found is None:
        raise Unauthorized("Invalid or missing service key")
    if not ended_too:
        _check_alive(found)
    return found.actor


def _check_alive(holder: KeyHolder) -> None:
    if holder.task_state in FINAL:
        raise Superseded(f"The task is {holder.task_state.value}; this run's key opens nothing now")
    if not holder.is_newest:
        raise Superseded("Another run has taken this one's place; its key opens nothing now")
    if holder.state not in LEASED:
        raise Superseded(f"This run is {holder.state.value}; its key opens nothing now")
