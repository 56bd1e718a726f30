"""Speaks with a repository elsewhere: what its default branch is, fetching, and pushing one branch.

The token travels in git's environment as one header for one host; it stands in no argument, no
address and no file.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from hiringhall.workers.git.address import Address, is_public, pinned
from hiringhall.workers.git.command import Answer, Git
from hiringhall.workers.git.errors import (
    DefaultBranchVanished,
    LeaseLost,
    NoAccess,
    PushRefused,
    TimedOut,
    WorkspaceError,
    clean,
    from_remote,
)
from hiringhall.workers.git.peer import RUNS_CONFIGURED_HOOKS, peer
from hiringhall.workers.git.skeleton import is_commit_id
from hiringhall.workers.git.ssh import SshAccess

TOLERATED = (
    # Slips that old and honest histories have; all that is dangerous stays an error.
    "badDate", "badDateOverflow", "badEmail", "badTimezone", "missingEmail",
    "missingNameBeforeEmail", "missingSpaceBeforeDate", "missingSpaceBeforeEmail",
    "missingTaggerEntry", "badTagName", "multipleAuthors", "zeroPaddedFilemode", "badFilemode",
    "zeroPaddedDate", "nullSha1", "emptyName", "extraHeaderEntry", "gitmodulesParse",
)  # fmt: skip

_MOVED_MEANWHILE = re.compile(
    # Seen by git here, or by the server when two pushes meet there.
    r"stale info|updated since checkout|cannot lock ref .*(?:already exists|but expected)"
    r"|incorrect old value|fetch first|non-fast-forward"
)


@dataclass(frozen=True, slots=True)
class Head:
    """A repository's default branch; both unset when the repository is empty."""

    branch: str | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class Remote:
    """One repository, held to the network addresses that were checked, with a token for it."""

    git: Git
    address: Address
    addresses: Sequence[str] = ()
    token: str | None = field(default=None, repr=False)
    ssh: SshAccess | None = None
    time_s: float = 600

    async def head(self) -> Head:
        """What the default branch is now.

        Raises:
            WorkspaceError: RepositoryMissing, NoAccess, Unreachable, TimedOut, …
        """
        answer = await self._run(
            "ls-remote",
            "--quiet",
            "--symref",
            *self._local("upload"),
            "--",
            self.address.url,
            "HEAD",
        )
        if answer.code != 0:
            raise self._error(answer)
        branch: str | None = None
        for line in answer.text.splitlines():
            value, _, name = line.partition("\t")
            if name != "HEAD":
                continue
            if value.startswith("ref: refs/heads/"):
                branch = value.removeprefix("ref: refs/heads/")
            elif is_commit_id(value):
                return Head(branch=branch, commit=value)
        return Head(branch=None, commit=None)

    async def tip(self, branch: str) -> str | None:
        """The commit of one branch as it is now; None when there is no such branch.

        Raises:
            WorkspaceError: as for `head`.
        """
        ref = f"refs/heads/{branch}"
        answer = await self._run(
            "ls-remote", "--quiet", *self._local("upload"), "--", self.address.url, ref
        )
        if answer.code != 0:
            raise self._error(answer)
        lines = (line.partition("\t") for line in answer.text.splitlines())
        return next((value for value, _, name in lines if name == ref), None)

    async def fetch(self, mirror: Path, *, held: int) -> None:
        """Bring a mirror's branches and tags up to date; `held` is the mirror's lock.

        Raises:
            WorkspaceError: as for `head`; the mirror is then as it was.
        """
        tolerated = [(f"fetch.fsck.{name}", "ignore") for name in TOLERATED]
        answer = await self._run(
            "fetch",
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-write-fetch-head",
            *self._local("upload"),
            "--",
            self.address.url,
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
            repository=mirror,
            config=[("fetch.fsckObjects", "true"), *tolerated],
            held=held,
        )
        if answer.code != 0:
            raise self._error(answer)

    async def push(self, repository: Path, *, commit: str, branch: str, old: str | None) -> None:
        """Push one commit as one branch, on condition that the branch is still what it was.

        Repeating a push that succeeded does nothing, also beside one that is still under way: a
        git may outlive the server that started it.

        Raises:
            LeaseLost: somebody else moved the branch.
            PushRefused: the server said no, and why.
            WorkspaceError: as for `head`.
        """
        await self._check_runs_nothing()
        ref = f"refs/heads/{branch}"
        answer = await self._run(
            "push",
            "--quiet",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            f"--force-with-lease={ref}:{old or ''}",
            *self._local("receive"),
            "--",
            self.address.url,
            f"{commit}:{ref}",
            repository=repository,
        )
        if answer.code == 0:
            return
        error = self._push_error(answer, branch)
        if not isinstance(error, LeaseLost) or await self.tip(branch) != commit:
            raise error

    async def _run(
        self,
        *arguments: str,
        repository: Path | None = None,
        config: Sequence[tuple[str, str]] = (),
        held: int | None = None,
    ) -> Answer:
        try:
            return await self.git.run(
                *arguments,
                repository=repository,
                config=[*self._config(), *config],
                environment=self._environment(),
                protocols=self.address.scheme,
                keep_open=() if held is None else (held,),
                bounds=replace(self.git.bounds, time_s=self.time_s),
            )
        except TimedOut as error:
            raise TimedOut(
                f"The repository {self.address.url} did not answer in full within "
                f"{self.time_s:g} s."
            ) from error

    def _config(self) -> list[tuple[str, str]]:
        settings = pinned(self.address, list(self.addresses))
        if self.token and self.address.scheme in {"https", "http"}:
            if not re.fullmatch(r"[!-~]+", self.token):
                raise NoAccess("The token for the repository holds characters that no token has.")
            if self.address.scheme == "http" and any(map(is_public, self.addresses)):
                raise NoAccess(
                    f"The token is not sent to {self.address.url} for everyone on the way to read: "
                    "give its https address."
                )
            pair = self.token if ":" in self.token else f"x-access-token:{self.token}"
            header = "Authorization: Basic " + base64.b64encode(pair.encode()).decode()
            host = self.address.url.split("/")[2]
            settings.append((f"http.{self.address.scheme}://{host}/.extraHeader", header))
        return settings

    def _environment(self) -> list[tuple[str, str]]:
        if self.address.scheme != "ssh" or self.ssh is None:
            return []
        return self.ssh.environment(self.address, self.addresses)

    def _local(self, side: Literal["upload", "receive"]) -> list[str]:
        """A folder that the operator allowed may belong to another user of this machine."""
        if not self.address.is_local:
            return []
        return [f"--{side}-pack={peer(side)}"]

    async def _check_runs_nothing(self) -> None:
        if self.address.is_local and await self.git.version() == RUNS_CONFIGURED_HOOKS:
            raise PushRefused(
                "This host's git 2.54 would run commands out of the configuration of "
                f"{self.address.url}: the hall pushes to folders with any other version."
            )

    def _error(self, answer: Answer) -> WorkspaceError:
        return from_remote(answer.err, shown=self.address.url, token=self.token)

    def _push_error(self, answer: Answer, branch: str) -> WorkspaceError:
        status = next((line for line in answer.text.splitlines() if line.startswith("!\t")), None)
        if status is None:
            return self._error(answer)
        summary = clean(status.split("\t")[-1], token=self.token)
        remote_words = [line for line in answer.err.splitlines() if line.startswith("remote:")]
        said = clean(" ".join([summary, *remote_words]), token=self.token)
        if _MOVED_MEANWHILE.search(said):
            return LeaseLost(
                f"Somebody else moved the branch {branch} at {self.address.url} since this run "
                "began, so it was not overwritten. The work is kept here; the next run begins "
                "from what is there now."
            )
        return PushRefused(f"{self.address.url} did not take the branch {branch}: {said}")


def settled_head(head: Head, refs: dict[str, str], *, shown: str) -> Head:
    """The default branch as it was fetched, which may be a moment older or newer than it was told.

    Raises:
        DefaultBranchVanished: there are branches, but no default one among them.
    """
    if head.branch is None and head.commit is not None:
        return head
    commit = refs.get(f"refs/heads/{head.branch}")
    # A repository that is empty but for what workers pushed has not had a default branch yet.
    ours = "refs/heads/worker/task_"
    others = sum(name.startswith("refs/heads/") and not name.startswith(ours) for name in refs)
    if commit is None and others:
        raise DefaultBranchVanished(
            f"The repository {shown} has no default branch any more: set one there "
            f"(it has {others} other branch{'es' if others > 1 else ''})."
        )
    return Head(branch=head.branch, commit=commit)
