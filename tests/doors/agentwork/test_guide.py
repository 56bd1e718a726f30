"""The integration guide (seed 001) played through: its samples, its program, its lifecycle."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from hiringhall.workers.runtimes.rehearsal import AskLine, Turn
from tests.doors.conftest import Visitor, Worker
from tests.support.halls import PATIENCE_S
from tests.support.served import served_hall

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).with_name("guide_example.py.txt")
"""Seed 001, "Complete example: Python", with the line breaks that the seed's page has lost."""

SHORT_SLEEP = """
import time
real = time.sleep
time.sleep = lambda seconds: real(min(seconds, 0.02))
exec(compile(open({path!r}).read(), "example.py", "exec"), {{"__name__": "__main__"}})
"""
"""The program's environment in a test: its ten seconds of waiting pass sooner."""

ASK = AskLine(type="single_select", question="Which edition?", options=["2021", "2024"])
SOLUTION = Turn(
    progress=["Writing it"],
    solution="Done: see src/main.rs",
    files={"src/main.rs": "fn main() {}\n", "src/lib.rs": "// fizz\n"},
)


@asynccontextmanager
async def served(database_url: str, folder: Path, *turns: Turn) -> AsyncGenerator["Place"]:
    """A hall on a socket, its worker rehearsing turns, and somebody with a key."""
    script = [msgspec.to_builtins(turn) for turn in turns]
    with served_hall(folder, database_url=database_url, turns=script) as hall:
        async with httpx.AsyncClient(base_url=hall.url, timeout=60) as http:
            yield Place(hall.url, Visitor(http, hall.key()))


@dataclass
class Place:
    """Where a hall is, and somebody with a key there."""

    url: str
    visitor: Visitor

    async def until(self, task_id: str, *statuses: str) -> dict[str, Any]:
        """Poll a task as a client does until it has one of some statuses."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            task = await self.visitor.task(task_id)
            if task["status"] in statuses:
                return task
            assert asyncio.get_running_loop().time() < deadline, task
            await asyncio.sleep(0.02)

    async def run_example(self, folder: Path) -> asyncio.subprocess.Process:
        """Start the guide's program, changed in nothing but host and key."""
        text = EXAMPLE.read_text()
        for printed, real in (
            ('"https://agentwork.com"', json.dumps(self.url)),
            ('"aw_live_..."', json.dumps(self.visitor.key)),
        ):
            assert text.count(printed) == 1
            text = text.replace(printed, real)
        program = folder / "example.py"
        program.write_text(text)
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-u",  # its lines come as they are printed, not when eight kilobytes are full
            "-c",
            SHORT_SLEEP.format(path=str(program)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )


async def finish(process: asyncio.subprocess.Process) -> list[str]:
    """What a program printed, once it has ended well."""
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, printed.decode()
    return printed.decode().splitlines()


@pytest.mark.promise("AW-GUIDE-EXAMPLE", "AW-BASE")
async def test_the_guides_program_runs_to_its_files(database_url: str, tmp_path: Path) -> None:
    async with served(database_url, tmp_path, Turn(ask=[ASK]), SOLUTION) as place:
        printed = await finish(await place.run_example(tmp_path))
        [task_id] = [line[14:] for line in printed if line.startswith("Created task: ")]
        steps = [line for line in printed if line != "Status: processing"][1:]
        assert [line.split(" -> ")[0] for line in steps] == [
            "Status: awaiting_reply",
            ' Question: {"type": "clarifying_questions", "questions": [{"type": "single_select", '
            '"question": "Which edition?", "options": ["2021", "2024"]}]}',
            "Status: awaiting_solution_approval",
            " Solution proposed: Done: see src/main.rs...",
            "Status: completed",
            " Result: Done: see src/main.rs",
            " File: src/lib.rs",
            " File: src/main.rs",
        ]
        async with httpx.AsyncClient() as anybody:
            downloaded = await anybody.get(printed[-1].partition(" -> ")[2])
            assert downloaded.content == b"fn main() {}\n"
        replies = [e for e in await place.visitor.events(task_id) if e["type"] == "reply"]
        assert [e["content"] for e in replies] == ["Use standard Rust conventions. Keep it simple."]


