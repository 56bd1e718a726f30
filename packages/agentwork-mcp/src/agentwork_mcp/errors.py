"""Turns what went wrong with the API into sentences that tell a model what to do next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

import httpx

_DETAIL_LIMIT = 2_000


class CallFailed(Exception):
    """An API call that gave no usable answer; the message is for the model and holds no secret."""


@dataclass(frozen=True)
class Advice:
    """What to do about a refusal, where that depends on which tool was called and how."""

    get_key: str
    """How this caller gets and passes a key."""
    conflict: str = "Read the task's status and try again."
    bad_request: str = (
        "Correct the arguments; agentwork_get_task_status says what the task waits for."
    )
    after_timeout: str = "Try again."


def refusal(response: httpx.Response, advice: Advice) -> CallFailed:
    """The API answered, but not with success: status, its own words, and the next step."""
    status = response.status_code
    detail, request_id = _detail(response)
    parts = [f"The Agentwork API answered {status}" + (f": {detail}" if detail else ".")]
    if request_id:
        parts.append(f"Its request_id is {request_id}.")
    parts.append(_next_step(response, advice))
    return CallFailed(" ".join(part for part in parts if part))


def unreachable(
    error: httpx.HTTPError, base_url: str, timeout_s: float, advice: Advice
) -> CallFailed:
    """No answer came: the kind of failure and where it was tried, in words of our own."""
    if isinstance(error, (httpx.ConnectTimeout, httpx.ConnectError)):
        return CallFailed(
            f"Could not connect to {base_url}: nothing answers there, the name is unknown, or its "
            "certificate is not "
            "trusted. Check AGENTWORK_BASE_URL and the network; nothing was sent."
        )
    if isinstance(error, httpx.TimeoutException):
        return CallFailed(
            f"{base_url} did not answer within {timeout_s:g} seconds. {advice.after_timeout}"
        )
    return CallFailed(
        f"The connection to {base_url} broke before an answer came. {advice.after_timeout}"
    )


def not_json(response: httpx.Response, base_url: str) -> CallFailed:
    """Success without the JSON object the API promises: most likely another server."""
    return CallFailed(
        f"{base_url} answered {response.status_code}, but not with a JSON object: this does not "
        "look like an "
        "Agentwork API. Check AGENTWORK_BASE_URL."
    )


def _detail(response: httpx.Response) -> tuple[str, str]:
    """The error envelope's `detail` and `request_id`, each empty where absent."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    envelope = cast("dict[str, Any]", body)
    detail, request_id = envelope.get("detail"), envelope.get("request_id")
    text = detail if isinstance(detail, str) else json.dumps(detail) if detail is not None else ""
    return text[:_DETAIL_LIMIT].strip(), request_id[:64] if isinstance(request_id, str) else ""


def _next_step(response: httpx.Response, advice: Advice) -> str:
    status = response.status_code
    if 300 <= status < 400:
        return (
            "Redirects are not followed, so that no key goes astray: "
            "set AGENTWORK_BASE_URL to the final address."
        )
    if status == 429:
        wait = response.headers.get("Retry-After", "")
        until = (
            f"Wait {wait} seconds, then try again." if wait.isdigit() else "Wait, then try again."
        )
        return f"Too many requests, or the day's credits are used up. {until}"
    if status >= 500:
        return "That is the server's fault, not the arguments'. Try again later."
    return {
        400: advice.bad_request,
        401: advice.get_key,
        403: "This key may not do that.",
        404: "This key's organization has no such task: check task_id, and which key is used.",
        409: advice.conflict,
        413: "Shorten the text: the server takes at most about one megabyte.",
    }.get(status, "")
