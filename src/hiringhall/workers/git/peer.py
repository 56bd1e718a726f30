"""Starts the other side of a fetch or push on this machine so that it runs nothing of anybody's.

Git drops its caller's configuration before it starts that side, which then reads the repository's
own; and whoever may write a repository's folder writes its hooks and its config. So what git could
run out of them is shut here once more, on the command line, which goes before every file.
"""

import shlex
from typing import Literal

from hiringhall.workers.git.command import HARDENING

RUNS_CONFIGURED_HOOKS = (2, 54)
"""The one git that runs `hook.<name>.command` of a repository and cannot be told not to."""

_HOOKS = (
    *("pre-receive", "update", "post-receive", "post-update", "proc-receive"),
    *("push-to-checkout", "reference-transaction", "pre-auto-gc"),
)
_SHUT: tuple[tuple[str, str], ...] = (
    # Whichever user a folder belongs to: nothing of it is run.
    ("safe.directory", "*"),
    *HARDENING,
    # From git 2.55 on, for hooks that a config spells out (core.hooksPath is for files).
    *((f"hook.{event}.enabled", "false") for event in _HOOKS),
    # A checkout of the branch stays as it is: writing it would run filters.
    ("receive.denyCurrentBranch", "refuse"),
    ("receive.autogc", "false"),
    # Run for what a repository borrows from; this one says that it is nothing.
    ("core.alternateRefsCommand", ":"),
)
_ENVIRONMENT = {
    # Objects that a partial clone lacks would be fetched by its own remotes' commands.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}


def peer(side: Literal["upload", "receive"]) -> str:
    """The shell command for `--upload-pack` or `--receive-pack`."""
    settings = [word for key, value in _SHUT for word in ("-c", f"{key}={value}")]
    environment = [f"{name}={value}" for name, value in _ENVIRONMENT.items()]
    return shlex.join(["env", *environment, "git", *settings, f"{side}-pack"])
