"""The format of what was handed in, by rules: parts, length, kind, addresses, files."""

import ipaddress
import json
import re
from collections.abc import Iterable

from hiringhall.domain.checks import (
    MOST_FINDINGS,
    Checked,
    CheckMethod,
    CheckResult,
    Finding,
    Verdict,
    worst,
)
from hiringhall.domain.market import tidy_link

SHORT_LENGTH = 20
"""A text without a file or an address beside it is longer than that."""

_KINDS: dict[str, tuple[str, ...]] = {
    "csv": ("csv",),
    "json": ("json", "jsonl", "ndjson"),
    "pdf": ("pdf",),
    "markdown": ("md", "markdown"),
    "html": ("html", "htm"),
    "xml": ("xml",),
    "zip": ("zip",),
    "png": ("png",),
    "jpeg": ("jpg", "jpeg"),
    "svg": ("svg",),
    "xlsx": ("xlsx",),
    "docx": ("docx",),
    "pptx": ("pptx",),
    "mp4": ("mp4",),
    "mp3": ("mp3",),
}
"""Kinds of files that a brief may ask for by name, and how the names of such files end."""

_SPOKEN = {"jpg": "jpeg", "excel": "xlsx", "powerpoint": "pptx", "jsonl": "json", "md": "markdown"}
_LINK = re.compile(r"https?://(\[[^\]]*\]|[^/?#:]*)(?::\d+)?([^?#]*)", re.IGNORECASE)
"""Its host and its path."""
_WORD = re.compile(r"[a-z0-9]+")
_LENGTH = re.compile(
    r"\b(at least|minimum of|min\.?|at most|up to|maximum of|max\.?|no more than)?\s*"
    r"(\d{1,6}(?:,\d{3})*)(?:\s*(?:-|\u2013|to)\s*\d{1,6}(?:,\d{3})*)?[\s-]words?\b",
    re.IGNORECASE,
)
_CEILING = ("at most", "up to", "max", "maximum of", "no more than")
_ABOUT = 0.8
"""`500 words` is met by this part of them, `at least 500 words` by no less than all."""


def check_format(seen: Checked) -> CheckResult:
    """Look at the form; nothing is fetched, and nothing understood."""
    found = [_parts(seen), *_length(seen), *_kinds(seen), *_addresses(seen), *_files(seen)]
    findings = tuple(found[:MOST_FINDINGS])
    wrong = [one for one in findings if one.verdict is not Verdict.PASSED]
    good = len(findings) - len(wrong)
    said = "Nothing is amiss in its form." if not wrong else " ".join(one.said for one in wrong)
    return CheckResult(
        worst(findings), round(100 * good / len(findings)), CheckMethod.RULES, said, findings
    )


def _parts(seen: Checked) -> Finding:
    there = [
        name
        for name, has in (("text", seen.text), ("links", seen.links), ("files", seen.files))
        if has
    ]
    if not there:
        return Finding("parts", Verdict.FAILED, "There is neither text nor link nor file.")
    return Finding("parts", Verdict.PASSED, f"It has {' and '.join(there)}.")


def _length(seen: Checked) -> Iterable[Finding]:
    beside = bool(seen.links or seen.files)
    words = len(seen.text.split())
    asked = _LENGTH.search(f"{seen.expected_output}\n{seen.brief}")
    if asked is not None and seen.text and not (beside and words < SHORT_LENGTH):
        yield _words(words, int(asked[2].replace(",", "")), (asked[1] or "").lower())
    elif len(seen.text) < SHORT_LENGTH and not beside:
        said = f"The text has {len(seen.text)} characters, and nothing is with it."
        yield Finding("length", Verdict.FAILED, said)
    else:
        yield Finding("length", Verdict.PASSED, f"The text has {words} words.")


def _words(words: int, wanted: int, how: str) -> Finding:
    if how.rstrip(".").startswith(_CEILING):
        fits, bound = words <= wanted, f"at most {wanted}"
    else:
        exact = bool(how)
        fits = words >= (wanted if exact else wanted * _ABOUT)
        bound = f"at least {wanted}" if exact else f"about {wanted}"
    said = f"The text has {words} words; {bound} were asked for."
    return Finding("length", Verdict.PASSED if fits else Verdict.FAILED, said)


def _kinds(seen: Checked) -> Iterable[Finding]:
    """The kinds of files that the expected output names, each found among what was handed in."""
    words = [_SPOKEN.get(word, word) for word in _WORD.findall(seen.expected_output.lower())]
    for kind in dict.fromkeys(word for word in words if word in _KINDS):
        yield _kind(kind, seen)


def _kind(kind: str, seen: Checked) -> Finding:
    names = [one.name for one in seen.files]
    names += [found[2] for link in seen.links if (found := _LINK.match(link))]
    if any(name.lower().endswith(tuple(f".{end}" for end in _KINDS[kind])) for name in names):
        return Finding("type", Verdict.PASSED, f"{kind.upper()} was asked for, and is there.")
    if _reads_as(kind, seen.text):
        return Finding("type", Verdict.PASSED, f"The text itself reads as {kind.upper()}.")
    if seen.links:
        said = f"{kind.upper()} was asked for; no name says that it is behind one of the links."
        return Finding("type", Verdict.UNSURE, said)
    return Finding("type", Verdict.FAILED, f"{kind.upper()} was asked for, and is not there.")


def _reads_as(kind: str, text: str) -> bool:
    if kind == "json":
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return False
        return True
    if kind == "csv":
        lines = [line for line in text.splitlines() if line.strip()]
        columns = {max(line.count(","), line.count(";"), line.count("\t")) for line in lines}
        return len(lines) > 1 and min(columns) > 0
    if kind in ("html", "xml", "svg"):
        return text.lstrip().startswith("<")
    return kind == "markdown" and bool(text)


def _addresses(seen: Checked) -> Iterable[Finding]:
    if not seen.links:
        return
    wrong = [why for link in seen.links if (why := _fault(link))]
    if wrong:
        yield Finding("links", Verdict.FAILED, " ".join(wrong[:5]))
    else:
        said = f"{len(seen.links)} well-formed; nobody has followed them."
        yield Finding("links", Verdict.PASSED, said)


def _fault(link: str) -> str:
    """Why an address cannot be followed by the buyer; empty where nothing speaks against it."""
    shown = link[:100]
    found = _LINK.match(link)
    if found is None or tidy_link(link) is None:
        return f"{shown} is no address."
    host = found[1].lower().strip("[]").rstrip(".")
    try:
        private = not ipaddress.ip_address(host).is_global
    except ValueError:
        private = host == "localhost" or host.endswith((".local", ".internal", ".localhost"))
        private = private or "." not in host
    return f"{shown} leads to where nobody else can go." if private else ""


def _files(seen: Checked) -> Iterable[Finding]:
    if not seen.files:
        return
    lost = [one.name[:100] for one in seen.files if not one.there]
    empty = [one.name[:100] for one in seen.files if one.there and not one.size_bytes]
    if lost:
        yield Finding("files", Verdict.FAILED, f"Not there, or not whole: {', '.join(lost[:5])}.")
    elif empty:
        yield Finding("files", Verdict.FAILED, f"Empty: {', '.join(empty[:5])}.")
    else:
        yield Finding("files", Verdict.PASSED, f"{len(seen.files)} are there, whole.")
