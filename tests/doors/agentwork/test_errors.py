"""Hostile and broken requests at the Agentwork door: its own envelope, never a 500, never a 422."""

import json
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from hiringhall.doors.desk import Desk
from hiringhall.hall import Hall
from tests.doors.conftest import BASE_URL, OpenFront, Visitor, Worker, refused

pytestmark = pytest.mark.anyio

DETAIL = "An internal error occurred while processing your request."


class TestPathsAndMethods:
    @pytest.mark.promise("AW-ERROR-JSON")
    @pytest.mark.parametrize("door", ["", "/agentwork"])
    async def test_unknown_paths_are_404(self, ada: Visitor, door: str) -> None:
        for path in (
            "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/tasks/x/y", "/api/v1/tasks//",
            "/api/v1/auth", "/api/v1/auth/register/x", "/api/v1/credits/x", "/api/v1/%00",
            "/api/v1/tasks/x/result/y",
        ):  # fmt: skip
            refused(await ada.get(f"{door}{path}"), 404)

    async def test_below_its_prefix_the_door_is_alone(self, ada: Visitor) -> None:
        for path in ("/agentwork/healthz", "/agentwork/files/x", "/agentwork/x"):
            refused(await ada.get(path), 404)

    @pytest.mark.promise("AW-ERROR-JSON")
    async def test_wrong_methods_are_405_and_say_which_are_right(self, ada: Visitor) -> None:
        for path, wrong, allowed in (
            ("/api/v1/tasks", ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"), "GET, HEAD, POST"),
            ("/api/v1/tasks/x", ("POST", "DELETE", "FOO"), "GET, HEAD"),
            ("/api/v1/tasks/x/message", ("GET", "HEAD", "PUT"), "POST"),
            ("/api/v1/auth/register", ("GET", "PUT"), "POST"),
        ):  # fmt: skip
            for method in wrong:
                for slash in ("", "/"):
                    answer = await ada.ask(method, path + slash)
                    assert answer.status_code == 405
                    assert answer.headers["allow"] == allowed
                    if method != "HEAD":
                        refused(answer, 405)

    async def test_every_answer_has_a_request_id(self, ada: Visitor, stranger: Visitor) -> None:
        answers = [
            await ada.get("/api/v1/tasks"), await ada.get("/api/v1/nothing"),
            await stranger.get("/api/v1/tasks"), await stranger.get("/"),
            await stranger.get("/healthz"), await stranger.get("/files/x"),
            await ada.ask("PUT", "/api/v1/tasks"), await ada.get("/agentwork/openapi.json"),
        ]  # fmt: skip
        ids = {one.headers["x-request-id"] for one in answers}
        assert len(ids) == len(answers)
        assert all(re.fullmatch(r"[0-9a-f]{12}", one) for one in ids)

    async def test_head_is_get_without_the_body(self, ada: Visitor) -> None:
        task_id = await ada.create()
        for path in ("", f"/{task_id}", f"/{task_id}/result", f"/{task_id}/events", "/x"):
            got = await ada.get(f"/api/v1/tasks{path}")
            headed = await ada.ask("HEAD", f"/api/v1/tasks{path}")
            assert (headed.status_code, headed.content) == (got.status_code, b"")

    async def test_no_redirect_anywhere(self, ada: Visitor) -> None:
        for path in ("/api/v1/tasks", "/api/v1/auth/register", "/agentwork", "/files", "/healthz"):
            for slash in ("", "/"):
                answer = await ada.get(path + slash, follow_redirects=False)
                assert not 300 <= answer.status_code < 400


class TestBodies:
    @pytest.mark.promise("AW-CODE-400", "AW-ERROR-4XX", "AW-ERROR-JSON")
    async def test_what_is_no_json_object_is_400_on_every_route(
        self, ada: Visitor, worker: Worker
    ) -> None:
        asked, solved, planned = [
            await ada.create(), await ada.create(), await ada.create(require_spec_approval=True),
        ]  # fmt: skip
        await worker.messages("Shall I?")
        await worker.solves("Done")
        await worker.plans("First")
        before = [await ada.task(one) for one in (asked, solved, planned)]
        one = "/api/v1/tasks"
        for path in (
            one, "/api/v1/auth/register", "/api/v1/auth/api-key", f"{one}/{asked}/message",
            f"{one}/{solved}/solution-status", f"{one}/{planned}/spec-status",
        ):  # fmt: skip
            for content in (
                b"", b"{", b"[]", b"null", b"1", b'"x"', b"{} {}", b"\xff", b"\x00",
                b'{"a":', b"{'a': 1}", b'{"message": NaN}', b"title=x", b"\xef\xbb\xbf{}",
                b"[" * 50_000, b'{"a":' * 50_000,
            ):  # fmt: skip
                refused(await ada.ask("POST", path, content=content), 400)
        assert [await ada.task(one) for one in (asked, solved, planned)] == before

    async def test_nul_and_lone_surrogates_are_400_in_every_text(
        self, ada: Visitor, worker: Worker
    ) -> None:
        task_id = await ada.create()
        await worker.messages("Shall I?")
        before = await ada.task(task_id)
        for path, template in (
            ("", b'{"title": "%s", "description": "b"}'),
            ("", b'{"title": "a", "description": "%s"}'),
            ("", b'{"title": "a", "description": "b", "repository": "%s"}'),
            ("", b'{"title": "a", "description": "b", "role": "%s"}'),
            (f"/{task_id}/message", b'{"message": "%s"}'),
            (f"/{task_id}/message", b'{"content": "%s"}'),
            (f"/{task_id}/message", b'{"answers": [{"question_index": 0, "selected": "%s"}]}'),
            (f"/{task_id}/message", b'{"answers": [{"question_index": 0, "selected": ["%s"]}]}'),
            (f"/{task_id}/solution-status", b'{"status": "%s"}'),
            (f"/{task_id}/solution-status", b'{"status": "REJECTED", "rejection_reason": "%s"}'),
        ):
            for bad in (b"x\\u0000", b"\\ud800", b"\\udfff x", b"\xed\xa0\x80", b"\x00", b"\x1f"):
                content = template % bad
                refused(await ada.ask("POST", f"/api/v1/tasks{path}", content=content), 400)
        for field in ("email", "name", "organization_name"):
            body = {"email": "new@example.com", "name": "New", field: "x\0@example.com"}
            refused(await ada.post("/api/v1/auth/register", body), 400)
        for field in ("email", "password", "key_name"):
            body = {"email": "ada@example.com", "password": "x", field: "x\0"}
            refused(await ada.post("/api/v1/auth/api-key", body), 400)
        assert await ada.task(task_id) == before

    async def test_a_body_above_1_mib_is_413(self, ada: Visitor, stranger: Visitor) -> None:
        body = {"title": "a", "description": "x" * (1 << 20)}
        refused(await ada.post("/api/v1/tasks", body), 413)
        refused(await stranger.post("/api/v1/auth/register", body), 413)

        async def chunks() -> AsyncGenerator[bytes, None]:
            for _ in range(20):
                yield b"x" * 65536

        refused(await ada.ask("POST", "/api/v1/tasks", content=chunks()), 413)
        assert (await ada.get("/api/v1/tasks")).json() == {"tasks": []}

    async def test_a_text_too_long_for_the_hall_is_400(self, ada: Visitor, worker: Worker) -> None:
        refused(await ada.post("/api/v1/tasks", {"title": "a", "description": "x" * 900_000}), 400)
        task_id = await ada.create()
        await worker.messages("Shall I?")
        refused(await ada.say(task_id, "message", {"message": "x" * 900_000}), 400)

    async def test_unknown_fields_and_doubled_names_are_tolerated(self, ada: Visitor) -> None:
        content = (
            b'{"title": "first", "priority": 1e300, "x": {"y": [null]}, "description": "b", '
            b'"big": 99999999999999999999999999, "title": "last"}'
        )
        answer = await ada.ask("POST", "/api/v1/tasks", content=content)
        assert answer.status_code == 201
        assert (await ada.task(answer.json()["task_id"]))["title"] == "last"

    async def test_any_content_type_is_read_as_json(self, ada: Visitor) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "nonsense", ""):
            answer = await ada.ask(
                "POST",
                "/api/v1/tasks",
                content=b'{"title": "a", "description": "b"}',
                headers={"Content-Type": kind},
            )
            assert answer.status_code == 201

    async def test_texts_come_back_as_they_went_in(self, ada: Visitor, worker: Worker) -> None:
        for title in ("😀 ü ß \\u0000", "<script>alert(1)</script>", "'; drop table tasks; --",
                      "\u202edeurt\u202c", "a\u0301", "x\ufffe\uffff"):  # fmt: skip
            task_id = await ada.create(title=title)
            assert (await ada.task(task_id))["title"] == title
        assert (await ada.get("/api/v1/tasks")).json()["tasks"][0]["title"] == "x\ufffe\uffff"


