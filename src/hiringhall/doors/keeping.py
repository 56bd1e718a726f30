"""Files that somebody hands in at a door: their bytes put away, their names made safe."""

import contextlib
from collections.abc import AsyncGenerator, Sequence

from hiringhall.actions.market.delivering import MAX_FILES
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.domain.errors import HallError, Invalid
from hiringhall.doors.desk import Desk
from hiringhall.doors.kit import Limits
from hiringhall.hall import Replayed
from hiringhall.workers.file_names import safe_name

FILES = Limits(body_bytes=16 << 20, body_s=120.0)
"""What somebody who is known may hand in at once, and how long it may take."""


def check_count(count: int) -> None:
    """Raise Invalid for more files than one deliverable has."""
    if count > MAX_FILES:
        raise Invalid(f"At most {MAX_FILES} files", {"files": "too many"})


@contextlib.asynccontextmanager
async def kept_files(
    desk: Desk, given: Sequence[tuple[str, bytes]]
) -> AsyncGenerator[list[NewFile]]:
    """The files as they are kept, by name and bytes; they go again where the block is refused."""
    check_count(len(given))
    names: set[str] = set()
    made: list[NewFile] = []
    for given_name, content in given:
        name = safe_name(given_name, taken=names)
        names.add(name)
        key = desk.hall.new_id()
        stored = await desk.blobs.put(key, content)
        made.append(NewFile(name, stored.size_bytes, stored.sha256, key))
    try:
        yield made
    except (HallError, Replayed):
        # Surely nothing was written of them. After any other fault a row may name them: what is
        # nobody's then, the sweep finds.
        for file in made:
            await desk.blobs.delete(file.blob_key)
        raise
