"""Rehearsal: a script plays a task's runs, turn by turn, and says that it does."""

import json
from pathlib import Path

import pytest

from hiringhall.actions.tasks import answer
from hiringhall.blobs import LocalBlobs
from hiringhall.blobs.port import read_all
from hiringhall.domain.errors import Invalid
from hiringhall.domain.questions import Answer, QuestionKind
from hiringhall.domain.tasks import State, Waiting
from hiringhall.hall import Rules
from hiringhall.queries.tasks import task_log, task_result
from hiringhall.store.database import Database
from hiringhall.workers.runtimes.rehearsal import AskLine, Turn, Usage, read_script
from tests.support.halls import carrying, post, sign_up

pytestmark = pytest.mark.anyio

ASK = Turn(
    progress=["Analyzing requirements..."],
    ask=[AskLine("single_select", "Which framework?", ["React", "Vue"])],
)
SOLUTION = Turn(
    progress=["Building"],
    usage=Usage(1000, 200),
    solution="Done: see src/App.tsx",
    files={"src/App.tsx": "export const a = 1;\n", "README.md": ""},
)


async def test_a_script_is_played_turn_by_turn(database: Database, tmp_path: Path) -> None:
    script = (ASK, Turn(message="Shall I use TypeScript?"), SOLUTION)
    async with carrying(database, tmp_path, *script) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        row = await house.until(ada, task.id, State.AWAITING_REPLY)
        assert row.question is not None
        assert row.question.kind is QuestionKind.CLARIFYING
        await answer.reply(house.hall, actor=ada, task_id=task.id, answers=[Answer(0, "Vue")])
        row = await house.until(ada, task.id, State.AWAITING_REPLY)
        assert row.question is not None
        assert (row.question.kind, row.question.text) == (
            QuestionKind.TO_CUSTOMER,
            "Shall I use TypeScript?",
        )
        await answer.reply(house.hall, actor=ada, task_id=task.id, text="Yes")
        await house.until(ada, task.id, State.IN_REVIEW)
        result = await task_result(house.hall, actor=ada, task_id=task.id)
        assert result.text == "Done: see src/App.tsx"
        assert [(file.name, file.size_bytes) for file in result.files] == [
            ("README.md", 0),
            ("src/App.tsx", 20),
        ]
        blobs = LocalBlobs(tmp_path / "blobs")
        assert await read_all(blobs, result.files[1].blob_key) == b"export const a = 1;\n"
        log = await task_log(house.hall, actor=ada, task_id=task.id)
        played = [event for event in log if event.actor.startswith("run:")]
        assert played
        assert all(event.actor.endswith(":rehearsal") for event in played)


async def test_the_last_turn_repeats(database: Database, tmp_path: Path) -> None:
    async with carrying(database, tmp_path, SOLUTION) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        for number in (1, 2):
            await house.until(ada, task.id, State.IN_REVIEW)
            log = await task_log(house.hall, actor=ada, task_id=task.id)
            played = [event for event in log if event.type == "deliverable_submitted"]
            assert len(played) == number
            await answer.decide_deliverable(
                house.hall, actor=ada, task_id=task.id, accepted=False, reason="Again"
            )
        await house.until(ada, task.id, State.IN_REVIEW)


async def test_a_script_can_give_up(database: Database, tmp_path: Path) -> None:
    async with carrying(database, tmp_path, Turn(fail="I could not do it")) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.FAILED)


async def test_after_a_crash_the_next_turn_is_played(database: Database, tmp_path: Path) -> None:
    async with carrying(database, tmp_path, Turn(crash=True), SOLUTION) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.IN_REVIEW)
        types = [event.type for event in await task_log(house.hall, actor=ada, task_id=task.id)]
        assert types.count("retry_scheduled") == 1


