"""Why a run's calls are not let through any more, and until when."""

import email.utils
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hiringhall.actions.runs.spending import OutOfCreditsToday
from hiringhall.domain.compute import CapReached

UNSTATED_S = 60
"""How long a provider is left alone that says it has no room, and not until when."""
LONGEST_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class ProviderBusy:
    """The provider takes no more of this key's calls before a time (µs UTC)."""

    provider: str
    status: int
    until_us: int

    @property
    def text(self) -> str:
        """For whoever waits."""
        return f"The model's provider ({self.provider}) takes no more calls now ({self.status})"


Stop: TypeAlias = CapReached | OutOfCreditsToday | ProviderBusy


def busy_until_us(headers: Mapping[str, str], body: bytes, *, now_us: int) -> int:
    """When a provider that had no room is to be asked again, as it says itself."""
    stated_s = _stated_s(headers, now_us) or _retry_info_s(body)
    wait_s = UNSTATED_S if stated_s is None else min(LONGEST_S, max(1.0, stated_s))
    return now_us + math.ceil(wait_s * 1_000_000)


def _stated_s(headers: Mapping[str, str], now_us: int) -> float | None:
    in_ms = _number(headers.get("retry-after-ms", ""))
    if in_ms is not None:
        return in_ms / 1000
    stated = headers.get("retry-after", "")
    seconds = _number(stated)
    if seconds is not None:
        return seconds
    try:
        at = email.utils.parsedate_to_datetime(stated)
    except ValueError:
        return None
    return at.timestamp() - now_us / 1_000_000


def _number(text: str) -> float | None:
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*", text)
    return float(found[1]) if found else None


def _retry_info_s(body: bytes) -> float | None:
    """Gemini says it in the error: `"retryDelay": "17s"`."""
    found = re.search(rb'"retryDelay"\s*:\s*"(\d{1,9}(?:\.\d{1,9})?)s"', body)
    return float(found[1]) if found else None


def retry_after_s(stop: Stop, *, now_us: int) -> int | None:
    """How many seconds a client may as well wait; None where waiting alone does not help."""
    if isinstance(stop, CapReached):
        return None
    return max(1, -(-(stop.until_us - now_us) // 1_000_000))
