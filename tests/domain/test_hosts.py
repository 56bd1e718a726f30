"""Hosts that a role opens: read in one spelling, matched without surprises."""

import pytest

from hiringhall.domain.errors import Invalid
from hiringhall.domain.hosts import (
    MOST_PATTERNS,
    NoHost,
    any_opens,
    check_within,
    read_bound,
    read_patterns,
    read_target,
)


@pytest.mark.parametrize(
    ("pattern", "target", "opens"),
    [
        ("example.org", "example.org:443", True),
        ("Example.ORG", "EXAMPLE.org.:80", True),
        ("example.org", "example.org:8443", False),
        ("example.org:8443", "example.org:8443", True),
        ("example.org:8443", "example.org:443", False),
        ("example.org", "www.example.org:443", False),
        ("example.org", "notexample.org:443", False),
        ("example.org", "example.org.evil.test:443", False),
        ("*.example.org", "www.example.org:443", True),
        ("*.example.org", "a.b.example.org:443", True),
        ("*.example.org", "example.org:443", False),
        ("*.example.org", "evilexample.org:443", False),
        ("192.0.2.1", "192.0.2.1:443", True),
        ("[2001:db8::1]:8443", "[2001:DB8:0::1]:8443", True),
        ("localhost", "localhost:80", True),
    ],
)
def test_what_a_pattern_opens(pattern: str, target: str, opens: bool) -> None:
    assert any_opens(read_patterns([pattern]), read_target(target)) is opens


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "*.", "*.org", "*.*.org", "a*.example.org", "exam ple.org", "-a.org", "a..org"),
        *("https://example.org", "example.org/path", "user@example.org", "example.org:", "a:b"),
        *("example.org:0", "example.org:65536", "example.org:443:1", "[::1", "::1", "*.127.0.0.1"),
        *("0x7f.0.0.1", "127.1", "2130706433", "0177.0.0.1", "example.org\n", "exämple.org"),
        *("a" * 64 + ".org", ".".join(["a" * 60] * 5), "example.org\0", "[fe80::1%lo]"),
    ],
)
def test_what_no_pattern_is(text: str) -> None:
    with pytest.raises(Invalid):
        read_patterns([text])


@pytest.mark.parametrize("text", ["127.1:80", "0x7f000001:80", "[::1]", "a.org", "a.org:x", ":80"])
def test_what_no_target_is(text: str) -> None:
    with pytest.raises(NoHost):
        read_target(text)


def test_a_number_is_known_for_one() -> None:
    assert read_target("192.0.2.1:80").literal
    assert str(read_target("[2001:db8::1]:80")) == "[2001:db8::1]:80"
    assert not read_target("192.0.2.1.example.org:80").literal
    assert not any_opens(read_bound(["*"]), read_target("192.0.2.1:80"))


def test_there_is_an_end_to_them() -> None:
    with pytest.raises(Invalid, match="at most"):
        read_patterns(["a.example.org"] * (MOST_PATTERNS + 1))


@pytest.mark.parametrize(
    ("bound", "hosts", "within"),
    [
        (["*"], ["a.org", "*.b.org", "c.org:1"], True),
        ([], ["a.org"], False),
        ([], [], True),
        (["*.example.org"], ["www.example.org", "*.www.example.org", "*.example.org"], True),
        (["*.example.org"], ["example.org"], False),
        (["example.org"], ["*.example.org"], False),
        (["example.org"], ["example.org:8443"], False),
        (["www.example.org"], ["*.www.example.org"], False),
        (["*.example.org"], ["*.org.example.net"], False),
    ],
)
def test_a_customers_role_stays_within_what_the_operator_says(
    bound: list[str], hosts: list[str], within: bool
) -> None:
    if within:
        check_within(hosts, read_bound(bound))
    else:
        with pytest.raises(Invalid, match="HIRINGHALL_EGRESS_HOSTS"):
            check_within(hosts, read_bound(bound))
