"""The tools over plain HTTP, as a script calls them."""

import json

import pytest

from hiringhall.actions.runs import recovery
from hiringhall.hall import Hall
from hiringhall.workers.coordination.desk import HandIn
from hiringhall.workers.coordination.serving import MOST_BODY_BYTES
from hiringhall.workers.coordination.tools import BY_NAME
from hiringhall.workers.runtimes.port import Asked, GaveUp
from tests.coordination.callers import Client, desk_of, log_of

pytestmark = pytest.mark.anyio

FORM = {"content-type": "application/x-www-form-urlencoded"}
"""What curl calls whatever it is given with `-d`."""


async def test_a_script_is_told_what_there_is(hall: Hall) -> None:
    client = Client(await desk_of(hall))
    listed = (await client.http.get("/tools")).json()["tools"]
    assert [one["name"] for one in listed] == list(BY_NAME)
    assert all(one["description"] and one["takes"]["type"] == "object" for one in listed)


async def test_it_reports_reads_and_hands_in(hall: Hall) -> None:
    desk = await desk_of(hall, title="Paint it")
    client = Client(desk)
    body = json.dumps({"text": "Half way"})
    answer = await client.http.post("/tools/report_progress", content=body, headers=FORM)
    assert (answer.status_code, answer.json()) == (200, {"text": "The poster has been told."})
    plain = {"content-type": "text/plain; charset=utf-8"}
    await client.http.post("/tools/report_progress", content="Nearly \u00e4\n", headers=plain)
    said = [one.data.get("text") for one in await log_of(hall, desk)]
    assert said[-2:] == ["Half way", "Nearly \u00e4"]
    assert (await client.use("get_task", {})).json()["text"].startswith("# Paint it")
    assert (await client.http.post("/tools/get_context")).json()["task"]["title"] == "Paint it"
    answer = await client.use("deliver", {"text": "Done", "files": ["a.txt"]})
    assert answer.status_code == 200
    assert desk.submitted == HandIn("Done", ("a.txt",))
    answer = await client.use("deliver", {"text": "Again"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


async def test_one_question_or_a_reason_can_be_plain_text(hall: Hall) -> None:
    plain = {"content-type": "text/plain"}
    desk = await desk_of(hall)
    await Client(desk).http.post("/tools/ask", content="Which colour?", headers=plain)
    assert isinstance(desk.submitted, Asked)
    assert [one.question for one in desk.submitted.questions] == ["Which colour?"]
    desk = await desk_of(hall, "bob")
    await Client(desk).http.post("/tools/fail", content="No paint", headers=plain)
    assert desk.submitted == GaveUp("No paint")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{", {}),
        (b"[]", {}),
        (b"5", FORM),
        (b"[" * 100_000, {}),
        (b'{"text": 5}', {}),
        (b'{"text": "x", "more": 1}', {}),
        (b"{}", {}),
        (b"\xff\xfe", {"content-type": "text/plain"}),
        (b"", {"content-type": "text/plain"}),
    ],
)
async def test_nonsense_is_refused_in_json(
    hall: Hall, body: bytes, headers: dict[str, str]
) -> None:
    desk = await desk_of(hall)
    answer = await Client(desk).http.post("/tools/deliver", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid"
    assert answer.json()["error"]["message"]
    assert desk.submitted is None


async def test_wrong_ways_are_told_apart(hall: Hall) -> None:
    client = Client(await desk_of(hall))
    assert (await client.use("steal", {})).status_code == 404
    assert (await client.http.get("/tools/deliver")).status_code == 405
    assert (await client.http.post("/tools")).status_code == 405
    assert (await client.use("get_task", {"text": "x"})).status_code == 400
    text = {"content-type": "text/plain"}
    assert (await client.http.post("/tools/get_task", content="x", headers=text)).status_code == 400
    large = await client.http.post("/tools/deliver", content=b" " * (MOST_BODY_BYTES + 1))
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")


async def test_a_superseded_run_is_told_so(hall: Hall) -> None:
    desk = await desk_of(hall)
    await recovery.replace_lost_run(hall, run_id=desk.token.run_id)
    for tool, body in (("report_progress", {"text": "x"}), ("deliver", {"text": "x"})):
        answer = await Client(desk).use(tool, body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "superseded")
    assert desk.submitted is None
