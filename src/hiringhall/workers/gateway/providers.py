"""Who runs models, where they are reached, and how each takes its key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Provider(StrEnum):
    """Whose way of speaking an endpoint has; a server of one's own has one of these too."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    GEMINI = "gemini"


PUBLIC: Mapping[Provider, str] = {
    Provider.ANTHROPIC: "https://api.anthropic.com",
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.GEMINI: "https://generativelanguage.googleapis.com",
}
"""Where each is reached, as its own clients are told."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider is reached, with the hall's key for it; a server of one's own needs none."""

    provider: Provider
    base_url: str
    key: str | None = field(default=None, repr=False)

    @property
    def is_public(self) -> bool:
        """Whether it is the provider's own, which answers nobody without a key."""
        return self.base_url.rstrip("/") == PUBLIC[self.provider]


def key_header(provider: Provider, key: str) -> tuple[str, str]:
    """The header by which a provider takes a key."""
    if provider is Provider.ANTHROPIC:
        return "x-api-key", key
    if provider is Provider.GEMINI:
        return "x-goog-api-key", key
    return "authorization", f"Bearer {key}"
