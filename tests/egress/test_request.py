"""Heads of requests to the proxy: what is taken, what the host is told, what is refused."""

import pytest

from hiringhall.workers.egress.request import MOST_HEAD_BYTES, NoRequest, read_request


def test_a_tunnel_names_its_target() -> None:
    asked = read_request(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
    assert (str(asked.target), asked.is_tunnel) == ("example.org:443", True)


def test_a_plain_request_is_told_without_what_was_meant_for_the_proxy() -> None:
    asked = read_request(
        b"POST http://Example.org/a/b?c=d HTTP/1.1\r\n"
        b"Host: elsewhere.test\r\nProxy-Authorization: Basic eA==\r\nConnection: keep-alive\r\n"
        b"Proxy-Connection: keep-alive\r\nContent-Length: 3\r\nX-Own: 1\r\n\r\n"
    )
    assert str(asked.target) == "example.org:80"
    assert asked.head == (
        b"POST /a/b?c=d HTTP/1.1\r\nHost: Example.org\r\nContent-Length: 3\r\nX-Own: 1\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert read_request(b"GET http://a.org:81 HTTP/1.0\r\n\r\n").head.startswith(b"GET / HTTP/1.1")


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /etc/passwd HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"GET https://example.org/ HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"GET http://user@example.org/ HTTP/1.1\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"CONNECT example.org HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443@127.0.0.1:22 HTTP/1.1\r\n\r\n",
        b"CONNECT 127.1:443 HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443\r\n\r\n",
        b"connect example.org:443 HTTP/1.1\r\n\r\n",
        b"CONNECT example.org:443 HTTP/2\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1\r\nno header\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1\r\nA: b\nHost: c\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1\r\n A: folded\r\n\r\n",
        b"GET http://example.org/\xff HTTP/1.1\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1\r\nA: " + b"x" * MOST_HEAD_BYTES + b"\r\n\r\n",
    ],
)
def test_what_is_not_taken(head: bytes) -> None:
    with pytest.raises(NoRequest):
        read_request(head)
