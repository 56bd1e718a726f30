"""What hall and loop say to each other over their socket: small messages, each of one run.

A frame is its length in four bytes (big endian) and a message in MessagePack.
"""

import asyncio
from typing import Literal, TypeAlias

import msgspec

MOST_FRAME_BYTES = 64 * 1024 * 1024
_LENGTH_BYTES = 4


class Ran(msgspec.Struct, frozen=True, tag=True):
    """What came of a script: `head` and `tail` of `size_bytes` written, all in `head` if it fits.

    `code` is a shell's; 124 is a script that took too long. `note` says what else happened.
    """

    code: int
    size_bytes: int
    head: bytes
    tail: bytes = b""
    note: str = ""


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Begin a run, with the conversation so far if there is one.

    `speaks` is the dialect in which the gateway, behind `model_socket`, is asked for `model`.
    `criteria` are the task's own. `anew` is the prompt where the conversation cannot be read.
    """

    run: str
    speaks: Literal["anthropic", "openai"]
    model: str
    model_socket: str
    instructions: str
    prompt: str
    history: bytes
    plan_first: bool
    most_steps: int
    criteria: list[str] = []
    anew: str = ""


class End(msgspec.Struct, frozen=True, tag=True):
    """Let a run go: nothing of it is wanted any more."""

    run: str


class Did(msgspec.Struct, frozen=True, tag=True):
    """What came of a `Do` or a `Checked`; `lost` says why there is no sandbox any more."""

    run: str
    number: int
    ran: Ran | None = None
    lost: str = ""


class Kept(msgspec.Struct, frozen=True, tag=True):
    """The conversation is on the disk."""

    run: str


class Do(msgspec.Struct, frozen=True, tag=True):
    """Run a script in the run's sandbox; answered by `Did` of the same number."""

    run: str
    number: int
    script: str
    stdin: bytes
    timeout_s: int
    most_bytes: int


class Keep(msgspec.Struct, frozen=True, tag=True):
    """Keep the conversation as it is now; the run waits for `Kept`."""

    run: str
    history: bytes


class Tell(msgspec.Struct, frozen=True, tag=True):
    """Tell the poster how far the run is."""

    run: str
    text: str


class Checked(msgspec.Struct, frozen=True, tag=True):
    """Write down what was found of one of the task's own criteria; answered by an empty `Did`."""

    criterion: int
    met: bool
    evidence: str
    run: str = ""
    number: int = 0


class Asking(msgspec.Struct, frozen=True):
    """One question to the poster, as `make_question` takes it."""

    type: str
    question: str
    options: list[str] = []


class Outcome(msgspec.Struct, frozen=True, tag=True):
    """How a run has ended. `broke` is no word of the agent's, and may be tried again or not."""

    run: str
    kind: Literal["asked", "planned", "delivered", "gave_up", "broke"]
    text: str = ""
    files: list[str] = []
    questions: list[Asking] = []
    may_retry: bool = False


ToLoop: TypeAlias = Begin | End | Did | Kept
FromLoop: TypeAlias = Do | Keep | Tell | Checked | Outcome


def frame(message: ToLoop | FromLoop) -> bytes:
    """A message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next message's bytes.

    Raises:
        EOFError: the other side is gone, or says what no message is.
    """
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > MOST_FRAME_BYTES:
            raise EOFError("a frame that is too large")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError("the other side is gone") from error
