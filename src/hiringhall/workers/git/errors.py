"""Why work with a repository can fail: a class for each reason, with a sentence for a person.

`retryable` says whether the same call may succeed later with nothing changed by a person. Texts
that a foreign server wrote are quoted in part, cleaned of control characters and of the token.
"""

import re
from typing import ClassVar

from hiringhall.workers.masking import Masker

QUOTED_CHARACTERS = 300
"""How much of git's or a server's own words a sentence carries."""


class WorkspaceError(Exception):
    """The base: a sentence for a person (`reason`), and whether trying again may help."""

    code: ClassVar[str] = "workspace"
    retryable: bool = False

    def __init__(self, reason: str, *, retryable: bool | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        if retryable is not None:
            self.retryable = retryable


class AddressRefused(WorkspaceError):
    """The repository's address is not one that this hall goes to."""

    code = "address_refused"


class RepositoryMissing(WorkspaceError):
    """There is no repository there, or it hides from the token that was given."""

    code = "repository_missing"


class NoAccess(WorkspaceError):
    """The server wants another token than the one that was given."""

    code = "no_access"


class Unreachable(WorkspaceError):
    """The server could not be spoken to."""

    code = "unreachable"
    retryable = True


class DefaultBranchVanished(WorkspaceError):
    """The repository names a default branch that it does not have."""

    code = "default_branch_vanished"


class TooLarge(WorkspaceError):
    """A bound on size, memory or number was met."""

    code = "too_large"


class DiskFull(WorkspaceError):
    """The hall's own disk has no room for it."""

    code = "disk_full"
    retryable = True


class TimedOut(WorkspaceError):
    """A bound on time was met."""

    code = "timed_out"
    retryable = True


class Busy(WorkspaceError):
    """Another run holds the repository's mirror, and went on holding it."""

    code = "busy"
    retryable = True


class WorkUnreadable(WorkspaceError):
    """What a worker left behind could not be taken in."""

    code = "work_unreadable"


class LiveSecret(WorkspaceError):
    """The work contains a secret that is in use, and is therefore not taken."""

    code = "live_secret"


class PushRefused(WorkspaceError):
    """The server did not take the branch."""

    code = "push_refused"


class LeaseLost(PushRefused):
    """The branch was moved by somebody else since the run began."""

    code = "lease_lost"


class GitUnusable(WorkspaceError):
    """The host has no git, or one that is too old."""

    code = "git_unusable"


class GitFailed(WorkspaceError):
    """git failed in a way that has no class of its own."""

    code = "git_failed"


_NO_ACCESS = re.compile(
    r"returned error: 40[137]|authentication failed|could not read (?:username|password)"
    r"|terminal prompts disabled|permission denied|access denied|host key verification failed",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"returned error: 404|repository .{0,500}not found|repository not found|does not exist"
    r"|does not appear to be a git repository|no such file or directory|not valid: is this a git",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"returned error: 30\d|unable to update url base from redirection", re.IGNORECASE
)
_TOO_LARGE = re.compile(
    r"out of memory|signal 25|file size limit|file too large|maximum allowed size"
    r"|malloc|mmap failed|cannot allocate",
    re.IGNORECASE,
)
_NO_ROOM = re.compile(r"no space left|disk quota exceeded", re.IGNORECASE)
_CERTIFICATE = re.compile(r"ssl certificate|certificate verif|server certificate", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"could not resolve|failed to connect|couldn't connect"
    r"|connection (?:refused|reset|closed|timed out)|timed out|operation too slow"
    r"|returned error: (?:429|5\d\d)|early eof|hung up unexpectedly|empty reply"
    r"|network is unreachable|no route to host|rpc failed|transfer closed",
    re.IGNORECASE,
)


def clean(text: str, *, token: str | None = None) -> str:
    """Foreign words made safe to quote: one line, printable, cut, and without the token."""
    if token:
        # Whoever has it, as a server does, may also say it in another spelling.
        text = Masker([token]).text(text.replace(token, "[token]"))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= QUOTED_CHARACTERS else line[:QUOTED_CHARACTERS] + "…"


def from_remote(stderr: str, *, shown: str, token: str | None) -> WorkspaceError:
    """The error that git's words about a remote repository mean."""
    said = clean(stderr, token=token)
    if _NO_ROOM.search(stderr):
        return DiskFull(f"The hall's disk has no room for the repository {shown}. Make room there.")
    if _TOO_LARGE.search(stderr):
        return TooLarge(
            f"The repository {shown} is larger than this hall takes (HIRINGHALL_REPOSITORY_MIB). "
            f"git said: {said}"
        )
    if _MOVED.search(stderr):
        return AddressRefused(
            f"The repository {shown} answers with a redirection, which is not followed: "
            "give its present address."
        )
    if _CERTIFICATE.search(stderr):
        return Unreachable(
            f"The certificate of {shown} could not be verified. git said: {said}", retryable=False
        )
    if _NO_ACCESS.search(stderr):
        return NoAccess(
            f"No access to the repository {shown}: {_remedy(shown, token)} git said: {said}"
        )
    if _MISSING.search(stderr):
        return RepositoryMissing(
            f"There is no repository at {shown}, or "
            + ("the token given may not see it." if token else "it is hidden without a token.")
        )
    if _UNREACHABLE.search(stderr):
        return Unreachable(f"The repository {shown} could not be reached. git said: {said}")
    return GitFailed(f"git could not work with the repository {shown}. It said: {said}")


def _remedy(shown: str, token: str | None) -> str:
    """What to do where access is refused."""
    if shown.startswith("ssh://"):
        return (
            "the hall's ssh key (HIRINGHALL_SSH_KEY_FILE) is not accepted there, or the host's own "
            "key is not in HIRINGHALL_SSH_KNOWN_HOSTS_FILE."
        )
    if token:
        return (
            "the token given was not accepted: it is wrong, expired, or may not do this. Give the "
            "team a githubToken that may read and write this repository."
        )
    return (
        "it needs a token and has none: set githubToken in the config of the task's team, whose "
        "gitRepoUrl has to be at the same host."
    )
