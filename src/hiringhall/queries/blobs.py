"""Which bytes belong to something that the hall knows of."""

from collections.abc import Sequence

from hiringhall.hall import Hall
from hiringhall.store import deliverables
from hiringhall.store.database import Tx


async def unknown_blobs(hall: Hall, keys: Sequence[str]) -> list[str]:
    """Those of some keys that nothing has."""

    async def body(tx: Tx) -> set[str]:
        return await deliverables.known_blobs(tx, keys)

    known = await hall.database.scan(body)
    return [key for key in keys if key not in known]
