"""Keeps a conversation to a size that models take: old output of tools is shortened first."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelRequestPart, ToolReturnPart

MOST_CHARACTERS = 400_000
"""About 100,000 tokens; beyond it, a conversation is cut down to two thirds at once.

Seldom and by much, because each cut makes the provider read everything anew.
"""
_GOAL = MOST_CHARACTERS * 2 // 3
_KEPT = 300
_NEWEST = 6
"""The last messages stay as they are."""


def trim(messages: list[ModelMessage]) -> list[ModelMessage]:
    """The conversation, shortened where it has grown too long."""
    size = sum(_size(message) for message in messages)
    if size <= MOST_CHARACTERS:
        return messages
    kept = list(messages)
    for index, message in enumerate(messages[:-_NEWEST]):
        if size <= _GOAL:
            break
        if isinstance(message, ModelRequest):
            shorter = replace(message, parts=[_shorten(part) for part in message.parts])
            size -= _size(message) - _size(shorter)
            kept[index] = shorter
    return kept


def _shorten(part: ModelRequestPart) -> ModelRequestPart:
    if not isinstance(part, ToolReturnPart) or not isinstance(part.content, str):
        return part
    left_out = len(part.content) - _KEPT
    if left_out <= _KEPT:
        return part
    return replace(part, content=f"{part.content[:_KEPT]}\n[… {left_out} characters, long ago …]")


def _size(message: ModelMessage) -> int:
    parts: Sequence[object] = message.parts
    told = (getattr(part, "content", None) or getattr(part, "args", "") for part in parts)
    return sum(len(str(one)) for one in told)
