"""Checks of what was handed in: evidence for whoever decides, and never the decision itself.

`format` is judged by rules, `coherence` by a model where one is set up and else by rules, and each
says by which. No rule and no model follows an address that was handed in.
"""

from dataclasses import dataclass
from enum import StrEnum

MOST_ATTEMPTS = 3
"""How often a model is asked for one check before rules judge instead."""
MOST_TAKEN = 6
"""How often a check is taken in hand, by processes that died of it too, before it is given up."""
MOST_SAID_LENGTH = 1_000
MOST_FINDINGS = 20


class CheckKind(StrEnum):
    """What is looked at: the form, or whether it is what the brief asks for."""

    FORMAT = "format"
    COHERENCE = "coherence"


class CheckMethod(StrEnum):
    """Who looked."""

    RULES = "rules"
    MODEL = "model"


class Verdict(StrEnum):
    """What a check came to; `unsure` says that this could not be judged so."""

    PASSED = "passed"
    FAILED = "failed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: its name, what it came to, and why in a sentence."""

    name: str
    verdict: Verdict
    said: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check came to. `score` is 0 to 100, `model` the name of the one that judged."""

    verdict: Verdict
    score: int
    method: CheckMethod
    said: str
    findings: tuple[Finding, ...] = ()
    model: str | None = None


GIVEN_UP = CheckResult(
    Verdict.UNSURE, 0, CheckMethod.RULES, "This could not be checked, however often it was tried"
)


@dataclass(frozen=True, slots=True)
class DeliveryCheck:
    """A check of one deliverable; without a result it is still to be done.

    It is due at `due_at_us`; whoever takes it moves that on, and how often is `attempts`.
    """

    deliverable_id: str
    task_id: str
    kind: CheckKind
    attempts: int
    due_at_us: int
    made_at_us: int
    done_at_us: int | None = None
    result: CheckResult | None = None


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file that was handed in; `there` says that the hall has its bytes, all of them."""

    name: str
    size_bytes: int
    there: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """All that a check looks at: what was asked for, and what was handed in."""

    title: str
    brief: str
    expected_output: str
    text: str
    links: tuple[str, ...]
    files: tuple[FileShown, ...]

    @property
    def asked(self) -> str:
        """What was asked for, in one text."""
        return "\n\n".join(one for one in (self.title, self.brief, self.expected_output) if one)


def worst(findings: tuple[Finding, ...]) -> Verdict:
    """What several findings come to together."""
    found = {one.verdict for one in findings}
    for verdict in (Verdict.FAILED, Verdict.UNSURE):
        if verdict in found:
            return verdict
    return Verdict.PASSED
