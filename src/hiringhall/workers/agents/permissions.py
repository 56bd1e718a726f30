"""What an agent may do when it asks: everything in its sandbox, or what the requester allows."""

import hashlib
import re
import shlex
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

Policy = Literal["allow", "ask"]
MOST_CHARACTERS = 400
MOST_CALLS = 64
_MOST_ASKED = 750
_ABOUT = ("command", "cmd", "file_path", "filePath", "filepath", "path", "url", "pattern")
_HALLS_OWN = re.compile(r"mcp__hall__\w+")
"""The tools by which it asks and delivers: nobody is asked whether it may ask."""
ALLOW, REFUSE = "Allow", "Refuse"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that an agent asks for: a kind of action and its title, in its own words."""

    kind: str
    title: str

    @property
    def what(self) -> str:
        """By which the same wish is known again; a long one by a digest of all of it."""
        whole = f"{self.kind}: {self.title}"
        if len(whole) <= MOST_CHARACTERS:
            return whole
        digest = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()
        return f"{whole[: MOST_CHARACTERS - len(digest) - 1]} {digest}"


class Calls:
    """What was heard of an agent's tool calls, so that a wish can say what it is about.

    Some agents ask with the name of a tool alone, and said before, or say beside it, what for.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def hear(self, call_id: str, title: str, given: object) -> None:
        """A call was begun, or more of it is known."""
        was_title, was_about = self._known.pop(call_id, ("", ""))
        self._known[call_id] = (title or was_title, _about(given) or was_about)
        while len(self._known) > MOST_CALLS:
            self._known.popitem(last=False)

    def wanted(self, call_id: str, kind: str, title: str, given: object) -> Wanted:
        """The wish, in all the words there are for it."""
        if _HALLS_OWN.fullmatch(title):
            return Wanted(kind, title)
        was_title, was_about = self._known.get(call_id, ("", ""))
        said = title or was_title or "something"
        for more in (was_title, _about(given) or was_about):
            if more and more not in said:
                said = f"{said}: {more}"
        return Wanted(kind, said)


def _about(given: object) -> str:
    """The command, or the file, or the address, in what a tool was given."""
    if not isinstance(given, Mapping):
        return ""
    known = cast("Mapping[object, object]", given)
    for name in _ABOUT:
        value = known.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, list) and value:
            return shlex.join(str(word) for word in cast("list[object]", value))
    return ""


@dataclass(slots=True)
class Permissions:
    """The policy of one run. `when_held` is called with the first wish that nobody has allowed."""

    policy: Policy
    allowed: frozenset[str]
    when_held: Callable[[Wanted], None]
    refused: frozenset[str] = frozenset()
    held: Wanted | None = field(default=None)

    def judge(self, wanted: Wanted) -> bool | None:
        """True: it may; False: it may not; None: somebody has to be asked, and the turn ends."""
        if self.policy == "allow" or wanted.what in self.allowed:
            return True
        if _HALLS_OWN.fullmatch(wanted.title):
            return True
        if wanted.what in self.refused:
            return False
        if self.held is None:
            self.held = wanted
            self.when_held(wanted)
        return None


def question_of(wanted: Wanted, agent: str) -> str:
    """What the requester is asked."""
    what = wanted.title
    if len(what) > _MOST_ASKED:
        what = f"{what[:_MOST_ASKED]}… ({len(what)} characters)"
    return f"{agent} wants to do this in its sandbox ({wanted.kind[:40]}): {what}. May it?"
