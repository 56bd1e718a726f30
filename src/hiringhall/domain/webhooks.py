"""Outgoing webhooks: where events are sent to, each delivery's way there, and when it is tried."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.addresses import Networks, is_listed, is_public
from hiringhall.domain.durations import DAY_US, SECOND_US
from hiringhall.domain.errors import Invalid
from hiringhall.domain.hosts import NoHost, Target, read_target

MOST_ENDPOINTS = 20
"""Of one organization."""
MAX_URL_LENGTH = 2_000
MAX_DESCRIPTION_LENGTH = 500
SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105  how a secret begins, and none
ANSWER_BYTES = 1_024
"""How much of an answer is read and kept."""

PAUSES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long after each failed attempt the next is made (Standard Webhooks): ten in three days."""
LONGEST_PAUSE_S = 86_400
LONGEST_REST_S = 300
"""An endpoint that fails is left alone for twice as long each time, up to that."""
DISABLED_AFTER_US = 5 * DAY_US
"""An endpoint at which nothing arrives for so long, though it is tried, is switched off."""
OVERLAP_US = DAY_US
"""How long what is sent is signed with the secret before, too, after it was renewed."""
KEPT_DAYS = 30

_URL = re.compile(r"(https?)://([^/?#@]+)([/?][^#]*)?", re.IGNORECASE)
"""Nothing before the host, and nothing that is not sent."""

PING = "ping"
GONE_STATUS = 410
"""The endpoint's own word that nothing is to be sent there any more."""


class EndpointState(StrEnum):
    """Whether anything is sent to an endpoint."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"


class DeliveryState(StrEnum):
    """How far a delivery is; `dead` was tried as often as is done, and is not tried again."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an organization's events are sent. Times in µs UTC.

    `types` None takes all. `cursor` is the place in the feed up to which deliveries have been
    made. `next_due_us` is when something is to be sent next, None where nothing waits; nothing is
    before `rest_until_us`. `claim` counts who had it in hand, until `lease_until_us`.
    """

    id: str
    organization_id: str
    slot: int
    url: str
    description: str
    types: tuple[str, ...] | None
    team_id: str | None
    state: EndpointState
    disabled_because: str
    secret_sealed: bytes
    previous_sealed: bytes | None
    previous_until_us: int | None
    cursor: int
    next_due_us: int | None
    rest_until_us: int
    claim: int
    lease_until_us: int
    failures: int
    failing_since_us: int | None
    created_by: str | None
    created_at_us: int
    updated_at_us: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an endpoint, or there. `seq` is its place in the feed; none: a ping.

    `tries` are the attempts since it was last begun with, `attempts` all of them.
    """

    id: str
    endpoint_id: str
    seq: int | None
    type: str
    state: DeliveryState
    tries: int
    attempts: int
    due_at_us: int | None
    created_at_us: int
    ended_at_us: int | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one attempt: a status, or in a sentence why there is none.

    `answer` are the first bytes of the body, as text, `retry_after_s` what the endpoint asks for.
    """

    at_us: int
    took_ms: int
    status: int | None = None
    error: str = ""
    answer: str = ""
    retry_after_s: int = 0

    @property
    def arrived(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def why_not(self) -> str:
        """In a few words why it did not arrive."""
        return self.error or f"it answered {self.status}"


def pause_us(tries: int, answered: Answered) -> int | None:
    """How long to wait after the given number of failed attempts; None: it is given up."""
    if tries > len(PAUSES_S):
        return None
    asked_s = min(answered.retry_after_s, LONGEST_PAUSE_S)
    return max(PAUSES_S[tries - 1], asked_s) * SECOND_US


def rest_us(failures: int) -> int:
    """How long an endpoint is left alone after so many failures with nothing between them."""
    return min(2 ** min(failures, 20), LONGEST_REST_S) * SECOND_US


def secret_text(random: bytes) -> str:
    """A secret as Standard Webhooks write it."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def tidy_url(text: str, *, networks: Networks) -> str:
    """An address that webhooks may be sent to, as far as can be told without looking it up.

    https, or where the operator lists networks http; no name or password in it, no fragment.
    Raises Invalid.
    """
    url = text.strip()
    target = read_url(url)
    if not is_https(url) and not networks:
        raise _invalid("A webhook's address begins with https://", "not https")
    if target.literal and not is_listed(target.host, networks):
        if not is_public(target.host):
            raise _invalid(
                "Webhooks are not sent to this machine or to private networks "
                "(an operator may list some: HIRINGHALL_WEBHOOK_NETWORKS)",
                "a private address",
            )
        if not is_https(url):
            raise _invalid("A webhook's address begins with https://", "not https")
    return url


def why_not_there(url: str, found: Sequence[str], *, networks: Networks) -> str:
    """In a sentence why nothing is sent to the addresses that a name led to; "" where it is."""
    if not found:
        return "its host has no network address just now"
    # One that is not open spoils all: a name that leads both ways is no honest one.
    if not all(is_public(one) or is_listed(one, networks) for one in found):
        return "its host leads to this machine or a private network"
    if not is_https(url) and not all(is_listed(one, networks) for one in found):
        return "plain http is for networks that the operator has listed"
    return ""


def read_url(url: str) -> Target:
    """Which host and port an address leads to; raises Invalid."""
    plain = url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}')
    if not plain or not 0 < len(url) <= MAX_URL_LENGTH:
        raise _invalid("A webhook's address is a URL of plain characters, up to 2,000", "no URL")
    found = _URL.fullmatch(url)
    if found is None:
        raise _invalid(
            "A webhook's address begins with https:// and has no user, password or #part", "no URL"
        )
    try:
        return read_target(found[2], port=443 if is_https(url) else 80)
    except NoHost:
        raise _invalid("A webhook's address names no host that can be read", "no host") from None


def is_https(url: str) -> bool:
    """Whether an address is spoken to by TLS."""
    return url[:8].lower() == "https://"


def tidy_types(types: Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...] | None:
    """Which types of events are sent, each once; None for all. Raises Invalid."""
    if types is None:
        return None
    unknown = [one for one in types if one not in known]
    if unknown or not types:
        said = f"There is no type of event {unknown[0][:100]!r}" if unknown else "types is empty"
        raise Invalid(said, {"types": "unknown"})
    return tuple(dict.fromkeys(types))


def tidy_description(text: str) -> str:
    """What an endpoint is for; raises Invalid."""
    tidy = text.strip()
    if len(tidy) > MAX_DESCRIPTION_LENGTH:
        raise Invalid(
            f"description is longer than {MAX_DESCRIPTION_LENGTH} characters",
            {"description": "too long"},
        )
    return tidy


def _invalid(message: str, what: str) -> Invalid:
    return Invalid(message, {"url": what})
