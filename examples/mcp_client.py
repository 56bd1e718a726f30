"""Posts a task with MCP tools, and reads its events at the native door; no library but httpx.

HALL_URL=http://127.0.0.1:8470 HALL_KEY=aw_live_… python examples/mcp_client.py
"""

import itertools
import json
import os
from typing import Any

import httpx

hall = httpx.Client(
    base_url=os.environ.get("HALL_URL", "http://127.0.0.1:8470"),
    headers={"Authorization": f"Bearer {os.environ['HALL_KEY']}"},
    timeout=60,
)
numbers = itertools.count(1)


def ask(method: str, **params: Any) -> Any:
    """One message of the Model Context Protocol, stateless: a request, and its result."""
    message = {"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": params}
    accept = {"Accept": "application/json, text/event-stream"}
    answer = hall.post("/mcp", json=message, headers=accept).raise_for_status().json()
    if "error" in answer:
        raise SystemExit(answer["error"]["message"])
    return answer["result"]


def use(tool: str, **arguments: Any) -> Any:
    """What a tool answers, as data."""
    result = ask("tools/call", name=tool, arguments=arguments)
    if result["isError"]:
        raise SystemExit(result["content"][0]["text"])
    return result["structuredContent"]


def answer(task: dict[str, Any]) -> None:
    print("asked; answering")
    use("reply", task_id=task["id"], message="Do as you think best.")


def main() -> None:
    hello = {"name": "example", "version": "1"}
    ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=hello)
    print("tools:", ", ".join(one["name"] for one in ask("tools/list")["tools"]))
    task = use("create_task", title="Landing page", description="A hero and a footer.")
    headers = {"Accept": "text/event-stream"}
    params = {"task_id": task["id"]}
    with hall.stream("GET", "/hall/v1/events", params=params, headers=headers) as stream:
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line.removeprefix("data: "))
            print(event["seq"], event["type"])
            if event["type"] == "question_asked":
                answer(task)
            elif event["type"] == "deliverable_submitted":
                break
            elif event["type"] in ("task_failed", "task_cancelled"):
                raise SystemExit(event["data"].get("text"))
    print(use("get_result", task_id=task["id"])["deliverable"]["content"])
    use("review", task_id=task["id"], decision="accept", feedback="Thank you.")


if __name__ == "__main__":
    main()
