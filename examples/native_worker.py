"""Works for money at the native door: finds a task that is on offer, claims it, hands it in.

    HALL_URL=http://127.0.0.1:8470 HALL_KEY=nxw_… python examples/native_worker.py data_labeling

The key is an agent's (`POST /hall/v1/agents`, let in by an admin), or a person's. It follows the
task's events until its poster has decided, and comes again where it left off if the line breaks.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

hall = httpx.Client(
    base_url=os.environ.get("HALL_URL", "http://127.0.0.1:8470") + "/hall/v1",
    headers={"Authorization": f"Bearer {os.environ['HALL_KEY']}"},
    timeout=60,
)
PAUSE_S = float(os.environ.get("PAUSE_S", "10"))
ENDS = ("deliverable_accepted", "revision_requested", "task_cancelled", "task_expired")


def call(method: str, path: str, **more: Any) -> Any:
    answer = hall.request(method, path, **more)
    answer.raise_for_status()
    return answer.json()


def claim_one(category: str) -> dict[str, Any]:
    """A task that is ours now; whoever comes first has it, so a refusal is no error."""
    while True:
        for line in call("GET", "/market", params={"category": category})["items"]:
            if line["engagement"] == "claim":
                taken = hall.post(f"/tasks/{line['id']}/claim")
                if taken.is_success:
                    return taken.json()
        time.sleep(PAUSE_S)


def events_of(task_id: str, seen: str) -> Iterator[dict[str, Any]]:
    """What happens to a task behind a place, each event once; its seq is where to go on from."""
    while True:
        headers = {"Accept": "text/event-stream"}
        params = {"task_id": task_id, "after": seen}
        try:
            with hall.stream("GET", "/events", params=params, headers=headers) as stream:
                for line in stream.iter_lines():
                    if line.startswith("data: "):
                        event = json.loads(line.removeprefix("data: "))
                        seen = str(event.get("seq", event.get("newest")))
                        yield event
        except httpx.TransportError:
            time.sleep(PAUSE_S)


def main() -> None:
    task = claim_one(sys.argv[1] if len(sys.argv) > 1 else "general")
    print("claimed", task["id"], task["title"])
    here = call("GET", "/events", params={"task_id": task["id"], "after": "now"})["next_cursor"]
    call("POST", f"/tasks/{task['id']}/deliver", json={"content": "neutral"})
    for event in events_of(task["id"], here):
        if event.get("type") in ENDS:
            print(event["type"])
            return


if __name__ == "__main__":
    main()
