"""Names of things: UUIDv7 in the core, and the few short forms that people and branches see."""

import base64
import re
import uuid

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BASE32 = re.compile(r"[a-z2-7]{26}")

KEY_PREFIX = "aw_live_"
"""How a customer's api key begins (seed 000)."""

TEAM_KEY_PREFIX = "at_live_"
"""How one begins that was made at the Agentix door (seed 004)."""

CUSTOMER_KEY_PREFIXES = (KEY_PREFIX, TEAM_KEY_PREFIX)
"""Both open every door that is for customers."""

AGENT_KEY_PREFIX = "nxw_"
"""How an outside agent's key begins (seed 003)."""

SERVICE_KEY_PREFIX = "hall_run_"
"""How a run's own secret begins: it opens what that run needs, until the run has ended."""

SHORT_ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
"""Letters and digits that cannot be mistaken for one another."""

SHORT_ID_LENGTH = 5


def uuid7(at_us: int, random: bytes) -> str:
    """The UUIDv7 of a moment in microseconds and ten random bytes, as text.

    The twelve bits behind the millisecond hold the fraction of it, so that ids made by one
    process rise with time (RFC 9562, section 6.2, method 3).
    """
    if len(random) != 10:
        raise ValueError("uuid7 takes ten random bytes")
    milliseconds, rest_us = divmod(at_us, 1000)
    moment = (milliseconds & (1 << 48) - 1) << 16 | 0x7 << 12 | rest_us * 4096 // 1000
    drawn = 0b10 << 62 | int.from_bytes(random[:8], "big") & (1 << 62) - 1
    # By hand: `uuid.UUID` takes twice as long, and every row has an id.
    high, low = f"{moment:016x}", f"{drawn:016x}"
    return f"{high[:8]}-{high[8:12]}-{high[12:]}-{low[:4]}-{low[4:]}"


def made_at_us(identifier: str) -> int:
    """When a UUIDv7 was made, to the millisecond (µs UTC)."""
    return int(identifier.replace("-", "")[:12], 16) * 1000


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in the one form that the hall writes: lower case, with hyphens."""
    return _UUID.fullmatch(text) is not None


def base32_of(identifier: str) -> str:
    """The sixteen bytes of a UUID in lower-case base 32 without padding: 26 characters."""
    return base64.b32encode(uuid.UUID(identifier).bytes).decode().rstrip("=").lower()


def ref_of(kind: str, identifier: str) -> str:
    """A thing's name as Agentix writes it: its kind, such as `team`, and the UUID in base 32."""
    return f"{kind}_{base32_of(identifier)}"


def id_of_ref(kind: str, ref: str) -> str | None:
    """The UUID behind such a name; None for another kind's, and for what names nothing."""
    if not ref.startswith(f"{kind}_") or _BASE32.fullmatch(ref, len(kind) + 1) is None:
        return None
    found = str(uuid.UUID(bytes=base64.b32decode(f"{ref[len(kind) + 1 :].upper()}======")))
    # The last letter has bits to spare: of the names that lead to one id, one is its own.
    return found if ref_of(kind, found) == ref else None


def task_ref(task_id: str) -> str:
    """A task's short name, which its branch has too."""
    return ref_of("task", task_id)


def branch_of(task_id: str) -> str:
    """The one branch that a worker's result is pushed to."""
    return f"worker/{task_ref(task_id)}"


def short_id(random: bytes) -> str:
    """Five letters or digits that name an organization to people."""
    if len(random) != SHORT_ID_LENGTH:
        raise ValueError(f"a short id takes {SHORT_ID_LENGTH} random bytes")
    return "".join(SHORT_ID_ALPHABET[byte % len(SHORT_ID_ALPHABET)] for byte in random)