@pytest.mark.promise("AW-GUIDE-EXAMPLE-CANCELLED", "AW-CANCEL-RUNNING")
async def test_the_guides_program_ends_when_its_task_is_cancelled(
    database_url: str, tmp_path: Path
) -> None:
    async with served(
        database_url, tmp_path, Turn(progress=["On it"], sleep=3000, fail="x")
    ) as place:
        program = await place.run_example(tmp_path)
        try:
            assert program.stdout is not None
            created = await asyncio.wait_for(program.stdout.readline(), PATIENCE_S)
            task_id = created.decode().removeprefix("Created task: ").strip()
            assert (await place.visitor.say(task_id, "cancel")).status_code == 200
        except BaseException:
            program.kill()
            raise
        assert (await finish(program))[-2:] == ["Status: cancelled", " Task was cancelled."]


@pytest.mark.promise(
    "AW-GUIDE-LIFECYCLE", "AW-GET-STATUS-PROCESSING", "AW-EVENTS-LIVE", "AW-SOLUTION-REJECTED"
)
async def test_a_task_from_asking_through_working_to_a_delivery(
    database_url: str, tmp_path: Path
) -> None:
    """At each stage the status alone says what the client does next."""
    turns = (
        Turn(progress=["Analyzing requirements..."], ask=[ASK]),
        Turn(message="Shall I add tests?"),
        Turn(solution="First try"),
        SOLUTION,
    )
    async with served(database_url, tmp_path, *turns) as place:
        client = place.visitor
        task_id = await client.create()
        task = await place.until(task_id, "awaiting_reply")
        assert json.loads(task["question"]["content"])["questions"][0]["options"] == ASK.options
        chosen = {"answers": [{"question_index": 0, "selected": "2024"}]}
        assert (await client.say(task_id, "message", chosen)).json()["status"] == "processing"
        task = await place.until(task_id, "awaiting_reply")
        assert task["question"]["content"] == "Shall I add tests?"
        await client.say(task_id, "message", {"content": "Yes"})
        task = await place.until(task_id, "awaiting_solution_approval")
        assert task["solution"]["content"] == "First try"
        body = {"status": "REJECTED", "rejection_reason": "No tests"}
        assert (await client.say(task_id, "solution-status", body)).json()["status"] == "processing"
        task = await place.until(task_id, "awaiting_solution_approval")
        assert task["solution"]["content"] == SOLUTION.solution
        answer = await client.say(task_id, "solution-status", {"status": "CONFIRMED"})
        assert answer.json() == {"success": True, "status": "completed"}
        result = await client.result(task_id)
        assert result["result_text"] == SOLUTION.solution
        assert {one["name"] for one in result["files"]} == SOLUTION.files.keys()
        for one in result["files"]:
            assert one["download_url"].startswith(f"{place.url}/files/")
            downloaded = await client.http.get(one["download_url"])
            assert downloaded.text == SOLUTION.files[one["name"]]
        kinds = [one["type"] for one in await client.events(task_id)]
        assert [kind for kind in kinds if kind != "status"] == [
            "question", "reply", "message_to_customer", "reply", "solution_proposed",
            "solution_decision", "solution_proposed", "solution_decision",
        ]  # fmt: skip


REGISTER = """{ "email": "your-email@example.com", "name": "Your Name",
    "organization_name": "Your Org" }"""
CREATE = """{ "title": "Build a responsive landing page", "description": "Create a modern landing \
page with a hero section, feature grid, testimonials carousel, and a CTA. Use React + Tailwind \
CSS. The design should be clean and professional." }"""
PLAIN = """{ "message": "Use a blue and white color scheme. No logo needed." }"""
STRUCTURED = """{ "answers": [ {"question_index": 0, "selected": "Building a SaaS dashboard"},
    {"question_index": 1, "selected": "React"},
    {"question_index": 2, "selected": ["Auth", "Database"]} ] }"""
REJECT = """{ "status": "REJECTED",
    "rejection_reason": "The hero section text is too small on mobile" }"""
