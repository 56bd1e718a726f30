"""Takes live secrets out of whatever the hall takes from a worker: texts, names, streams."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hiringhall.blobs.port import open_plain
from hiringhall.domain.ids import SERVICE_KEY_PREFIX

MASK = "[secret]"
"""What stands where a secret stood."""

SHORTEST_SECRET = 8
"""Shorter texts are words that stand in honest files."""

LONGEST_SECRET = 16_384

_SERVICE_KEY = re.escape(SERVICE_KEY_PREFIX).encode() + rb"[A-Za-z0-9_-]{43}"
_SERVICE_KEY_BEGINS = SERVICE_KEY_PREFIX.lower().encode()
_SERVICE_KEY_BEGUN = re.compile(re.escape(SERVICE_KEY_PREFIX).encode() + rb"[A-Za-z0-9_-]{0,42}\Z")
_SERVICE_KEY_LENGTH = len(SERVICE_KEY_PREFIX) + 43
_MASK = MASK.encode()
_PIECE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Matcher:
    """Finds secrets in bytes: as they are, and in base 64, hex, URLs and JSON.

    `pattern` is None where there is nothing to look for. With `longest` bytes in view every
    match that begins there can be seen whole.
    """

    pattern: re.Pattern[bytes] | None
    longest: int
    forms: tuple[bytes, ...] = ()
    service_keys: bool = False

    @classmethod
    def of(cls, secrets: Iterable[str], *, service_keys: bool = False) -> "Matcher":
        """Look for these, and with `service_keys` for the key of any run, known or not.

        Texts of fewer than 8 characters are not looked for.
        """
        forms: set[bytes] = set()
        for secret in secrets:
            if SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET:
                forms |= forms_of(secret)
        # The longest first: an expression takes the first of its branches that fits.
        branches = [_as_pattern(form) for form in sorted(forms, key=len, reverse=True)]
        longest = max(map(len, forms), default=0)
        if service_keys:
            branches.append(_SERVICE_KEY)
            longest = max(longest, _SERVICE_KEY_LENGTH)
        pattern = re.compile(b"|".join(branches)) if branches else None
        return cls(pattern, longest, tuple(form.lower() for form in forms), service_keys)

    @property
    def some(self) -> bool:
        """Whether there is anything to look for."""
        return self.pattern is not None

    def found_in_bytes(self, content: bytes) -> bool:
        """Whether a secret stands in these bytes."""
        return self.pattern is not None and self.pattern.search(content) is not None

    def spans(self, content: bytes) -> list[tuple[int, int]]:
        """Where secrets stand, from and to; those that overlap or touch are one."""
        found: list[tuple[int, int]] = []
        at = 0
        while self.pattern is not None and (match := self.pattern.search(content, at)):
            found.append(match.span())
            at = match.start() + 1
        return _merged(found)

    def may_begin_at(self, content: bytes) -> int:
        """Where, towards the end of these bytes, a secret may have begun; their length if nowhere.

        It looks without regard to case, so that it errs towards holding back.
        """
        low = content.lower()
        at = min((_begun_at(form, low) for form in self.forms), default=len(low))
        if self.service_keys:
            at = min(at, _begun_at(_SERVICE_KEY_BEGINS, low))
            begun = _SERVICE_KEY_BEGUN.search(content)
            at = at if begun is None else min(at, begun.start())
        return at


class Masker:
    """Masks the secrets of one run: its own, the hall's, its team's."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._matcher = Matcher.of(secrets, service_keys=True)

    def text(self, text: str) -> str:
        """A text, or a file's name, without secrets."""
        content = text.encode("utf-8", "surrogatepass")
        if not self._matcher.found_in_bytes(content):
            return text
        return self.content(content).decode("utf-8", "surrogatepass")

    def content(self, content: bytes) -> bytes:
        """Bytes without secrets, all at once."""
        return _masked(content, self._matcher.spans(content))

    def found_in(self, content: bytes) -> bool:
        """Whether there is anything to mask."""
        return self._matcher.found_in_bytes(content)

    def stream(self) -> "MaskedStream":
        """For bytes that come in pieces."""
        return MaskedStream(self._matcher)


class LiveSecrets:
    """Every secret that this process holds in the clear: the hall's own, and organizations'.

    Whoever opens one says so here, before a worker can come near it. A secret stays known after it
    was replaced: a worker may have seen it.
    """

    def __init__(self) -> None:
        self._of_hall: set[str] = set()
        self._of: dict[str, set[str]] = {}
        self._maskers: dict[str, Masker] = {}

    def hold(self, secret: str | None, *, organization_id: str | None = None) -> None:
        """A secret is in use from now on, by one organization's runs or (None) by any."""
        if not secret:
            return
        held = (
            self._of_hall
            if organization_id is None
            else self._of.setdefault(organization_id, set())
        )
        if secret not in held:
            held.add(secret)
            self._maskers.clear()

    def of(self, organization_id: str) -> list[str]:
        """All that a run of an organization could have got hold of."""
        return sorted(self._of_hall | self._of.get(organization_id, set()))

    def text(self, organization_id: str, text: str) -> str:
        """What a worker of an organization said, without any of these."""
        return self.masker(organization_id).text(text)

    def masker(self, organization_id: str) -> Masker:
        """Masks all of these."""
        masker = self._maskers.get(organization_id)
        if masker is None:
            masker = self._maskers[organization_id] = Masker(self.of(organization_id))
        return masker