@pytest.mark.parametrize("turns", [(Turn(spec="First this, then that"), SOLUTION), (SOLUTION,)])
async def test_where_plans_are_approved_one_is_proposed(
    database: Database, tmp_path: Path, turns: tuple[Turn, ...]
) -> None:
    rules = Rules(spec_approval_always=True)
    async with carrying(database, tmp_path, *turns, rules=rules) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        for accepted in (False, True):
            row = await house.until(ada, task.id, State.AWAITING_REPLY)
            assert row.task.waiting_for is Waiting.PLAN_DECISION
            await answer.decide_plan(house.hall, actor=ada, task_id=task.id, accepted=accepted)
        await house.until(ada, task.id, State.IN_REVIEW)


async def test_a_refused_plan_gives_way_to_the_next_and_an_approved_one_is_the_last(
    database: Database, tmp_path: Path
) -> None:
    turns = (Turn(spec="One"), Turn(spec="Two"), Turn(spec="Three"), SOLUTION)
    rules = Rules(spec_approval_always=True)
    async with carrying(database, tmp_path, *turns, rules=rules) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        for text, accepted in (("One", False), ("Two", True)):
            row = await house.until(ada, task.id, State.AWAITING_REPLY)
            assert row.plan_text == text
            await answer.decide_plan(house.hall, actor=ada, task_id=task.id, accepted=accepted)
        await house.until(ada, task.id, State.IN_REVIEW)


async def test_where_plans_are_not_approved_none_is_proposed(
    database: Database, tmp_path: Path
) -> None:
    async with carrying(database, tmp_path, Turn(spec="First this"), SOLUTION) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.IN_REVIEW)


async def test_the_built_in_script_asks_and_then_delivers(
    database: Database, tmp_path: Path
) -> None:
    async with carrying(database, tmp_path) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.AWAITING_REPLY)
        await answer.reply(house.hall, actor=ada, task_id=task.id, text="Complete")
        row = await house.until(ada, task.id, State.IN_REVIEW)
        assert "rehearsal" in (row.deliverable_text or "")


async def test_cancelling_ends_a_turn_that_sleeps(database: Database, tmp_path: Path) -> None:
    async with carrying(database, tmp_path, Turn(sleep=600, solution="late")) as house:
        ada = await sign_up(house.hall)
        task = await post(house.hall, ada)
        await house.until(ada, task.id, State.IN_PROGRESS)
        await answer.cancel_task(house.hall, actor=ada, task_id=task.id)
        await house.until_idle()
        log = await task_log(house.hall, actor=ada, task_id=task.id)
        assert log[-1].type == "task_cancelled"


def _script(folder: Path, turns: object) -> Path:
    path = folder / "script.json"
    path.write_text(json.dumps({"turns": turns}))
    return path


def test_the_documented_script_is_read(tmp_path: Path) -> None:
    turns = [
        {
            "progress": ["Analyzing requirements..."],
            "ask": [
                {
                    "type": "single_select",
                    "question": "Which framework?",
                    "options": ["React", "Vue"],
                }
            ],
        },
        {"message": "Shall I use TypeScript?"},
        {
            "sleep": 2,
            "progress": ["Building"],
            "solution": "Done: see src/App.tsx",
            "files": {"src/App.tsx": "export const a = 1;\n"},
        },
        {"fail": "I could not do it"},
        {"spec": "A plan", "usage": {"input_tokens": 1000, "output_tokens": 200}},
        {"crash": True},
    ]
    assert len(read_script(_script(tmp_path, turns)).turns) == 6


@pytest.mark.parametrize(
    "turns",
    [
        [],
        "x",
        [{}],
        [{"solution": "a", "fail": "b"}],
        [{"message": "a", "files": {"x": "y"}}],
        [{"ask": [{"type": "single_select", "question": "?", "options": list("abcdef")}]}],
        [{"solution": "a", "sleep": -1}],
        [{"solution": "a", "spelled_wrong": 1}],
    ],
)
def test_a_script_that_cannot_be_played_is_refused_with_its_place(
    tmp_path: Path, turns: object
) -> None:
    with pytest.raises(Invalid) as refused:
        read_script(_script(tmp_path, turns))
    assert "script.json" in refused.value.message
