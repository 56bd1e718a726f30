"""From the name in the settings to a provider: exactly the one that was named, or an error."""

from collections.abc import Sequence
from pathlib import Path

from hiringhall.workers.sandboxes.bubblewrap import Bubblewrap
from hiringhall.workers.sandboxes.port import SandboxError, SandboxProvider
from hiringhall.workers.sandboxes.process import ProcessUnsafe

NAMES = (Bubblewrap.name, ProcessUnsafe.name)


def choose_sandbox(name: str, *, forbidden: Sequence[Path]) -> SandboxProvider:
    """Raises `SandboxError` for an unknown name.

    `forbidden` are the hall's own folders, which no role may mount into a sandbox. Nothing is
    chosen in a named provider's stead: whether it works here is for its `probe` to say.
    """
    if name == Bubblewrap.name:
        return Bubblewrap(forbidden=forbidden)
    if name == ProcessUnsafe.name:
        return ProcessUnsafe()
    if name == "process":
        raise SandboxError(
            "A sandbox that isolates nothing goes by the name `process-unsafe` only."
        )
    raise SandboxError(f"No sandbox is called {name!r}; there are {' and '.join(NAMES)}.")
