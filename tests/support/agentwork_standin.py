"""A stand-in of an Agentwork API, for tests of clients that need a server to misbehave.

It plays one fixed conversation a task (question, solution, revision, done), remembers every request
it got, and gives any answer a test puts in its way. What a real hall answers is proven against a
real hall.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

QUESTIONS = {
    "type": "clarifying_questions",
    "questions": [
        {"type": "text", "question": "What is it for?", "options": None},
        {"type": "single_select", "question": "Which framework?", "options": ["React", "Vue"]},
        {
            "type": "multi_select",
            "question": "Which features?",
            "options": ["Auth", "Database", "Payments"],
        },
    ],
}


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    raw_path: str
    """The path as it was sent, with its escapes."""
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def key(self) -> str | None:
        """The bearer key it carried."""
        value = self.headers.get("authorization")
        return None if value is None else value.removeprefix("Bearer ")


@dataclass
class _Task:
    id: str
    key: str
    title: str
    status: str
    log: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class StandIn:
    """What a test sees of the running stand-in."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    answers: deque[Response] = field(default_factory=deque)
    """Answers given to the next requests in place of its own, whatever they ask."""
    plan_first: bool = False
    """Whether a plan waits for approval after the question."""
    keys: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(
        default_factory=lambda: {"src/App.tsx": b"export const a = 1;\n"}
    )
    """What a finished task offers for download, by name."""
    tasks: dict[str, _Task] = field(default_factory=dict)

    def forget(self) -> None:
        """Back to how it started: no accounts, no tasks, no memory of requests."""
        fresh = StandIn(self.url)
        vars(self).update(vars(fresh))

    def register(self) -> str:
        """A key the stand-in knows, without a request."""
        key = f"aw_live_{uuid.uuid4().hex}"
        self.keys.add(key)
        return key


@contextmanager
def running_standin() -> Generator[StandIn]:
    """A stand-in on a free port of the loopback interface, gone when the block ends."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    standin = StandIn(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    server = uvicorn.Server(
        uvicorn.Config(_app(standin), log_level="error", lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        assert server.started, "the stand-in did not start"
        yield standin
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def refusal(status: int, detail: str, **more: str) -> JSONResponse:
    """An error in the API's envelope."""
    return JSONResponse({"status_code": status, "detail": detail, **more}, status)


def _app(standin: StandIn) -> Starlette:
    async def answer(request: Request) -> Response:
        raw_path: str = request.scope["raw_path"].decode("ascii")
        headers = dict(request.headers)
        seen = Seen(request.method, request.url.path, raw_path, headers, await request.body())
        standin.seen.append(seen)
        return standin.answers.popleft() if standin.answers else _route(standin, seen)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


def _route(standin: StandIn, seen: Seen) -> Response:
    path = seen.path.removeprefix("/api/v1")
    if seen.path.startswith("/download/"):
        return Response(
            standin.files[seen.path.removeprefix("/download/")],
            media_type="application/octet-stream",
        )
    if path == "/auth/register":
        return _register(standin, seen)
    if seen.key not in standin.keys:
        return refusal(401, "Invalid or missing API key")
    if path == "/tasks/":
        return _create(standin, seen) if seen.method == "POST" else _list(standin, seen)
    task_id, _, below = path.removeprefix("/tasks/").partition("/")
    task = standin.tasks.get(task_id)
    if task is None or task.key != seen.key:
        return refusal(404, "Task not found")
    return _TASK_CALLS[seen.method, below](standin, task, seen)


def _register(standin: StandIn, seen: Seen) -> Response:
    email = seen.json["email"].lower()
    if email in standin.emails:
        return refusal(409, "Email already registered")
    standin.emails.add(email)
    key = standin.register()
    ids = {"organization_id": str(uuid.uuid4()), "user_id": str(uuid.uuid4())}
    return JSONResponse(
        {"api_key": key, "key_prefix": key[:16], "organization_short_id": "xK3mP", **ids}, 201
    )


