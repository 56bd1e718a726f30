"""The floor answers what the hall answers and writes what the hall writes: else it is none."""

import asyncio
import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bench.lives import LIVES, live_all
from bench.processes import Server, start_floor, start_hall

NEW = {"title": " Build a page ", "description": "With a hero.\n"}
ROWS = (
    "SELECT * FROM tasks WHERE id = '{id}'",
    "SELECT * FROM events WHERE task_id = '{id}' ORDER BY number",
    "SELECT * FROM runs WHERE task_id = '{id}'",
)
OWN = {
    *("id", "task_id", "at_us", "queued_at_us"),
    *("created_at_us", "updated_at_us", "last_activity_at_us"),
}
"""What differs between any two tasks."""


def ask(server: Server, key: str, path: str = "", body: object = None) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"http://{server.host}:{server.port}/api/v1/tasks/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  a server of its own
        return answer.status, json.loads(answer.read())


def rows(url: str, statement: str) -> list[dict[str, Any]]:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite://"))
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(statement)]
        connection.close()
        return found

    async def fetch() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url)
        try:
            return [dict(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


@pytest.fixture
def keys(database_url: str) -> dict[str, str]:
    """The prototypes of the bench, in the test's own database."""
    return asyncio.run(live_all(database_url))


@pytest.fixture
def servers(
    database_url: str, keys: dict[str, str], tmp_path: Path
) -> Iterator[tuple[Server, Server]]:
    """The hall and the floor, both on it: each is asked when the other is not."""
    hall = start_hall(tmp_path / "hall", database_url, slots=0, script=None)
    with hall, start_floor(tmp_path / "floor", database_url) as floor:
        yield hall, floor


def test_the_floor_answers_what_the_hall_answers(
    database_url: str, keys: dict[str, str], servers: tuple[Server, Server]
) -> None:
    tasks = rows(database_url, "SELECT id, organization_id FROM tasks")
    assert len(tasks) == len(LIVES)
    for task in tasks:
        of_hall, of_floor = (ask(one, keys[task["organization_id"]], task["id"]) for one in servers)
        assert of_floor == of_hall


def test_the_floor_writes_what_the_hall_writes(
    database_url: str, keys: dict[str, str], servers: tuple[Server, Server]
) -> None:
    key = next(iter(keys.values()))
    answers = [ask(one, key, body=NEW) for one in servers]
    assert [status for status, _ in answers] == [201, 201]
    assert {body["status"] for _, body in answers} == {"processing"}
    for statement in ROWS:
        of_hall, of_floor = (
            [
                {name: value for name, value in row.items() if name not in OWN}
                for row in rows(database_url, statement.format(id=body["task_id"]))
            ]
            for _, body in answers
        )
        assert of_hall
        assert [told(row) for row in of_floor] == [told(row) for row in of_hall]


def told(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its JSON read: spaces in it do not matter."""
    return row | ({"data": json.loads(row["data"])} if "data" in row else {})
