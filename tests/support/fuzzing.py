"""Requests made from a door's OpenAPI document, sent to a hall, and their answers held to it."""

from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any, cast

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = (
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    allow_header_conformance,
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def generated(examples: int) -> settings:
    """How requests are drawn: so many of an operation and a mode, the same ones each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
        ],
    )


@contextmanager
def session() -> Generator[requests.Session]:
    """A client that asks the hall alone, whatever proxies its surroundings name."""
    with requests.Session() as made:
        made.trust_env = False
        yield made


def statuses_of(
    document: dict[str, Any],
    check: Callable[[Any, set[int]], None],
    *,
    reading: Collection[str] | None = None,
) -> dict[str, set[int]]:
    """What each operation of a document was answered with.

    `check` draws requests out of the strategy that it is given, sends them, and adds how they were
    answered. Wrong ones are drawn too, but of operations that are not `reading` (None: all are):
    where nothing is read but a text of the path, nothing can be wrong.
    """
    statuses: dict[str, set[int]] = {}
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = cast("Any", found).ok()
        seen = statuses.setdefault(operation.label, set())
        for mode in MODES if reading is None or operation.label in reading else MODES[:1]:
            check(operation.as_strategy(mode), seen)
    return statuses


def send(
    case: Any,
    url: str,
    client: requests.Session,
    seen: set[int],
    *,
    key: str | None,
    may_fail: Collection[int] = (),
) -> None:
    """Send a drawn request with a key, if there is one; its answer has to be a documented one.

    No answer is a server's error but those of a status that `may_fail`.
    """
    if key is not None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}
    response = case.call(base_url=url, session=client)
    seen.add(response.status_code)
    fails = () if response.status_code in may_fail else (not_a_server_error,)
    case.validate_response(response, checks=[*CHECKS, *fails])
