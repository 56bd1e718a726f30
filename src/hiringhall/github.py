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
from hiringhall.domain.sentences import Field, sentence
from hiringhall.domain.teams import origin_of

if TYPE_CHECKING:
    import httpx

PUBLIC = "https://api.github.com"
TIMEOUT_S = 10.0
MOST_BYTES = 8 << 20
MOST_WORDS = 300
"""How much of what GitHub complains of is told."""
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


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as it is wanted: a branch of the repository into another one of it."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A pull request that is open, and whether it was opened just now."""

    url: str
    number: int
    is_new: bool


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
                sentence(
                    Field("gitRepoUrl"),
                    " is no repository on GitHub, such as https://github.com/org/repo",
                ),
                {"gitRepoUrl": "not on GitHub"},
            )
        return found[1]

    async def offer(
        self, repository: str, pull: Pull, *, token: str, draft: bool = False
    ) -> Offered:
        """Have one open pull request for a branch: the one that is there gets the new body.

        Raises Invalid for what the team can mend, and Unreachable for what it cannot.
        """
        name = self._name_of(repository)
        found = await self._open_pull(name, pull.branch, token=token)
        if found is None:
            body = {
                "title": pull.title,
                "body": pull.body,
                "head": pull.branch,
                "base": pull.base,
                "draft": draft,
            }
            path = f"/repos/{name}/pulls"
            made = await self._ask("POST", path, name=name, token=token, body=body)
            found = _number(made)
            return Offered(self._page_of(name, found), found, is_new=True)
        path = f"/repos/{name}/pulls/{found}"
        await self._ask("PATCH", path, name=name, token=token, body={"body": pull.body})
        return Offered(self._page_of(name, found), found, is_new=False)

    async def _open_pull(self, name: str, branch: str, *, token: str) -> int | None:
        """The number of the open pull request of a branch of the repository itself."""
        query = {"state": "open", "head": f"{name.partition('/')[0]}:{branch}"}
        pulls = await self._list(f"/repos/{name}/pulls", query, name=name, token=token)
        for pull in pulls:
            match pull:
                case {"head": {"ref": str(ref)}} if ref == branch:
                    return _number(pull)
                case _:
                    pass
        return None

    def _page_of(self, name: str, number: int) -> str:
        return f"{self.origin}/{name}/pull/{number}"

    async def _list(
        self, path: str, query: Mapping[str, str], *, name: str, token: str
    ) -> list[Item]:
        query = {**query, "per_page": str(PAGE)}
        found = await self._ask("GET", path, name=name, token=token, query=query)
        if not isinstance(found, list):
            raise Unreachable("What GitHub answered is no list; try again later")
        return found

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        name: str,
        token: str,
        query: Mapping[str, str] | None = None,
        body: Item | None = None,
    ) -> list[Item] | Item:
        import httpx

        client = await self._open()
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self._base_url}{path}"
        try:
            async with asyncio.timeout(self._timeout_s):
                async with client.stream(
                    method, url, params=query, json=body, headers=headers
                ) as answer:
                    if answer.status_code == 409 and path.endswith("/commits"):
                        return []  # the repository is empty
                    if answer.status_code == 422 and body is not None:
                        raise Invalid(f"GitHub refuses: {_complaint(await _whole(answer))}")
                    if not answer.is_success:
                        verb = "read" if body is None else "open pull requests in"
                        raise _refusal(answer.status_code, answer.headers, name, verb)
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


def _read(body: bytes) -> list[Item] | Item:
    try:
        return msgspec.json.decode(body, type=list[Item] | Item)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreachable("What GitHub answered is no list; try again later") from None


def _number(pull: list[Item] | Item) -> int:
    number = pull.get("number") if isinstance(pull, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise Unreachable("What GitHub answered is no pull request; try again later")
    return number


def _complaint(body: bytes) -> str:
    """What GitHub says is wrong with what it was sent, in one line."""
    try:
        said = msgspec.json.decode(body, type=_Complaint)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "it does not say why"
    words = [said.message, *(str(one.get("message", "")) for one in said.errors)]
    text = " ".join(" ".join(words).split())
    return "".join(c for c in text if c.isprintable())[:MOST_WORDS] or "it does not say why"


class _Complaint(msgspec.Struct):
    message: str = ""
    errors: list[Item] = []


def _refusal(
    status: int, headers: Mapping[str, str], name: str, verb: str
) -> Invalid | Unreachable:
    """Why GitHub gives nothing, in a sentence that says whose move it is."""
    if status == 401:
        return Invalid(
            sentence(
                "GitHub does not accept the team's ",
                Field("githubToken"),
                ": it is wrong, revoked or expired",
            ),
            {"githubToken": "not accepted"},
        )
    if status == 429 or (status == 403 and _is_used_up(headers)):
        return Unreachable(f"GitHub's limit for this token is used up{_until(headers)}")
    if status == 403:
        return Invalid(
            sentence(
                "GitHub refuses: the team's ", Field("githubToken"), f" may not {verb} {name}"
            ),
            {"githubToken": "not allowed"},
        )
    if status == 404:
        return Invalid(
            sentence(
                f"There is no {name} on GitHub that the team's ", Field("githubToken"), " may see"
            ),
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
