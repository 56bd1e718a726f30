"""A team: a standing workspace with its goal, its settings and the kinds of worker in it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hiringhall.domain.errors import Invalid
from hiringhall.domain.sentences import Field, sentence

MAX_GOAL_LENGTH = 10_000
MAX_CONFIG_BYTES = 65_536
MAX_PLAYBOOK_LENGTH = 200_000
MAX_SECRET_LENGTH = 1_000
MAX_WORKERS = 1_000

MASK = "********"
"""What stands for a secret wherever it is shown; given back, it means the secret that is there."""


class Autonomy(StrEnum):
    """Who has workers begin: whoever says `run`, or the hall itself."""

    SUPERVISED = "supervised"
    AUTONOMOUS = "autonomous"


class SecretName(StrEnum):
    """What a team gives the hall to keep sealed, by the name that it is given under."""

    GITHUB_TOKEN = "githubToken"  # noqa: S105  a name, no secret
    ANTHROPIC_API_KEY = "anthropicApiKey"


class PullRequests(StrEnum):
    """Whether a pull request is opened for what is pushed."""

    NONE = "none"
    DRAFT = "draft"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Team:
    """A team's row. `secrets` says which are there; what they are, only `opened_secret` says."""

    id: str
    organization_id: str
    name: str
    is_default: bool
    goal: str | None
    autonomy: Autonomy
    config: dict[str, Any] | None
    playbook: str | None
    created_at_us: int
    updated_at_us: int
    secrets: frozenset[SecretName] = field(default_factory=frozenset[SecretName])

    @property
    def repository(self) -> str | None:
        """The repository of the team's tasks that name none."""
        return repository_of(self.config)

    @property
    def max_workers(self) -> int | None:
        """How many of its runs are at work at once; 0 lets none begin, None leaves it open."""
        found = (self.config or {}).get("maxWorkers")
        return found if isinstance(found, int) else None

    @property
    def reviews(self) -> bool:
        """Whether what is delivered is looked at before it is done."""
        return (self.config or {}).get("review") is True

    @property
    def pull_requests(self) -> PullRequests:
        """Whether a pull request is opened on GitHub for what workers push."""
        match (self.config or {}).get("pullRequest"):
            case True:
                return PullRequests.READY
            case "draft":
                return PullRequests.DRAFT
            case _:
                return PullRequests.NONE


@dataclass(frozen=True, slots=True)
class Merged:
    """A config after a change: what is kept as it is, and what becomes of secrets (None: gone)."""

    config: dict[str, Any]
    secrets: dict[SecretName, str | None]


def secret_place(team_id: str, name: SecretName) -> str:
    """For which place a team's secret is sealed: at another team's it opens nothing."""
    return f"team/{team_id}/{name.value}"


def repository_of(config: Mapping[str, Any] | None) -> str | None:
    """What a team's config says of a repository."""
    found = (config or {}).get("gitRepoUrl")
    return found if isinstance(found, str) and found else None


def origin_of(address: str) -> str:
    """The web origin that a repository's address belongs to; empty for a folder.

    One over ssh belongs to the web pages and the API of the same host.
    """
    match = _ADDRESS.match(address)
    if match is None:
        return ""
    scheme, host, port = match[1].lower(), match[2].lower(), match[3]
    if scheme == "ssh":
        return f"https://{host}"
    return f"{scheme}://{host}" + (f":{port}" if port and int(port) != _PORTS[scheme] else "")


def token_origin(config: Mapping[str, Any] | None, *, usual: str) -> str:
    """The one web origin that a team's `githubToken` is for, so that it is sent nowhere else.

    That of its repository, and where it has none the `usual` one, which is GitHub's.
    """
    repository = repository_of(config)
    return usual if repository is None else origin_of(repository)


def merge_config(current: Mapping[str, Any] | None, change: Mapping[str, Any]) -> Merged:
    """Put a change over a config, key by key: null takes a key away, secrets are set apart.

    Raises Invalid.
    """
    config = dict(current or {})
    secrets: dict[SecretName, str | None] = {}
    for key, value in change.items():
        if key in _SECRET_NAMES:
            if value != MASK:
                secrets[SecretName(key)] = tidy_secret(key, value)
        elif value is None:
            config.pop(key, None)
        else:
            config[key] = _CHECKS.get(key, _anything)(key, value)
    if len(json.dumps(config, ensure_ascii=False).encode("utf-8", "replace")) > MAX_CONFIG_BYTES:
        raise Invalid(f"config is larger than {MAX_CONFIG_BYTES} bytes", {"config": "too large"})
    return Merged(config, secrets)


def tidy_secret(name: str, value: object) -> str | None:
    """A secret as it is kept; None, or nothing but spaces, takes it away. Raises Invalid."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid(sentence(Field(name), " is a text"), {name: "not a text"})
    tidy = value.strip()
    if len(tidy) > MAX_SECRET_LENGTH or not (tidy.isascii() and tidy.isprintable()):
        raise Invalid(
            sentence(Field(name), f" has plain letters and signs, up to {MAX_SECRET_LENGTH}"),
            {name: "?"},
        )
    return tidy or None


def tidy_goal(goal: str | None) -> str | None:
    """A goal in the form it is kept; None where nothing is said. Raises Invalid."""
    tidy = (goal or "").strip()
    if len(tidy) > MAX_GOAL_LENGTH:
        raise Invalid(f"goal is longer than {MAX_GOAL_LENGTH} characters", {"goal": "too long"})
    return tidy or None


def tidy_playbook(playbook: str) -> str:
    """A playbook as it is kept: every letter of it. Raises Invalid."""
    if len(playbook) > MAX_PLAYBOOK_LENGTH:
        raise Invalid(
            f"playbook is longer than {MAX_PLAYBOOK_LENGTH} characters", {"playbook": "too long"}
        )
    return playbook


def autonomy_of(word: str) -> Autonomy:
    """The autonomy of that name; raises Invalid."""
    try:
        return Autonomy(word.strip())
    except ValueError:
        raise Invalid("autonomy is 'supervised' or 'autonomous'", {"autonomy": "unknown"}) from None


def _anything(_key: str, value: Any) -> Any:
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Invalid(sentence(Field(key), " is a text that says something"), {key: "not a text"})
    return value.strip()


def _truth(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid(sentence(Field(key), " is true or false"), {key: "not a truth"})
    return value


def _workers(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_WORKERS:
        raise Invalid(
            sentence(Field(key), f" is a whole number from 0 to {MAX_WORKERS}"),
            {key: "not a count"},
        )
    return value


def _truth_or_draft(key: str, value: Any) -> bool | str:
    if value is not True and value is not False and value != "draft":
        raise Invalid(sentence(Field(key), ' is true, false or "draft"'), {key: "unknown"})
    return value


_PORTS = {"https": 443, "http": 80}
_ADDRESS = re.compile(
    r"(https?|ssh)://(?:[^@/?#\\]*@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?(?:/|$)",
    re.IGNORECASE | re.ASCII,
)
_SECRET_NAMES = frozenset(name.value for name in SecretName)
_CHECKS = {
    "gitRepoUrl": _text,
    "review": _truth,
    "maxWorkers": _workers,
    "pullRequest": _truth_or_draft,
}
