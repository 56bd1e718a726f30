"""Handing in at a page: texts, addresses and files, of hostile hands too; nothing typed is lost."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hiringhall.actions.market import claims
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.tasks import State, Task
from hiringhall.doors.desk import Desk
from hiringhall.doors.keeping import FILES
from hiringhall.hall import Hall
from tests.doors.pages.conftest import PASSWORD, Person, page_of
from tests.doors.pages.test_home import PAYLOADS, actor
from tests.doors.pages.test_market_tasks import harmless, state_of
from tests.support.market import claimed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def task(ada: Person, bob: Person, hall: Hall) -> Task:
    """A task that Ada posted and Bob has."""
    return await claimed(hall, await actor(hall, ada), await actor(hall, bob))


async def hands_in(
    person: Person, task: Task, files: dict[str, bytes], status: int = 303, **typed: Any
) -> httpx.Response:
    at = f"/app/tasks/{task.id}/deliver"
    fields = {**(await person.get(at)).form(at).values, **typed}
    fields.pop("files")
    sent = [("files", (name, content)) for name, content in files.items()]
    answer = await person.http.post(at, data=fields, files=sent or [("files", ("", b""))])
    assert answer.status_code == status, answer.text
    return answer


async def test_text_addresses_and_files_are_handed_in(
    ada: Person, bob: Person, hall: Hall, task: Task
) -> None:
    files = {"a/b.md": b"# Read me\n\n<b>x</b>", "raw.bin": bytes(range(256)), "é.txt": b"\xc3\xa9"}
    links = "https://example.com/one\n\nhttps://example.com/two"
    await hands_in(bob, task, files, content="Here it is", links=links)
    assert await state_of(hall, ada, task.id) is State.IN_REVIEW
    page = await ada.get(f"/app/tasks/{task.id}")
    for words in ("Here it is", "https://example.com/two", "a/b.md", "é.txt"):
        assert words in page.words
    kept = {(await ada.http.get(one)).content for one in page.links() if one.startswith("/files/")}
    assert kept == set(files.values())
    for one in [one for one in page.links() if "/files/" in one and one.startswith("/app")]:
        harmless(await ada.get(one))


async def test_a_file_of_some_size_is_taken(ada: Person, bob: Person, task: Task) -> None:
    large = b"0123456789abcdef" * (3 << 16)
    await hands_in(bob, task, {"large.bin": large}, content="Large")
    page = await ada.get(f"/app/tasks/{task.id}")
    (file,) = [one for one in page.links() if one.startswith("/files/")]
    assert (await ada.http.get(file)).content == large


async def test_what_is_too_large_is_refused_with_all_that_was_typed(
    bob: Person, task: Task
) -> None:
    at = f"/app/tasks/{task.id}/deliver"
    form = (await bob.get(at)).form(at).values
    typed = {**form, "content": "Long\nwork", "links": "https://example.com/a"}
    for announced in (True, False):
        page = page_of(
            await sends_too_much(bob, at, typed, FILES.body_bytes, announced=announced), 413
        )
        assert page.form(at).values["content"] == "Long\nwork"
        assert page.form(at).values["links"] == "https://example.com/a"
        (wrong,) = [one for one in page.elements if one.attributes.get("id") == "files-wrong"]
        assert "hidden" not in wrong.attributes
        assert "larger than 16 MB" in page.words
        assert "choose your files again" in page.words
        assert "bytes" not in page.words
    forged = await sends_too_much(bob, at, {**typed, "csrf": "x"}, FILES.body_bytes, announced=True)
    assert forged.status_code == 403
    assert "Long" not in forged.text
    bob.http.cookies = httpx.Cookies()
    stranger = await sends_too_much(bob, at, typed, 1 << 20, announced=True)
    assert "Long" not in page_of(stranger, 403).words
    headers = {"sec-fetch-site": "same-origin"}
    ended = await sends_too_much(bob, at, typed, 1 << 20, announced=True, **headers)
    assert "Long" in page_of(ended, 401).text


async def sends_too_much(
    person: Person, at: str, fields: dict[str, str], most: int, *, announced: bool, **headers: str
) -> httpx.Response:
    """A form whose file is larger than is taken, in pieces; it says so before, or does not."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
        if name != "files"
    ]
    file = '--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    head = "".join([*parts, file]).encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        for _ in range(most >> 16):
            yield b"\r\n" + bytes((1 << 16) - 2)
        yield b"\r\n--x--\r\n"

    size = {"content-length": str(len(head) + most + 9)} if announced else {}
    kind = {"content-type": "multipart/form-data; boundary=x"}
    return await person.http.post(at, content=pieces(), headers={**kind, **size, **headers})


