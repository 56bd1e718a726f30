"""What rules see in work that was handed in, and what is read of a model's word."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.check_coherence import check_coherence, question_of, read_answer
from hiringhall.domain.check_format import check_format
from hiringhall.domain.checks import Checked, CheckMethod, FileShown, Verdict

BRIEF: dict[str, Any] = {
    "title": "Research 50 SaaS companies",
    "brief": "List the companies with website, segment and a note on pricing.",
    "expected_output": "",
    "text": "The companies, each with website and segment; pricing stands in the note.",
    "links": (),
    "files": (),
}


def seen(**fields: Any) -> Checked:
    return Checked(**BRIEF | fields)


def found(checked: Checked, name: str) -> Verdict | None:
    named = {one.name: one.verdict for one in check_format(checked).findings}
    return named.get(name)


PASSED, FAILED, UNSURE = Verdict.PASSED, Verdict.FAILED, Verdict.UNSURE


@pytest.mark.parametrize(
    ("name", "verdict", "fields"),
    [
        ("parts", PASSED, {}),
        ("parts", FAILED, {"text": ""}),
        ("length", FAILED, {"text": "Done"}),
        ("length", PASSED, {"text": "Done", "links": ("https://example.com/a",)}),
        ("length", FAILED, {"expected_output": "500 words"}),
        ("length", PASSED, {"expected_output": "500 words", "text": "word " * 400}),
        ("length", FAILED, {"expected_output": "At least 500 words", "text": "word " * 499}),
        ("length", PASSED, {"expected_output": "at least 1,000 words", "text": "word " * 1_000}),
        ("length", FAILED, {"brief": "Up to 10 words.", "text": "word " * 11}),
        ("length", PASSED, {"brief": "No more than 10 words", "text": "longer " * 10}),
        ("length", PASSED, {"brief": "800-1000 words", "text": "word " * 700}),
        ("type", None, {}),
        ("type", FAILED, {"expected_output": "A CSV file"}),
        ("type", PASSED, {"expected_output": "A CSV file", "text": "name,site\na,b\nc,d"}),
        ("type", PASSED, {"expected_output": "CSV", "links": ("https://example.com/a.CSV?x=1",)}),
        ("type", UNSURE, {"expected_output": "CSV", "links": ("https://example.com/sheet",)}),
        ("type", PASSED, {"expected_output": "pdf", "files": (FileShown("a/b.pdf", 9, True),)}),
        ("type", PASSED, {"expected_output": "JSON", "text": '{"companies": [1, 2, 3, 4, 5]}'}),
        ("type", FAILED, {"expected_output": "JSON", "text": "{companies: 1, 2, 3, 4, 5}" * 3}),
        ("type", FAILED, {"expected_output": "JSON", "text": "[" * 100_000}),
        ("links", None, {}),
        ("links", PASSED, {"links": ("https://example.com/a", "http://93.184.216.34/b")}),
        ("links", FAILED, {"links": ("http://localhost:8000/a",)}),
        ("links", FAILED, {"links": ("http://127.0.0.1/a",)}),
        ("links", FAILED, {"links": ("http://[::1]/a",)}),
        ("links", FAILED, {"links": ("https://example.com/a", "http://10.0.0.7/b")}),
        ("links", FAILED, {"links": ("https://intranet/a",)}),
        ("files", None, {}),
        ("files", PASSED, {"files": (FileShown("a", 1, True),)}),
        ("files", FAILED, {"files": (FileShown("a", 0, True),)}),
        ("files", FAILED, {"files": (FileShown("a", 1, True), FileShown("b", 1, False))}),
    ],
)
def test_the_form_is_judged_by_rules(
    name: str, verdict: Verdict | None, fields: dict[str, Any]
) -> None:
    assert found(seen(**fields), name) is verdict


def test_what_is_amiss_is_said_and_counted() -> None:
    good, bad = check_format(seen()), check_format(seen(text="", links=("http://localhost/",)))
    assert (good.verdict, good.score, good.method) == (PASSED, 100, CheckMethod.RULES)
    assert good.said == "Nothing is amiss in its form."
    assert bad.verdict is FAILED
    assert 0 < bad.score < 100
    assert "localhost" in bad.said


@pytest.mark.parametrize(
    ("verdict", "fields"),
    [
        (PASSED, {}),
        (UNSURE, {"text": "Bananas ripen faster inside of a closed paper bag."}),
        (UNSURE, {"text": "", "links": ("https://example.com/a",)}),
        (UNSURE, {"text": "公司名单、网站和细分市场。"}),
        (FAILED, {"text": "The companies: lorem ipsum dolor. Website, segment, pricing."}),
        (FAILED, {"text": "Companies, website, segment, pricing: TODO"}),
        (FAILED, {"text": "As an AI language model I cannot list companies and pricing."}),
        (FAILED, {"text": "List the  companies with website, segment and a note on pricing."}),
    ],
)
def test_coherence_by_rules_says_that_it_is_by_rules(
    verdict: Verdict, fields: dict[str, Any]
) -> None:
    result = check_coherence(seen(**fields))
    assert result.verdict is verdict, result
    assert result.method is CheckMethod.RULES
    assert result.said.startswith("By rules, which count words and understand nothing:")
    assert (result.score == 0) is (verdict is FAILED) or verdict is UNSURE


def test_why_no_model_was_asked_is_said() -> None:
    said = check_coherence(seen(), because="The task's cap is reached").said
    assert said.startswith("By rules, which count words and understand nothing (The task's cap")


GOOD = {
    "verdict": "failed",
    "score": 40.4,
    "summary": "Ten are missing.",
    "findings": [{"name": "count", "verdict": "failed", "said": "40 of 50"}],
}


def test_a_models_word_is_read_also_out_of_a_fence() -> None:
    for text in (json.dumps(GOOD), f"Here it is:\n```json\n{json.dumps(GOOD)}\n```\nRegards"):
        result = read_answer(text, model="claude-test")
        assert result is not None
        assert (result.verdict, result.score, result.said) == (FAILED, 40, "Ten are missing.")
        assert (result.method, result.model) == (CheckMethod.MODEL, "claude-test")
        assert [one.name for one in result.findings] == ["count"]


@pytest.mark.parametrize(
    "text",
    ["", "It is fine.", "{}", "}{", "[1]", json.dumps(GOOD | {"score": 101}),
     json.dumps(GOOD | {"verdict": "splendid"}), json.dumps(GOOD | {"findings": "none"}),
     "{" * 100_000 + "}"],
)  # fmt: skip
def test_what_a_model_was_not_asked_for_is_no_answer(text: str) -> None:
    assert read_answer(text, model="claude-test") is None


def test_a_model_is_shown_both_between_marks_and_not_too_much() -> None:
    asked = question_of(seen(text="x" * 1_000_000, links=("https://example.com/a",)), mark="m-7")
    assert len(asked) < 25_000
    assert asked.count("m-7") == 8
    assert "980000 further characters" in asked
    assert "https://example.com/a" in asked


texts = st.text(max_size=300)


@given(texts, texts, texts, st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_whatever_was_handed_in_is_judged(
    brief: str, expected: str, text: str, links: list[str], names: list[str]
) -> None:
    checked = Checked(
        title="T",
        brief=brief,
        expected_output=expected,
        text=text,
        links=tuple(links),
        files=tuple(FileShown(name, 1, there=True) for name in names),
    )
    for result in (check_format(checked), check_coherence(checked)):
        assert 0 <= result.score <= 100
        assert result.said
        assert result.findings