class MaskedStream:
    """Masks a stream piece by piece: a secret is found though it comes in several pieces.

    It holds back as many bytes as the longest secret has, so `end` must be asked for the rest.
    """

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._held = b""
        # How much of what is held belongs to a secret whose mask has been told already.
        self._covered = 0
        self.found = False
        """Whether anything was masked so far."""

    def feed(self, piece: bytes) -> bytes:
        """What can be told of the stream now, without secrets."""
        window = self._held + piece
        # What begins before the cut is seen whole; what begins behind it may yet be longer.
        cut = len(window) - (self._matcher.longest - 1) if self._matcher.some else len(window)
        if cut <= 0:
            self._held = window
            return b""
        return self._tell(window, cut)

    def so_far(self) -> bytes:
        """What of that which is held back cannot be the beginning of a secret: for who watches."""
        cut = self._matcher.may_begin_at(self._held)
        return self._tell(self._held, cut) if cut > self._covered else b""

    def end(self) -> bytes:
        """The rest, when no more comes."""
        return self._tell(self._held, len(self._held))

    def _tell(self, window: bytes, cut: int) -> bytes:
        spans = self._matcher.spans(window)
        self.found = self.found or bool(spans)
        told = self._covered > 0
        if told:
            spans = _merged([(0, self._covered), *spans])
        before = [(begin, min(end, cut)) for begin, end in spans if begin < cut]
        self._covered = max((end - cut for begin, end in spans if begin < cut), default=0)
        self._covered = max(0, self._covered)
        self._held = window[cut:]
        said = _masked(window[:cut], before)
        return said[len(_MASK) :] if told else said


def _begun_at(form: bytes, low: bytes) -> int:
    """Where the end of some bytes is the beginning of a form; their length where it is not."""
    at = low.find(form[:SHORTEST_SECRET])
    while at >= 0:
        if form.startswith(low[at:]):
            return at
        at = low.find(form[:SHORTEST_SECRET], at + 1)
    for length in range(min(SHORTEST_SECRET - 1, len(low)), 0, -1):
        if low.endswith(form[:length]):
            return len(low) - length
    return len(low)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap or touch made one."""
    found: list[tuple[int, int]] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def masked_file(path: Path, masker: Masker, folder: Path) -> Path | None:
    """Write a copy without secrets into a folder; None, and no copy, where the file holds none.

    Takes as long as reading the file does: for a thread. Raises OSError.
    """
    if not any(found for _, found in _masked_pieces(path, masker)):
        return None
    copy = folder / "masked"
    with copy.open("wb") as target:
        for told, _ in _masked_pieces(path, masker):
            target.write(told)
    return copy


def _masked_pieces(path: Path, masker: Masker) -> Iterator[tuple[bytes, bool]]:
    """A file without secrets, piece by piece, and whether any was found so far."""
    stream = masker.stream()
    with open_plain(path) as source:
        while piece := source.read(_PIECE_BYTES):
            yield stream.feed(piece), stream.found
        yield stream.end(), stream.found


def forms_of(secret: str) -> set[bytes]:
    """Every spelling of a secret that is looked for."""
    plain = secret.encode("utf-8", "surrogateescape")
    quoted = quote(plain, safe="").encode()
    escaped = json.dumps(secret)[1:-1].encode()
    return {
        plain,
        quoted,
        escaped,
        plain.hex().encode(),
        plain.hex().upper().encode(),
        *_in_base64(plain),
    }


def _as_pattern(form: bytes) -> bytes:
    """The form itself, but `%2f` for `%2F`, too: either way of writing it means the same."""
    return re.sub(rb"%[0-9A-F]{2}", lambda escape: b"(?i:" + escape[0] + b")", re.escape(form))


def _in_base64(plain: bytes) -> list[bytes]:
    """The part of each base-64 spelling that does not depend on what stands around the secret."""
    forms: list[bytes] = []
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + plain)
        first = (offset * 8 + 5) // 6
        last = (offset + len(plain)) * 8 // 6
        stable = encoded[first:last]
        if len(stable) >= SHORTEST_SECRET:
            forms += [stable, stable.translate(bytes.maketrans(b"+/", b"-_"))]
    return forms


def _masked(content: bytes, spans: Sequence[tuple[int, int]]) -> bytes:
    if not spans:
        return content
    parts: list[bytes] = []
    at = 0
    for begin, end in spans:
        parts += [content[at:begin], _MASK]
        at = end
    return b"".join([*parts, content[at:]])