CONFIRM = """{ "status": "CONFIRMED" }"""
QUESTIONS = json.loads("""[
    { "type": "text", "question": "What is the primary use case?", "options": null },
    { "type": "single_select", "question": "Which framework do you prefer?",
      "options": ["React", "Vue", "Svelte"] },
    { "type": "multi_select", "question": "Which features do you need?",
      "options": ["Auth", "Database", "File upload", "Payments"] } ]""")


def shape(value: Any) -> Any:
    """A decoded answer with its texts reduced to what they are."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    if isinstance(value, str):
        for pattern, what in (
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"),
            (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", "time"),
            (r"aw_live_[A-Za-z0-9_-]{43}", "key"),
            (r"aw_live_[A-Za-z0-9_-]{8}", "prefix"),
            (r"[A-Za-z0-9]{5}", "short"),
            (r"https?://\S+", "url"),
        ):
            if re.fullmatch(pattern, value):
                return f"<{what}>"
    return value


@pytest.mark.promise("AW-GUIDE-SAMPLES")
async def test_each_request_of_the_guide_is_answered_as_printed_beside_it(
    stranger: Visitor, worker: Worker
) -> None:
    """The requests and answers as printed in seed 001, in the order of its page."""

    async def send(method: str, path: str, content: str | None = None) -> Any:
        headers = {"Content-Type": "application/json", **stranger.headers}
        answer = await stranger.http.request(method, path, content=content, headers=headers)
        return answer.status_code, shape(answer.json())

    status, said = await send("POST", "/api/v1/auth/register", REGISTER)
    assert status == 201
    assert said == {
        "api_key": "<key>", "key_prefix": "<prefix>", "organization_id": "<uuid>",
        "organization_short_id": "<short>", "user_id": "<uuid>",
    }  # fmt: skip
    body = {"email": "another@example.com", "name": "Your Name"}
    stranger.key = (await stranger.post("/api/v1/auth/register", body)).json()["api_key"]
    assert await send("POST", "/api/v1/tasks/", CREATE) == (
        201, {"task_id": "<uuid>", "status": "processing"},
    )  # fmt: skip
    [task] = (await stranger.get("/api/v1/tasks/")).json()["tasks"]
    one = f"/api/v1/tasks/{task['task_id']}"

    for reply in (PLAIN, STRUCTURED):
        await worker.asks(*QUESTIONS)
        status, said = await send("GET", one)
        assert (status, said["status"]) == (200, "awaiting_reply")
        assert json.loads(said["question"].pop("content"))["questions"] == QUESTIONS
        assert said["question"] == {"message_id": "<uuid>", "type": "CLARIFYING_QUESTIONS"}
        assert await send("POST", f"{one}/message", reply) == (
            201, {"success": True, "status": "processing"},
        )  # fmt: skip
    for decision, then in ((REJECT, "processing"), (CONFIRM, "completed")):
        await worker.solves("I've built the landing page.", {"src/LandingPage.tsx": b"1"})
        assert await send("GET", one) == (200, {
            "task_id": "<uuid>", "title": "Build a responsive landing page",
            "status": "awaiting_solution_approval", "last_activity_at": "<time>",
            "question": None,
            "solution": {"message_id": "<uuid>", "content": "I've built the landing page."},
        })  # fmt: skip
        assert await send("POST", f"{one}/solution-status", decision) == (
            200, {"success": True, "status": then},
        )  # fmt: skip
    assert await send("GET", f"{one}/result") == (200, {
        "task_id": "<uuid>", "status": "completed", "result_text": "I've built the landing page.",
        "files": [{"name": "src/LandingPage.tsx", "download_url": "<url>"}],
    })  # fmt: skip
    status, said = await send("GET", f"{one}/events")
    assert (status, said["task_id"]) == (200, "<uuid>")
    assert all(event.keys() == {"timestamp", "type", "content"} for event in said["events"])
    status, said = await send("POST", f"{one}/cancel")
    assert (status, list(said)) == (400, ["status_code", "detail"])
    assert await send("GET", "/api/v1/tasks/") == (200, {"tasks": [{
        "task_id": "<uuid>", "title": "Build a responsive landing page", "status": "completed",
        "created_at": "<time>",
    }]})  # fmt: skip
