"""What the gateway itself refuses, in the words that each dialect's clients understand."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hiringhall.workers.gateway.paths import Dialect

_ANTHROPIC: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_OPENAI: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "invalid_api_key",
    402: "insufficient_quota",
    403: "model_not_allowed",
    404: "not_found",
    413: "request_too_large",
    429: "rate_limit_exceeded",
}
_GEMINI: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "FAILED_PRECONDITION",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
}


class Refused(Exception):
    """A request that goes no further; `message` is for the agent and holds no secret."""

    def __init__(self, status: int, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s


def refusal_body(dialect: Dialect, status: int, message: str) -> bytes:
    """A refusal as a client of a dialect reads it."""
    told: dict[str, Any]
    if dialect is Dialect.MESSAGES:
        kind = _ANTHROPIC.get(status, "api_error")
        told = {"type": "error", "error": {"type": kind, "message": message}}
    elif dialect is Dialect.GEMINI:
        kind = _GEMINI.get(status, "UNAVAILABLE")
        told = {"error": {"code": status, "message": message, "status": kind}}
    else:
        kind = _OPENAI.get(status, "server_error")
        told = {"error": {"message": message, "type": kind, "param": None, "code": kind}}
    return msgspec.json.encode(told)
