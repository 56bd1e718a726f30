"""Act one: the whole Agentwork conversation, played from a script."""

import json
from pathlib import Path
from typing import Any

from hiringhall.cli.client import HallClient
from hiringhall.cli.demo.stage import Stage, expect
from hiringhall.cli.files import Offered, save_all
from hiringhall.cli.paths import task_path
from hiringhall.cli.watching import Watch

_TIMEOUT_S = 60.0

_PAGE = """\
<!doctype html>
<title>Engines of Ada</title>
<h1>Engines of Ada</h1>
"""
_REVISED = _PAGE + "<footer>Written by a script, for a demonstration.</footer>\n"

SCRIPT: dict[str, Any] = {
    "turns": [
        {
            "progress": ["Analyzing requirements...", "There is something to ask"],
            "ask": [
                {
                    "type": "single_select",
                    "question": "Which framework?",
                    "options": ["None", "React", "Vue"],
                },
                {
                    "type": "multi_select",
                    "question": "Which sections?",
                    "options": ["Hero", "Features", "Footer"],
                },
            ],
        },
        {
            "sleep": 0.5,
            "progress": ["Building the page"],
            "solution": "A page with a hero. See site/index.html.",
            "files": {"site/index.html": _PAGE},
        },
        {
            "sleep": 0.5,
            "progress": ["Adding the footer"],
            "solution": "Now with the footer.",
            "files": {"site/index.html": _REVISED},
        },
    ]
}


def write_script(path: Path) -> None:
    """Put the script where the hall finds it."""
    path.write_text(json.dumps(SCRIPT, indent=2))


def play(stage: Stage, client: HallClient) -> Path:
    """Post, answer, reject, approve, download; the folder with what was downloaded."""
    stage.act(
        "1 of 3: a conversation",
        "Played: a script speaks for the worker, no model is at work. Real: hall, API, database.",
    )
    stage.step("post a task: Landing page")
    made = client.post(
        "/tasks/", {"title": "Landing page", "description": "A hero and a footer, please."}
    )
    task_id = str(made["task_id"])
    watch = watching(stage, client, task_id)
    status = until(watch, "awaiting_reply")
    questions = json.loads(status["question"]["content"])["questions"]
    expect(len(questions) == 2, "the worker asks two questions")

    stage.step("answer by number: 0 = None, 1 = Hero and Footer")
    answers = [
        {"question_index": 0, "selected": "None"},
        {"question_index": 1, "selected": ["Hero", "Footer"]},
    ]
    client.post(task_path(task_id, "/message"), {"answers": answers})
    status = until(watch, "awaiting_solution_approval")
    first = status["solution"]["message_id"]

    stage.step("send the solution back: the footer is missing")
    rejection = {"status": "REJECTED", "rejection_reason": "The footer is missing."}
    client.post(task_path(task_id, "/solution-status"), rejection)
    status = until(watch, "awaiting_solution_approval")
    expect(status["solution"]["message_id"] != first, "the worker hands in anew")

    stage.step("approve the revised solution")
    done = client.post(task_path(task_id, "/solution-status"), {"status": "CONFIRMED"})
    expect(done["status"] == "completed", "an approved task is completed")

    stage.step("download the files by their signed links")
    folder = stage.folder / "downloads"
    result = client.get(task_path(task_id, "/result"))
    offered = [Offered(one["name"], one["download_url"]) for one in result["files"]]
    for saved in save_all(offered, folder, overwrite=False, most_bytes=1 << 20):
        stage.screen.say(f"    {folder / saved.path} ({saved.size_bytes} bytes)")
    expect(
        (folder / "site" / "index.html").read_text() == _REVISED, "the download is the revised page"
    )
    return folder


def watching(stage: Stage, client: HallClient, task_id: str) -> Watch:
    """Shows a task's events live, each once."""
    return Watch(
        client, stage.screen, task_id, until_done=False, timeout_s=_TIMEOUT_S, indent="    "
    )


def until(watch: Watch, status: str) -> dict[str, Any]:
    """Follow a task until it is the poster's turn, which must be for this reason."""
    found = watch.follow()
    expect(found["status"] == status, f"the task is {found['status']} and not {status}")
    return found