def _create(standin: StandIn, seen: Seen) -> Response:
    if not seen.json["title"].strip():
        return refusal(400, "title must not be empty")
    task = _Task(str(uuid.uuid4()), str(seen.key), seen.json["title"], "awaiting_reply")
    task.log = [("status", "Analyzing requirements..."), ("question", "What is it for?")]
    standin.tasks[task.id] = task
    return JSONResponse({"task_id": task.id, "status": "processing"}, 201)


def _list(standin: StandIn, seen: Seen) -> Response:
    rows = [task for task in standin.tasks.values() if task.key == seen.key]
    return JSONResponse(
        {
            "tasks": [
                {
                    "task_id": task.id,
                    "title": task.title,
                    "status": task.status,
                    "created_at": "2026-02-22T12:00:00",
                }
                for task in reversed(rows)
            ]
        }
    )


def _status(standin: StandIn, task: _Task, seen: Seen) -> Response:
    del standin, seen
    body: dict[str, Any] = {
        "task_id": task.id,
        "title": task.title,
        "status": task.status,
        "last_activity_at": "2026-02-22T14:30:00",
        "question": None,
        "solution": None,
    }
    if task.status == "awaiting_reply":
        content = json.dumps(QUESTIONS)
        body["question"] = {
            "message_id": str(uuid.uuid4()),
            "content": content,
            "type": "CLARIFYING_QUESTIONS",
        }
    elif task.status == "awaiting_spec_approval":
        body["spec"] = {"message_id": str(uuid.uuid4()), "content": "First A, then B."}
    elif task.status == "awaiting_solution_approval":
        body["solution"] = {"message_id": str(uuid.uuid4()), "content": "Here is the solution."}
    return JSONResponse(body)


def _message(standin: StandIn, task: _Task, seen: Seen) -> Response:
    if task.status != "awaiting_reply":
        return refusal(400, "The task is not waiting for a reply")
    task.status = "awaiting_spec_approval" if standin.plan_first else "awaiting_solution_approval"
    task.log += [("reply", json.dumps(seen.json)), ("solution_proposed", "Here is the solution.")]
    return JSONResponse({"success": True, "status": "processing"}, 201)


def _plan(standin: StandIn, task: _Task, seen: Seen) -> Response:
    del standin
    if task.status != "awaiting_spec_approval":
        return refusal(400, "The task has no plan waiting for a decision")
    if seen.json["status"] == "CONFIRMED":
        task.status = "awaiting_solution_approval"
    return JSONResponse({"success": True, "status": "processing"})


def _solution(standin: StandIn, task: _Task, seen: Seen) -> Response:
    del standin
    if task.status != "awaiting_solution_approval":
        return refusal(400, "The task has no solution waiting for a decision")
    accepted = seen.json["status"] == "CONFIRMED"
    task.status = "completed" if accepted else task.status
    task.log.append(("solution_decision", seen.json.get("rejection_reason") or seen.json["status"]))
    return JSONResponse({"success": True, "status": "completed" if accepted else "processing"})


def _cancel(standin: StandIn, task: _Task, seen: Seen) -> Response:
    del standin, seen
    if task.status == "completed":
        return refusal(400, "The task is already completed")
    task.status = "cancelled"
    return JSONResponse({"success": True, "status": "cancelled"})


def _result(standin: StandIn, task: _Task, seen: Seen) -> Response:
    del seen
    done = task.status == "completed"
    files = [
        {"name": name, "download_url": f"{standin.url}/download/{name}"} for name in standin.files
    ]
    text = "Here is the solution." if done else None
    return JSONResponse(
        {
            "task_id": task.id,
            "status": task.status,
            "result_text": text,
            "files": files if done else [],
        }
    )


def _events(standin: StandIn, task: _Task, seen: Seen) -> Response:
    del standin, seen
    events = [
        {"timestamp": f"2026-02-22T14:30:{second:02}", "type": kind, "content": content}
        for second, (kind, content) in enumerate(task.log)
    ]
    return JSONResponse({"task_id": task.id, "events": events})


_TASK_CALLS = {
    ("GET", ""): _status,
    ("GET", "result"): _result,
    ("GET", "events"): _events,
    ("POST", "message"): _message,
    ("POST", "spec-status"): _plan,
    ("POST", "solution-status"): _solution,
    ("POST", "cancel"): _cancel,
}
