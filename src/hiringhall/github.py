"""GitHub's API, asked in a team's name: what it says, or a clear word why it says nothing."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from hiringhall.domain.errors import Invalid, Unreachable
from hiringhall.domain.teams import origin_of

if TYPE_CHECKING:
    import httpx

PUBLIC = "https://api.github.com"
TIMEOUT_S = 10.0
MOST_BYTES = 8 << 20
PAGE = 20
"""How many of each are asked for, newest first."""

_SEGMENT = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Activity:
    """What happens in a repository, in GitHub's own words: recent commits, open pull requests."""

    commits: list[Item]
    pulls: list[Item]


class GitHub:
    """Asks the API at one address, which the operator chose; tokens go nowhere else."""

    def __init__(self, base_url: str = PUBLIC, *, timeout_s: float = TIMEOUT_S) -> None:
        self._base_url = base_url.rstrip("/")
        self.origin = web_origin(self._base_url)
        """Where this GitHub's repositories are."""
        self._timeout_s = timeout_s
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def activity(self, repository: str, *, token: str) -> Activity:
        """The newest commits of a repository's default branch, and its open pull requests.

        Raises Invalid for what the team can mend (the address, the token and its rights), and
        Unreachable for what it cannot.
        """
        name = self._name_of(repository)
        commits, pulls = await asyncio.gather(
            self._list(f"/repos/{name}/commits", {}, name=name, token=token),
            self._list(f"/repos/{name}/pulls", {"state": "open"}, name=name, token=token),
        )
        return Activity(commits, pulls)

    async def close(self) -> None:
        """Let go of every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _name_of(self, repository: str) -> str:
        found = name_of(repository)
        if found is None or (self._base_url == PUBLIC and found[0] != "github.com"):
            raise Invalid(
                "gitRepoUrl is no repository on GitHub, such as https://github.com/org/repo",
                {"gitRepoUrl": "not on GitHub"},
            )
        return found[1]

    async def _list(
        self, path: str, query: Mapping[str, str], *, name: str, token: str
    ) -> list[Item]:
        import httpx

        client = await self._open()
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with asyncio.timeout(self._timeout_s):
                async with client.stream(
                    "GET",
                    f"{self._base_url}{path}",
                    params={**query, "per_page": str(PAGE)},
                    headers=headers,
                ) as answer:
                    if answer.status_code == 409 and path.endswith("/commits"):
                        return []  # the repository is empty
                    if not answer.is_success:
                        raise _refusal(answer.status_code, answer.headers, name)
                    return _read(await _whole(answer))
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(
                f"GitHub did not answer within {self._timeout_s:g} seconds; try again later"
            ) from None
        except httpx.HTTPError as error:
            raise Unreachable(f"GitHub cannot be reached ({type(error).__name__})") from None

    async def _open(self) -> "httpx.AsyncClient":
        async with self._opening:
            if self._client is None:
                # Its certificates alone are read for longer than the loop may be held.
                self._client = await asyncio.to_thread(_client, self._timeout_s)
            return self._client


def web_origin(base_url: str) -> str:
    """The origin of the repositories that an API is for: GitHub's own, or an Enterprise server's.

    GitHub has its API on a host beside, `api.…`; an Enterprise server has it below `/api`.
    """
    origin = origin_of(base_url)
    scheme, _, host = origin.partition("://api.")
    beside = host == "github.com" or host.endswith(".ghe.com")
    return f"{scheme}://{host}" if beside else origin


def name_of(repository: str) -> tuple[str, str] | None:
    """The host and the `owner/name` of a repository's address; None where there are none."""
    scp = _SCP.fullmatch(repository)
    try:
        parts = urlsplit(repository)
        host, path = (scp.group(1), scp.group(2)) if scp else (parts.hostname or "", parts.path)
    except ValueError:
        return None
    segments = path.strip("/").removesuffix(".git").split("/")
    plain = len(segments) == 2 and all(
        _SEGMENT.fullmatch(one) and one.strip(".") for one in segments
    )
    return (host.lower().removeprefix("www."), "/".join(segments)) if plain and host else None


def _client(timeout_s: float) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        timeout=timeout_s,
        # A repository that was renamed is a redirect; to another origin no token goes along.
        follow_redirects=True,
        headers={
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "hiringhall",
        },
    )


async def _whole(answer: "httpx.Response") -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise Unreachable(f"GitHub's answer is larger than {MOST_BYTES} bytes")
    return bytes(body)


def _read(body: bytes) -> list[Item]:
    try:
        return msgspec.json.decode(body, type=list[Item])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreachable("What GitHub answered is no list; try again later") from None


def _refusal(status: int, headers: Mapping[str, str], name: str) -> Invalid | Unreachable:
    """Why GitHub gives nothing, in a sentence that says whose move it is."""
    if status == 401:
        return Invalid(
            "GitHub does not accept the team's githubToken: it is wrong, revoked or expired",
            {"githubToken": "not accepted"},
        )
    if status == 429 or (status == 403 and _is_used_up(headers)):
        return Unreachable(f"GitHub's limit for this token is used up{_until(headers)}")
    if status == 403:
        return Invalid(
            f"GitHub refuses: the team's githubToken may not read {name}",
            {"githubToken": "not allowed"},
        )
    if status == 404:
        return Invalid(
            f"There is no {name} on GitHub that the team's githubToken may see",
            {"gitRepoUrl": "not found"},
        )
    return Unreachable(f"GitHub answered with status {status}; try again later")


def _is_used_up(headers: Mapping[str, str]) -> bool:
    return headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers


def _until(headers: Mapping[str, str]) -> str:
    reset = headers.get("x-ratelimit-reset", "")
    if reset.isascii() and reset.isdigit() and len(reset) <= 11:
        return f" until {datetime.fromtimestamp(int(reset), UTC):%Y-%m-%d %H:%M:%S} UTC"
    return ""
