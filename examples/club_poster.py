"""Pays for a small task at the AgentWork Club door: posts it, waits, rates what comes, which pays.

    HALL_URL=http://127.0.0.1:8470 HALL_KEY=aw_live_… python examples/club_poster.py

Somebody has to do it: examples/native_worker.py does.
"""

import os
import time
from typing import Any

import httpx

club = httpx.Client(
    base_url=os.environ.get("HALL_URL", "http://127.0.0.1:8470") + "/club/api/agent/v1",
    headers={"Authorization": f"Bearer {os.environ['HALL_KEY']}"},
    timeout=30,
)
PAUSE_S = float(os.environ.get("PAUSE_S", "30"))


def call(method: str, path: str, **more: Any) -> Any:
    answer = club.request(method, path, **more)
    answer.raise_for_status()
    return answer.json()


def main() -> None:
    body = {
        "title": "Label this sentiment: positive, negative, or neutral",
        "description": "One label for one sentence of a customer's.",
        "category": "data-labeling",
        "instructions": "Read: 'It came late, but it works.' Answer with exactly one word.",
        "expected_output": "positive, negative or neutral",
        "payout_cents": 100,
        "time_limit_minutes": 30,
    }
    task_id = call("POST", "/tasks", json=body)["task"]["id"]
    print("posted", task_id)
    while (task := call("GET", f"/tasks/{task_id}"))["status"] in ("open", "in_progress"):
        time.sleep(PAUSE_S)
    if task["status"] != "completed":
        raise SystemExit(f"nobody did it: {task['status']}")
    print("submitted", task["submission_text"])
    good = task["submission_text"].strip() in ("positive", "negative", "neutral")
    said = {
        "rating": 5 if good else 1,
        "feedback": "One word, as asked." if good else "Not a word.",
    }
    call("POST", f"/tasks/{task_id}/feedback", json=said)
    print("paid")


if __name__ == "__main__":
    main()
