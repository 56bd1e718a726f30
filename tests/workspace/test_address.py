"""Which repositories a hall goes to: every odd spelling, and where a name truly leads."""

from pathlib import Path

import pytest

from hiringhall.workers.git import address
from hiringhall.workers.git.errors import AddressRefused, Unreachable, WorkspaceError

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://github.com/ada/engine", "https://github.com/ada/engine"),
        (" https://github.com/ada/engine.git \n", "https://github.com/ada/engine.git"),
        ("HTTPS://GitHub.com:443/ada/engine/", "https://github.com/ada/engine"),
        ("https://git.example.org:8443/a/b", "https://git.example.org:8443/a/b"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://example.org/~ada/a%20b.git", "https://example.org/~ada/a%20b.git"),
        ("https://8.8.8.8/a", "https://8.8.8.8/a"),
        ("https://[2606:4700:0000::1]/a", "https://[2606:4700::1]/a"),
        ("https://xn--bcher-kva.example/a", "https://xn--bcher-kva.example/a"),
    ],
)
def test_an_address_has_one_spelling(given: str, read: str) -> None:
    assert address.parse(given, allow_local=False).url == read


@pytest.mark.parametrize(
    "given",
    [
        "",
        "/srv/repository",
        "file:///srv/repository",
        "FILE:///srv/repository",
        "../repository",
        "repository",
        "http://github.com/ada/engine",
        "git://github.com/ada/engine",
        "ssh://git@github.com/ada/engine",
        "git@github.com:ada/engine.git",
        "github.com:ada/engine.git",
        "ext::sh -c touch% /tmp/x",
        "ext::sh",
        "fd::17",
        "https::https://github.com/a",
        "https://github.com/ext::sh",
        "-oProxyCommand=sh",
        "--upload-pack=sh",
        "https://-oProxyCommand=sh/a",
        "https://user@github.com/ada/engine",
        "https://user:secret@github.com/ada/engine",
        "https://@github.com/ada/engine",
        "https://github.com@evil.example/ada",
        "https://github.com",
        "https://github.com/",
        "https:///ada/engine",
        "https://github.com:0/a",
        "https://github.com:99999/a",
        "https://github.com:x/a",
        "https://github.com/a?b=c",
        "https://github.com/a#b",
        "https://github.com/a b",
        "https://github.com/a\nb",
        "https://github.com/a%0ab",
        "https://github.com/a%00b",
        "https://github.com/../a",
        "https://github.com/%2e%2e/a",
        "https://github.com\\@evil.example/a",
        "https://git hub.com/a",
        "https://git%68ub.com/a",
        "https://github\uff0ecom/a",
        "https://\u24d6ithub.com/a",
        "https://a..b/c",
        "https://127.1/a",
        "https://0x7f.0.0.1/a",
        "https://0x7f000001/a",
        "https://2130706433/a",
        "https://0177.0.0.1/a",
        "https://127.0.0.1./a",
        "https://1.2.3.4.5/a",
        "https://256.1.1.1/a",
        "https://1.0x2/a",
        "https://[::1%25lo]/a",
        "https://[::1/a",
        "https://[127.0.0.1]/a",
        "https://" + "a" * 64 + ".example/a",
        "https://github.com/" + "a" * 3000,
    ],
)
def test_other_addresses_are_refused_with_a_sentence(given: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        address.parse(given, allow_local=False)
    assert refused.value.reason.endswith((".", ")"))
    assert not refused.value.retryable
    assert "secret" not in refused.value.reason


def test_an_operator_may_allow_this_machine() -> None:
    folder = address.parse("/srv/repository", allow_local=True)
    assert (folder.url, folder.scheme, folder.host) == ("/srv/repository", "file", None)
    assert address.parse("file:///srv/r%20x", allow_local=True).url == "/srv/r x"
    assert address.parse("/srv/Büro/a b", allow_local=True).url == "/srv/Büro/a b"
    assert address.parse("http://127.0.0.1:8080/a", allow_local=True).port == 8080
    for odd in (
        "ext::sh",
        "relative/path",
        "git://example.org/a",
        "/srv/../etc",
        "file://host/a",
        "/a\nb",
    ):
        with pytest.raises(AddressRefused):
            address.parse(odd, allow_local=True)


def test_the_halls_own_folder_is_nobodys_repository(tmp_path: Path) -> None:
    (own := tmp_path / "hall").mkdir()
    (tmp_path / "link").symlink_to(own / "work/x.git")
    for path in (own, own / "work/x.git", own / "not/there/yet", tmp_path / "link"):
        with pytest.raises(AddressRefused, match="hall's own"):
            address.parse(str(path), allow_local=True, own=own)
    for beside in (tmp_path, tmp_path / "hall-of-another"):
        assert address.parse(str(beside), allow_local=True, own=own).url == str(beside)


def test_a_password_in_an_address_is_never_taken() -> None:
    with pytest.raises(AddressRefused, match="given apart") as refused:
        address.parse("https://user:pa%20ss@example.org/a", allow_local=True)
    assert "ss@" not in refused.value.reason


def test_ssh_is_taken_where_it_is_set_up() -> None:
    for given in ("ssh://git@example.org/a/b", "git@example.org:a/b", "example.org:a/b"):
        assert address.parse(given, allow_local=False, ssh=True).url == "ssh://git@example.org/a/b"
    for odd in ("ssh://-oProxyCommand=x@h/a", "-oProxyCommand=x@h:a", "ssh://git:pw@h/a", "h:-x y"):
        with pytest.raises(AddressRefused):
            address.parse(odd, allow_local=False, ssh=True)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3",  # noqa: S104 - read, never bound
        "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1",
        "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001:db8::1",
        "100::1",
    ],
)  # fmt: skip
def test_addresses_of_machines_and_private_networks_are_known(text: str) -> None:
    assert not address.is_public(text)


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "140.82.121.4", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are_public(text: str) -> None:
    assert address.is_public(text)


async def test_a_name_is_judged_by_every_address_it_has() -> None:
    where = address.parse("https://example.org/a", allow_local=False)

    async def resolver(host: str, port: int) -> list[str]:
        assert (host, port) == ("example.org", 443)
        return found

    found = ["8.8.8.8", "2606:4700::1"]
    assert await address.resolve(where, allow_local=False, resolver=resolver) == found
    assert address.pinned(where, found) == [
        ("http.curloptResolve", "example.org:443:8.8.8.8,[2606:4700::1]")
    ]
    found = ["8.8.8.8", "10.0.0.1"]
    with pytest.raises(AddressRefused, match="private network"):
        await address.resolve(where, allow_local=False, resolver=resolver)
    assert await address.resolve(where, allow_local=True, resolver=resolver) == found
    found = []
    with pytest.raises(Unreachable):
        await address.resolve(where, allow_local=False, resolver=resolver)


async def test_a_number_is_judged_as_well() -> None:
    for url in ("https://127.0.0.1/a", "https://[::1]/a", "https://169.254.169.254/latest"):
        with pytest.raises(AddressRefused, match="private network"):
            await address.resolve(address.parse(url, allow_local=False), allow_local=False)


async def test_a_name_without_an_address_may_be_tried_again() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    where = address.parse("https://nowhere.example/a", allow_local=False)
    with pytest.raises(WorkspaceError) as unreachable:
        await address.resolve(where, allow_local=False, resolver=resolver)
    assert unreachable.value.retryable