class TestInternalErrors:
    @pytest.mark.promise("AW-ERROR-500", "AW-ERROR-REQUEST-ID")
    async def test_a_500_says_its_id_and_nothing_of_the_cause(
        self, desk: Desk, front_of: OpenFront, hall: Hall, ada: Visitor
    ) -> None:
        def stopped() -> int:
            raise RuntimeError("the clock stopped at aw_live_secret")

        broken = front_of(replace(desk, hall=replace(hall, clock=stopped)))
        transport = httpx.ASGITransport(broken.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
            for path in ("/api/v1/tasks", "/agentwork/api/v1/tasks/"):
                with capture_logs() as logs:
                    answer = await http.post(
                        path,
                        json={"title": "my title", "description": "my text"},
                        headers={**ada.headers, "X-Mine": "my header"},
                    )
                said: dict[str, Any] = json.loads(answer.content)
                assert answer.status_code == 500
                assert list(said) == ["status_code", "error", "detail", "request_id"]
                assert (said["status_code"], said["error"]) == (500, "internal_error")
                assert said["detail"] == DETAIL
                assert re.fullmatch(r"[0-9a-f]{12}", said["request_id"])
                assert answer.headers["x-request-id"] == said["request_id"]
                [line] = [one for one in logs if one.get("request_id") == said["request_id"]]
                assert "the clock stopped" in line["traceback"]
                assert line["route"] == "/api/v1/tasks"
                for secret in (ada.key, "my title", "my text", "my header"):
                    assert secret is not None
                    assert secret not in repr(line)