async def test_what_is_refused_keeps_the_text_and_no_bytes(
    bob: Person, hall: Hall, blobs: LocalBlobs, task: Task
) -> None:
    at = f"/app/tasks/{task.id}/deliver"
    refused = await hands_in(bob, task, {}, 400, content=" ", links="")
    assert "Write something" in page_of(refused, 400).words
    typed = {"content": "Long\nwork", "links": "nowhere"}
    page = page_of(await hands_in(bob, task, {"a.txt": b"x"}, 400, **typed), 400)
    assert page.form(at).values["content"] == "Long\nwork"
    assert "choose your files again" in page.words
    assert "A link begins with http" in page.words
    assert "e-mail" not in page.words
    assert [key async for part in blobs.listed() for key in part] == []
    form = (await bob.get(at)).form(at)
    await claims.release_claim(hall, actor=await actor(hall, bob), task_id=task.id)
    late = await bob.http.post(at, data={**form.values, "content": "Late words"}, files=[
        ("files", ("a.txt", b"x"))
    ])  # fmt: skip
    assert page_of(late, 409).form(at).values["content"] == "Late words"
    assert [key async for part in blobs.listed() for key in part] == []


async def test_files_that_did_not_outlive_a_sign_in_are_chosen_again(
    ada: Person, bob: Person, hall: Hall, task: Task
) -> None:
    at = f"/app/tasks/{task.id}/deliver"
    fields = {**(await bob.get(at)).form(at).values, "content": "Long\nwork"}
    fields.pop("files")
    await bob.sends("/app", "/signout")
    answer = await bob.http.post(
        at,
        data=fields,
        files=[("files", ("a.txt", b"x"))],
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    asked = page_of(answer, 401)
    shown = page_of(await bob.send(asked.form("/signin"), 200, email=bob.email, password=PASSWORD))
    page = page_of(await bob.send(shown.form(at), 200))
    assert page.form(at).values["content"] == "Long\nwork"
    assert "choose your files again" in page.words
    assert await state_of(hall, ada, task.id) is State.ASSIGNED
    form = {name: value for name, value in page.form(at).values.items() if name != "files"}
    sent = await bob.http.post(at, data=form, files=[("files", ("a.txt", b"x"))])
    assert sent.status_code == 303
    assert "a.txt" in (await ada.get(f"/app/tasks/{task.id}")).words


async def test_only_who_has_it_hands_in(ada: Person, third: Person, task: Task) -> None:
    await third.signs_up("eve")
    at = f"/app/tasks/{task.id}/deliver"
    await third.get(at, 404)
    token = (await third.get("/app")).form("/signout").values["csrf"]
    answer = await third.http.post(at, data={"csrf": token, "content": "Mine"})
    page_of(answer, 404)
    page_of(await ada.http.post(at, data={"csrf": token, "content": "Mine"}), 403)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nno head\r\n\r\nb\r\n--x--"),
        ("multipart/form-data; boundary=x", b'--x\r\nA; name="a"\r\n\r\n\xff\r\n--x--'),
        ("multipart/form-data; boundary=x", b'--x\r\nA; name="a"\r\n\r\n\0\r\n--x--'),
        ("multipart/form-data; boundary=x", b'--x\r\nA; name="a"\r\n\r\nb' * 3),
        ("multipart/form-data; boundary=x", b'--x\r\nA; name="a"\r\n\r\nb\r\n' * 1_200 + b"--x--"),
        ("application/json", b"{}"),
    ],
)
async def test_what_no_browser_sends_is_refused(
    bob: Person, task: Task, kind: str, body: bytes
) -> None:
    at = f"/app/tasks/{task.id}/deliver"
    page_of(await bob.http.post(at, content=body, headers={"content-type": kind}), 400)


