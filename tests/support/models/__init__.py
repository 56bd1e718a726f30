"""A model server of the tests' own: plays one script in the dialects of the real ones.

    with model_server(Turn(calls=[shell("date > now")]), Turn(calls=[call("deliver")])) as server:
        ...  # server.url, server.requests, server.problems

It speaks Anthropic Messages, OpenAI Chat Completions and Responses, and Gemini, whole or streamed,
and nothing of it leaves the machine.
"""

from tests.support.models.script import (
    Break,
    Call,
    Heard,
    Refuse,
    Script,
    Tool,
    Turn,
    Usage,
    call,
    shell,
    write_file,
)
from tests.support.models.server import ModelServer, Received, model_server

__all__ = [
    "Break",
    "Call",
    "Heard",
    "ModelServer",
    "Received",
    "Refuse",
    "Script",
    "Tool",
    "Turn",
    "Usage",
    "call",
    "model_server",
    "shell",
    "write_file",
]
