"""Who calls and from where, by whose word; and what makes an idempotency key."""

from ipaddress import ip_network

import pytest

from hiringhall.doors.caller import bearer, client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("127.0.0.1/32"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.7 ,10.0.0.8"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.7"], "10.0.0.7"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8::5]:4711"], "2001:db8::5"),
        ("10.0.0.1", ["2001:DB8:0::5"], "2001:db8::5"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown, 10.0.0.7"], "10.0.0.7"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["\xff" * 5000], "10.0.0.1"),
    ],
)
def test_a_client_is_known_by_the_word_of_trusted_proxies_alone(
    peer: str, forwarded: list[str], address: str
) -> None:
    headers = [(b"x-forwarded-for", one.encode("latin-1")) for one in forwarded]
    scope = {"client": (peer, 1), "headers": headers}
    assert client_address(scope, PROXIES) == address
    assert client_address(scope, ()) == peer


def test_a_socket_without_an_address_has_none() -> None:
    assert client_address({"client": None, "headers": []}, PROXIES) == ""


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        (None, None),
        (b"", None),
        (b"Bearer", None),
        (b"Bearer ", None),
        (b"Bearer a", "a"),
        (b"bEARER  a ", "a"),
        (b"Basic a", None),
        (b"Bearera", None),
        (b"Bearer \xff", "\xff"),
    ],
)
def test_a_bearer(value: bytes | None, secret: str | None) -> None:
    headers = {} if value is None else {b"authorization": value}
    assert bearer(headers) == secret
