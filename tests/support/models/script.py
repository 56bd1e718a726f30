"""What the model server plays: turns, the same for every dialect, chosen by what came in."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Tool:
    """A tool as a request offers it.

    A `custom` one takes plain text. `namespace` is Codex's way to offer the tools of an MCP server.
    """

    name: str
    namespace: str | None = None
    custom: bool = False

    def is_called(self, name: str) -> bool:
        """Whether a script means this tool: agents put the MCP server's name before a tool's."""
        return self.name == name or self.name.endswith((f"__{name}", f"_{name}", f".{name}"))


@dataclass(frozen=True)
class Heard:
    """A request, as far as a script may ask.

    `rounds` counts what the model has said in this conversation before. `last` is the text of what
    came in since, `results` those of the tools among it.
    """

    dialect: str
    model: str
    rounds: int
    last: str
    results: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    stream: bool = False

    def tool(self, name: str) -> Tool | None:
        """The offered tool of a name; one of exactly that name goes before one that ends so."""
        exact = [tool for tool in self.tools if tool.name == name]
        return next(iter([*exact, *(tool for tool in self.tools if tool.is_called(name))]), None)


Arguments: TypeAlias = Mapping[str, Any] | str | Callable[[Heard], Mapping[str, Any] | str]


@dataclass(frozen=True)
class Call:
    """A call of the first of these tools that the request offers, each with its own arguments."""

    choices: Mapping[str, Arguments]


def call(
    tool: str, arguments: Callable[[Heard], Mapping[str, Any]] | None = None, /, **given: Any
) -> Call:
    """A call of one tool, its arguments given by name or made of what came in."""
    return Call({tool: given if arguments is None else arguments})


def shell(command: str) -> Call:
    """A shell command, by whatever tool the agent at hand has for that."""
    said = {"command": command, "description": "Do it"}
    return Call(
        {
            "Bash": said,
            "exec_command": {"cmd": command},
            "shell_command": {"command": command},
            "run_shell_command": said,
            "bash": said,
            "shell": {"command": ["bash", "-lc", command]},
        }
    )


def write_file(path: str, content: str) -> Call:
    """A file in the workspace, by whatever tool the agent at hand has for that."""
    absolute = path if path.startswith("/") else f"/workspace/{path}"
    folder, name = shlex.quote(str(PurePosixPath(absolute).parent)), shlex.quote(absolute)
    command = f"mkdir -p {folder} && printf %s {shlex.quote(content)} > {name}"
    by_shell = shell(command).choices
    by_tool: dict[str, Arguments] = {
        "Write": {"file_path": absolute, "content": content},
        "write_file": {"file_path": absolute, "path": path, "content": content},
        "write": {"filePath": absolute, "path": path, "content": content},
    }
    return Call({**by_tool, **by_shell})


@dataclass(frozen=True)
class Usage:
    """What a provider says that a call used.

    `input_tokens` is all of the input: `cached_tokens` of it were read from a cache and
    `cache_written_tokens` put there.
    """

    input_tokens: int = 1000
    output_tokens: int = 100
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True)
class Refuse:
    """An error instead of an answer, `times` over; then the turn is played."""

    status: int = 429
    retry_after: str | None = None
    times: int = 1
    message: str = "Slow down"


@dataclass(frozen=True)
class Break:
    """A connection that ends after so many events of a stream, `times` over.

    With `says` the provider's own error event comes before the end.
    """

    after_events: int = 2
    times: int = 1
    says: bool = False


@dataclass(frozen=True)
class Turn:
    """One answer of the model.

    `when` makes it an answer to what came in: a text in it, or a test. A turn without it is
    played when its number has come. `usage` None leaves the figures out. `first_byte_s` and
    `pause_s` are how long the first byte and each later event take.
    """

    text: str = ""
    calls: Sequence[Call] = ()
    usage: Usage | None = field(default_factory=Usage)
    when: str | Callable[[Heard], bool] | None = None
    fault: Refuse | Break | None = None
    first_byte_s: float = 0
    pause_s: float = 0

    def fits(self, heard: Heard) -> bool:
        """Whether this is the answer to what came in."""
        if isinstance(self.when, str):
            return self.when in heard.last
        return self.when is not None and self.when(heard)


@dataclass(frozen=True)
class Script:
    """The turns of a conversation.

    The first whose `when` fits is played, else of those without it the one at the conversation's
    round, the last repeating. What an agent asks on the side (a title, a topic: without tools,
    where the script calls some) is answered with `aside`.
    """

    turns: Sequence[Turn] = (Turn("Hello."),)
    aside: Turn = field(default_factory=lambda: Turn("Fine", usage=Usage(10, 1)))

    def choose(self, heard: Heard) -> Turn:
        """The turn that answers."""
        uses_tools = any(turn.calls for turn in self.turns)
        if uses_tools and not heard.tools:
            return self.aside
        for turn in self.turns:
            if turn.fits(heard):
                return turn
        in_order = [turn for turn in self.turns if turn.when is None]
        return in_order[min(heard.rounds, len(in_order) - 1)] if in_order else self.aside


@dataclass(frozen=True)
class Made:
    """A call as it is answered: which tool, and its arguments or text."""

    id: str
    tool: Tool
    arguments: Mapping[str, Any] | str


@dataclass(frozen=True)
class Answer:
    """A turn with its calls made out for one request."""

    id: str
    model: str
    text: str
    calls: tuple[Made, ...]
    usage: Usage | None


def pieces(text: str, count: int = 3) -> list[str]:
    """A text in some parts, as streams bring it."""
    size = max(1, -(-len(text) // count))
    return [text[start : start + size] for start in range(0, len(text), size)]