@pytest.mark.parametrize(
    "name",
    [*PAYLOADS, "../../etc/passwd", 'a"; filename="b.html', "\u202egnp.exe", "x" * 3_000, "a\r\nb"],
)
async def test_names_of_files_run_nowhere_and_lead_nowhere(
    ada: Person, bob: Person, task: Task, name: str
) -> None:
    await hands_in(bob, task, {name: b"<script>alert(1)</script>"}, content="Here")
    page = await ada.get(f"/app/tasks/{task.id}")
    harmless(page)
    assert ".." not in [part for one in page.links() if "/files/" in one for part in one.split("/")]
    (preview,) = [one for one in page.links() if "/deliverables/" in one and "/files/" in one]
    shown = await ada.get(preview)
    harmless(shown)
    assert "<script>alert(1)</script>" in shown.words
    (link,) = [one for one in page.links() if one.startswith("/files/")]
    kept = await ada.http.get(link)
    assert kept.headers["content-disposition"].startswith("attachment")
    assert kept.headers["content-type"] == "application/octet-stream"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert "\n" not in kept.headers["content-disposition"]


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.mark.parametrize(
    ("name", "content", "shows"),
    [
        ("a.png", PNG, "picture"),
        ("b.svg", PNG, "picture"),
        ("c.png", b"<svg onload=alert(1)>", "text"),
        ("d.html", b"<script>alert(1)</script>", "text"),
        ("e.md", b"[x](javascript:alert(1)) <img src=x onerror=alert(1)>", "text"),
        ("f.txt", b"a\xe2\x80\xaeb \xff", "text"),
        ("g.bin", b"\0\1\2", "nothing"),
    ],
)
async def test_files_are_shown_for_what_they_are(
    ada: Person, bob: Person, desk: Desk, task: Task, name: str, content: bytes, shows: str
) -> None:
    await hands_in(bob, task, {name: content}, content="Here")
    page = await ada.get(f"/app/tasks/{task.id}")
    (preview,) = [one for one in page.links() if "/deliverables/" in one and "/files/" in one]
    shown = await ada.get(preview)
    harmless(shown)
    harmless(await ada.get(f"{preview}?as=text"))
    pictures = [
        one.attributes["src"]
        for one in shown.elements
        if one.tag == "img" and one.attributes["alt"]
    ]
    assert bool(pictures) is (shows == "picture")
    (link,) = [one for one in page.links() if one.startswith("/files/")]
    answer = await ada.http.get(link.replace("?", "/picture?"))
    if pictures:
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.content == content
    else:
        assert answer.status_code == 404
    assert (await ada.http.get(link.replace("?", "/picture?1"))).status_code == 403
    if name == "f.txt":
        assert "a<U+202E>b" in shown.words


async def test_a_long_text_is_cut_and_kept_whole(ada: Person, bob: Person, task: Task) -> None:
    text = "é" * 20_000
    await hands_in(bob, task, {"long.txt": text.encode()}, content="Long " * 30_000)
    page = await ada.get(f"/app/tasks/{task.id}")
    assert len(page.text) < 150_000
    (whole,) = [one for one in page.links() if one.endswith("/text.md")]
    assert (await ada.http.get(whole)).text == ("Long " * 30_000).strip()
    (preview,) = [one for one in page.links() if "/deliverables/" in one and "/files/" in one]
    shown = await ada.get(preview)
    assert "This is its beginning" in shown.words
    assert "\N{REPLACEMENT CHARACTER}" not in shown.words
    assert shown.words.count("é") == 12_000
