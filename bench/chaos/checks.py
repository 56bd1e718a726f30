"""What must hold after every death: what was acknowledged is there, and nothing is there twice."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.chaos.asking import Asking
from bench.chaos.plot import Kind, Line, Story, commits_of, files_of, is_shown
from bench.chaos.posters import Account
from hiringhall.domain.ids import branch_of
from hiringhall.queries.audit import audit_all
from hiringhall.store import deliverables
from hiringhall.store.database import Database, open_database

_GIT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C"}


async def check_story(asking: Asking, story: Story) -> list[str]:
    """Compare a task's log with what is played in it and with what its poster was told."""
    told, cancelled, ended = story.told, story.cancelled, story.ended
    if story.task_id is None:
        return []
    path = f"/api/v1/tasks/{story.task_id}"
    shown = (await asking.get(path))["status"]
    log = (await asking.get(f"{path}/events"))["events"]
    lines = [line for event in log if is_shown(line := _line(event))]
    problems = list(_log_problems(story, lines, told=told, cancelled=cancelled))
    if cancelled and shown != "cancelled":
        problems.append(f"its cancelling was acknowledged, but it is {shown}")
    if ended is not None and shown != ended:
        problems.append(f"it was {ended}, but now it is {shown}")
    return [f"{story.name} ({story.kind}, {story.task_id}): {problem}" for problem in problems]


def _line(event: dict[str, Any]) -> Line:
    return Line(event["type"], event["content"])


def _log_problems(story: Story, lines: list[Line], *, told: int, cancelled: bool) -> Iterator[str]:
    withdrawn = lines.count(Line("status", "Task cancelled"))
    played = [line for line in lines if line != Line("status", "Task cancelled")]
    for number, line in enumerate(played):
        if number == len(story.lines) or not story.lines[number].fits(line):
            wanted = story.lines[number : number + 1]
            yield f"line {number} of its log is {line}, and should be {wanted}"
            return
    said = sum(line.by_poster for line in story.lines[: len(played)])
    if said < told:
        yield f"{told} words of its poster were acknowledged, but {said} are in its log"
    if cancelled and withdrawn != 1:
        yield f"it was cancelled once, but {withdrawn} times in its log"
    if withdrawn and played == story.lines:
        yield "it is cancelled behind its end"


async def check_result(asking: Asking, story: Story) -> list[str]:
    """Whether a task came to the end that was meant for it, with its files as they were meant."""
    shown = await asking.get(f"/api/v1/tasks/{story.task_id}/result")
    which = f"{story.name} ({story.kind}, {story.task_id})"
    meant = "cancelled" if story.cancelled or story.kind is Kind.FAIL else "completed"
    if story.ended != meant:
        return [f"{which} ended as {story.ended}, not {meant}"]
    if meant == "cancelled":
        return []
    wanted = files_of(story)
    names = sorted(file["name"] for file in shown["files"])
    problems = [] if names == sorted(wanted) else [f"{which} has the files {names}"]
    for file in shown["files"]:
        answer = await asking.download(file["download_url"])
        if answer.text != wanted.get(file["name"]):
            problems.append(f"{which}: {file['name']} has {answer.text[:200]!r}")
    return problems


async def check_list(account: Account) -> list[str]:
    """Whether an account has exactly the tasks that it posted, however often it had to ask."""
    listed = (await account.asking.get("/api/v1/tasks/"))["tasks"]
    counts = Counter(str(task["task_id"]) for task in listed)
    meant = Counter(story.task_id for story in account.stories if story.task_id is not None)
    if counts == meant:
        return []
    return [
        f"{account.email}: {list((counts - meant).elements())} are listed and were never posted, "
        f"{list((meant - counts).elements())} were posted and are not listed"
    ]


async def check_books(database_url: str) -> list[str]:
    """The hall's own audit, read beside the server."""
    async with reading(database_url) as database:
        found = await audit_all(database)
    return [*found.problems, *found.ledger.problems]


@asynccontextmanager
async def reading(database_url: str) -> AsyncGenerator[Database]:
    """The hall's database, open no longer than asked: a reader would keep its log in shape."""
    database = await open_database(database_url, read_only=True)
    try:
        yield database
    finally:
        await database.close()


async def check_branches(
    database_url: str, repository: Path, stories: Sequence[Story]
) -> list[str]:
    """Whether each task's branch has each of its commits once, and ends where it was delivered."""
    problems: list[str] = []
    async with reading(database_url) as database:
        for story in stories:
            task_id = story.task_id
            if task_id is None or not story.kind.has_repository or story.ended is None:
                continue
            made = await database.scan(lambda tx, task=task_id: deliverables.of_task(tx, task))
            found = await asyncio.to_thread(_subjects, repository, branch_of(task_id))
            tip = found[-1][0] if found else None
            subjects = [subject for _, subject in found]
            wanted = [commits_of(story, len(made))]
            if story.cancelled:
                # It may have been pushed in the moment before.
                wanted.append(commits_of(story, len(made) + 1))
            if subjects not in wanted:
                problems.append(f"{story.name} ({task_id}): its branch has {subjects}")
            elif made and subjects == wanted[0] and made[-1].commit != tip:
                problems.append(f"{story.name} ({task_id}): delivered {made[-1].commit}, not {tip}")
    return problems


def _subjects(repository: Path, branch: str) -> list[tuple[str, str]]:
    """The commits of a branch that are not on main, oldest first."""
    command = ["git", "log", "--reverse", "--format=%H %s", f"main..{branch}", "--"]
    ended = subprocess.run(
        command, cwd=repository, env=_GIT, capture_output=True, text=True, timeout=60, check=False
    )
    if ended.returncode != 0:
        return []
    return [(line[:40], line[41:]) for line in ended.stdout.splitlines()]


_SETTLED = (
    "work/runs/*", "work/runs/.*", "work/bin/*", "work/repositories/.new-*",
    "runs/sessions/*", "runs/reports/*", "runs/bin/*", "blobs/coming/*",
)  # fmt: skip


def leftovers(data_dir: Path) -> list[str]:
    """What should be gone when nothing is being done."""
    found = sorted({path for pattern in _SETTLED for path in data_dir.glob(pattern)})
    return [str(path.relative_to(data_dir)) for path in found]


def faults(log: Iterable[str]) -> list[str]:
    """Lines of the server's log that tell of something unforeseen."""
    words = ('"level": "error"', '"level": "critical"', "Traceback", "never awaited")
    return [line.strip()[:2000] for line in log if any(word in line for word in words)]
