"""What has to be known of a coding agent to run it: a record, filled in by `profiles.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from string import Template
from typing import Literal

from hiringhall.workers.gateway.providers import Provider

INSIDE = "/opt/agents"
"""Where a sandbox sees the folder of installed agents."""
OWN = ("bin", "node_modules/.bin")
"""Where programs are in that folder."""
SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")
PATH = ":".join([*(f"{INSIDE}/{place}" for place in OWN), *SYSTEM])

Lines = Literal["claude", "codex"]
"""Which JSON lines an agent prints when it is run without ACP."""


@dataclass(frozen=True, slots=True)
class Exec:
    """How an agent is run for one turn without ACP: the prompt is its standard input.

    Its words are `argv`, `model` (with `$model`) where one was chosen, `again` where a session goes
    on (`$session` is the agent's own id of it), and `last`.
    """

    argv: Sequence[str]
    again: Sequence[str]
    lines: Lines
    model: Sequence[str] = ()
    last: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """What is otherwise where an agent has to ask before it does something.

    Where `mode` and `acp` are empty it asks of its own accord; `files` and `environment` are more
    of them, or others of the same name.
    """

    mode: str = ""
    acp: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of agent.

    In `environment` and `files` these stand for the run's own: `$model_url`, `$mcp_url`, `$home`,
    `$model`, and `$key`, which opens nothing: an agent must be given one, and the hall knows a run
    by its socket. `files` are written into the session folder before each start.
    """

    name: str
    title: str
    provider: Provider | None = None
    """Whose way of speaking it calls models in; None where the role decides."""
    acp: Sequence[str] = ()
    exec: Exec | None = None
    needs: Sequence[str] = ()
    """Other programs that have to be there."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    with_model: Mapping[str, str] = field(default_factory=dict[str, str])
    """More variables, where a model was chosen."""
    model: str = ""
    """The model where no role names one; empty: the agent's own choice."""
    forget: Sequence[str] = ()
    """Patterns of paths in the session folder that no run may leave to the next."""
    mode: str = ""
    """The ACP mode in which the agent asks for nothing, for roles that allow everything."""
    asking: Asking | None = None
    """How it is made to ask over ACP before it does something; None where it cannot be."""
    takes_mcp: bool = True
    """Whether the coordination tools are handed over with the ACP session, not by a file."""
    settle_s: float = 0.0
    """How long a loaded session may go on telling its past after it has said that it is loaded."""
    memory_mib: int = 2048
    """What it needs for itself; a role may say more."""

    def that_asks(self) -> "Profile":
        """The same agent, made to ask over ACP."""
        asking = self.asking
        assert asking is not None, "a role of an agent that cannot ask is refused"
        return replace(
            self,
            mode=asking.mode,
            acp=asking.acp or self.acp,
            environment={**self.environment, **asking.environment},
            files={**self.files, **asking.files},
        )

    def filled(self, texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
        """Texts of this profile with a run's own values in them."""
        return {name: Template(text).substitute(known) for name, text in texts.items()}
