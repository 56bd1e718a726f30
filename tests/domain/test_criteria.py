"""Accept criteria: read out of a text as its poster meant them, and checked by number."""

import pytest

from hiringhall.domain.criteria import (
    MOST,
    MOST_EVIDENCE,
    Check,
    as_text,
    make_check,
    read_criteria,
    unchecked,
)
from hiringhall.domain.errors import Invalid


@pytest.mark.parametrize(
    ("text", "criteria"),
    [
        (None, ()),
        (" \n \n", ()),
        ("It works", ("It works",)),
        ("It works\nIt is fast\n", ("It works", "It is fast")),
        (
            "1. Returns 429\n2. Says when\n   to try again\n",
            ("Returns 429", "Says when to try again"),
        ),
        ("- [ ] a\n- [x] b\n* c\n(4) d", ("a", "b", "c", "d")),
        ("Must hold:\n- a\n- b", ("Must hold:", "a", "b")),
        ("2.5 seconds at most", ("2.5 seconds at most",)),
    ],
)
def test_what_is_read(text: str | None, criteria: tuple[str, ...]) -> None:
    assert read_criteria(text) == criteria


def test_there_are_so_many_and_no_longer() -> None:
    found = read_criteria("\n".join(f"- {n}" + "x" * 5_000 for n in range(200)))
    assert len(found) == MOST
    assert max(map(len, found)) == 1_000


def test_a_check_is_of_one_of_them_and_says_how() -> None:
    criteria = ("a", "b")
    assert make_check(criteria, 2, met=False, evidence=" saw it ") == Check(2, False, "saw it")
    for number, evidence in ((0, "x"), (3, "x"), (1, " "), (1, "x" * (MOST_EVIDENCE + 1))):
        with pytest.raises(Invalid):
            make_check(criteria, number, met=True, evidence=evidence)
    with pytest.raises(Invalid, match="no accept criteria"):
        make_check((), 1, met=True, evidence="x")


def test_what_was_found_is_told() -> None:
    criteria = ("a", "b", "c")
    checks = {1: Check(1, True, "ran it"), 2: Check(2, False, "too slow")}
    assert unchecked(criteria, checks) == ["3. c"]
    assert as_text(criteria, checks).splitlines() == [
        "Accept criteria:",
        "1. a: met (ran it)",
        "2. b: not met (too slow)",
        "3. c: not checked",
    ]
    assert as_text((), {}) == ""
