"""Downloads by signed link: for whoever has one, for an hour, as it was signed."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hiringhall.blobs import FileLinks, LocalBlobs
from hiringhall.doors.desk import Desk
from hiringhall.doors.files import disposition
from tests.doors.conftest import BASE_URL, OpenFront, Visitor, Worker, refused
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio

FILES = {"src/App.tsx": b"export const a = 1;\n", "empty": b"", "big.bin": bytes(range(256)) * 9000}


@pytest.fixture
async def urls(ada: Visitor, worker: Worker) -> dict[str, str]:
    """Where the files of a solved task are downloaded, by name."""
    task_id = await ada.create()
    await worker.solves("Done", FILES)
    return {one["name"]: one["download_url"] for one in (await ada.result(task_id))["files"]}


@pytest.mark.promise("AW-RESULT-DOWNLOAD", "AW-RESULT-FILES")
async def test_a_link_gives_the_bytes_to_whoever_has_it(
    urls: dict[str, str], stranger: Visitor
) -> None:
    assert urls.keys() == FILES.keys()
    for name, url in urls.items():
        assert url.startswith(f"{BASE_URL}/files/")
        answer = await stranger.http.get(url)
        assert answer.status_code == 200
        assert answer.content == FILES[name]
        assert answer.headers["content-length"] == str(len(FILES[name]))


async def test_what_it_gives_is_kept_and_never_shown(
    urls: dict[str, str], stranger: Visitor
) -> None:
    headers = (await stranger.http.get(urls["src/App.tsx"])).headers
    assert headers["content-disposition"] == (
        "attachment; filename=\"App.tsx\"; filename*=UTF-8''App.tsx"
    )
    assert headers["content-type"] == "application/octet-stream"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert "set-cookie" not in headers


async def test_head_says_the_size_and_sends_nothing(
    urls: dict[str, str], stranger: Visitor
) -> None:
    answer = await stranger.http.head(urls["big.bin"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(FILES["big.bin"]))


@pytest.mark.promise("AW-RESULT-DOWNLOAD-HOUR")
async def test_it_works_for_an_hour_and_no_longer(
    urls: dict[str, str], stranger: Visitor, ada: Visitor, clock: Clock
) -> None:
    url = urls["src/App.tsx"]
    clock.advance(3590)
    assert (await stranger.http.get(url)).status_code == 200
    clock.advance(20)
    refused(await stranger.http.get(url), 403)
    refused(await ada.get(url.removeprefix(BASE_URL)), 403)


async def test_an_altered_link_is_403(
    urls: dict[str, str], stranger: Visitor, links: FileLinks
) -> None:
    parts = urlsplit(urls["src/App.tsx"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    expires, signature = query["expires"], query["signature"]
    later = str(int(expires) + 1)
    other = urlsplit(urls["empty"]).path
    own = FileLinks(b"x" * 32).sign(parts.path.rpartition("/")[2], int(later))
    path = parts.path
    for at, params in (
        (path, {}), (path, {"expires": expires}), (path, {"signature": signature}),
        (path, {"expires": later, "signature": signature}),
        (path, {"expires": later, "signature": own}),
        (path, {"expires": "9" * 30, "signature": signature}),
        (path, {"expires": f"0{expires}", "signature": signature}),
        (path, {"expires": f"{expires}.0", "signature": signature}),
        (path, {"expires": "x", "signature": signature}),
        (path, {"expires": "", "signature": ""}),
        (path, {"expires": expires, "signature": signature[:-1]}),
        (path, {"expires": expires, "signature": signature + "="}),
        (path, {"expires": expires, "signature": signature.swapcase()}),
        (path, {"expires": expires, "signature": "ü💥"}),
        (other, {"expires": expires, "signature": signature}),
        (path.upper().replace("FILES", "files"), {"expires": expires, "signature": signature}),
        ("/files/x", {"expires": expires, "signature": signature}),
    ):  # fmt: skip
        refused(await stranger.http.get(at, params=params), 403)


async def test_a_signed_link_to_what_is_not_there_is_404(
    stranger: Visitor, links: FileLinks, clock: Clock
) -> None:
    expires = clock.now_us // 1_000_000 + 100
    for file_id in ("019c9000-0000-7000-8000-000000000000", "x"):
        params = {"expires": str(expires), "signature": links.sign(file_id, expires)}
        refused(await stranger.http.get(f"/files/{file_id}", params=params), 404)


async def test_bytes_that_are_gone_are_404(
    urls: dict[str, str], stranger: Visitor, blobs: LocalBlobs
) -> None:
    for path in blobs._folder.rglob("*"):
        if path.is_file():
            path.unlink()
    refused(await stranger.http.get(urls["src/App.tsx"]), 404)


async def test_a_link_is_absolute_by_the_public_url_else_by_the_callers_word(
    desk: Desk, front_of: OpenFront, ada: Visitor, worker: Worker
) -> None:
    task_id = await ada.create()
    await worker.solves("Done", {"a.txt": b"1"})
    public = front_of(replace(desk, public_url="https://hall.example/here"))
    transport = httpx.ASGITransport(public.app)
    path = f"/api/v1/tasks/{task_id}/result"
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        answer = await http.get(path, headers=ada.headers)
        [file] = answer.json()["files"]
        assert file["download_url"].startswith("https://hall.example/here/files/")
    for host, base in (
        ("other.example:8080", "http://other.example:8080/files/"),
        ("[::1]:8080", "http://[::1]:8080/files/"),
        ('evil.example/"<x>', "http://hall.test/files/"),
        ("evil.example/path", "http://hall.test/files/"),
        ("", "http://hall.test/files/"),
    ):
        answer = await ada.get(path, headers={"Host": host})
        assert answer.json()["files"][0]["download_url"].startswith(base)


@pytest.mark.parametrize(
    ("name", "plain", "exact"),
    [
        ("a.txt", "a.txt", "a.txt"),
        ("src/deep/a b.txt", "a b.txt", "a%20b.txt"),
        ("Größe €.txt", "Gr__e _.txt", "Gr%C3%B6%C3%9Fe%20%E2%82%AC.txt"),
        ('x";\r\nSet-Cookie: a=b', "x____Set-Cookie_ a=b", "x%22%3B%0D%0ASet-Cookie%3A%20a%3Db"),
        ("a\\b", "a_b", "a%5Cb"),
        ("folder/", "file", "file"),
        ("💥", "_", "%F0%9F%92%A5"),
        ("\ud800", "_", "%3F"),
    ],
)
def test_a_name_in_ascii_and_as_it_is(name: str, plain: str, exact: str) -> None:
    """RFC 6266 with RFC 5987; nothing in a name can end the header or begin another."""
    expected = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"
    assert disposition(name) == expected.encode()
