"""The command runtime, for real: sandbox, git, the branch pushed, nothing done twice."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.roles import set_role
from hiringhall.actions.tasks import answer
from hiringhall.app import open_app
from hiringhall.blobs.port import read_all
from hiringhall.domain.errors import Invalid
from hiringhall.domain.ids import branch_of
from hiringhall.domain.patches import FilePatch, read_patch
from hiringhall.domain.tasks import State, Task
from hiringhall.queries.audit import audit_all
from hiringhall.queries.changes import changes_of
from hiringhall.queries.deliveries import deliveries_of
from hiringhall.queries.tasks import task_result
from tests.support.halls import post, sign_up
from tests.workers.shop import EMAIL, Shop, carried, settings_for

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


async def test_what_it_printed_and_changed_is_the_deliverable(shop: Shop) -> None:
    await shop.role("tr a-z A-Z <hello.txt >new && mv new hello.txt && echo two >b.txt && echo ok")
    task = await shop.post(repository=True)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    text = result.text or ""
    assert text.startswith("ok\n\n2 files changed")
    table = text.partition("```\n")[2].partition("\n```")[0]
    assert [line.split("|")[0].strip() for line in table.splitlines()[:2]] == ["b.txt", "hello.txt"]
    assert [file.name for file in result.files] == ["b.txt", "hello.txt"]
    assert await read_all(shop.app.blobs, result.files[1].blob_key) == b"HELLO\n"
    branch = branch_of(task.id)
    assert shop.git("show", f"{branch}:hello.txt") == "HELLO\n"
    assert shop.git("diff", "--name-only", f"main...{branch}").split() == ["b.txt", "hello.txt"]
    assert "First" in shop.git("log", "--format=%s", "main")
    await answer.decide_deliverable(shop.app.hall, actor=shop.ada, task_id=task.id, accepted=True)
    assert (await audit_all(shop.app.hall.database)).ok


async def test_without_a_repository_its_files_are_delivered(shop: Shop) -> None:
    await shop.role('mkdir -p src && echo "$HIRINGHALL_TITLE" >src/title.txt')
    task = await shop.post(title="A fine title")
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    assert [file.name for file in result.files] == ["src/title.txt"]
    assert await read_all(shop.app.blobs, result.files[0].blob_key) == b"A fine title\n"


async def test_a_live_secret_that_a_command_got_hold_of_is_told_nobody(
    tmp_path: Path, database_url: str, repository: Path
) -> None:
    secret = "sk-canary-0123456789abcdef0123456789abcdef"
    settings = replace(settings_for(tmp_path, database_url), anthropic_api_key=secret)
    async with open_app(settings) as app, carried(app) as house:
        shop = Shop(app, house, await sign_up(app.hall), repository)
        await shop.role(
            'echo "$KEY"; printf "%s" "$KEY" | base64 >coded.txt; echo "<$KEY>" >plain.txt',
            environment={"KEY": secret},
        )
        task = await shop.post()
        await house.until(shop.ada, task.id, State.IN_REVIEW, State.FAILED)
        result = await task_result(app.hall, actor=shop.ada, task_id=task.id)
        words = [result.text or "", *(await shop.words(task))]
        assert any("[secret]" in one for one in words)
        words += [(await read_all(app.blobs, file.blob_key)).decode() for file in result.files]
        coded = base64.b64encode(secret.encode()).decode().rstrip("=")[:-2]
        assert not [one for one in words if secret in one or coded in one]


async def test_the_brief_and_what_was_said_are_there_to_read(shop: Shop) -> None:
    await shop.role('cat "$HIRINGHALL_BRIEF" && cat "$HIRINGHALL_BRIEF_JSON" >brief.json')
    task = await shop.post(description="Nothing but the hero.\n\n`$(rm -rf /)`")
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    await answer.decide_deliverable(
        shop.app.hall, actor=shop.ada, task_id=task.id, accepted=False, reason="Make it blue"
    )
    await shop.house.until(shop.ada, task.id, State.IN_PROGRESS)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    text = (await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)).text or ""
    assert "`$(rm -rf /)`" in text
    assert "## Sent back\n\nMake it blue" in text


async def deliverables_of(shop: Shop, task: Task) -> list[str]:
    made = await deliveries_of(shop.app.hall, actor=shop.ada, task_id=task.id)
    return [one.deliverable.id for one in made]


async def patch_of(shop: Shop, deliverable_id: str) -> list[FilePatch]:
    """What a deliverable changed, as it is kept."""
    view = await changes_of(shop.app.hall, actor=shop.ada, deliverable_id=deliverable_id)
    assert view.patch is not None
    content = await read_all(shop.app.blobs, view.patch.blob_key)
    assert len(content) == view.patch.size_bytes
    return read_patch(content.decode())


async def test_a_revision_goes_on_from_the_branch(shop: Shop) -> None:
    await shop.role("echo line >>log.txt")
    task = await shop.post(repository=True)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    await answer.decide_deliverable(
        shop.app.hall, actor=shop.ada, task_id=task.id, accepted=False, reason="Once more"
    )
    await shop.house.until(shop.ada, task.id, State.IN_PROGRESS)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    assert shop.git("show", f"{branch_of(task.id)}:log.txt") == "line\nline\n"
    kept = [await patch_of(shop, one) for one in await deliverables_of(shop, task)]
    assert [[file.path for file in one] for one in kept] == [["log.txt"], ["log.txt"]]
    assert [file.added for one in kept for file in one] == [1, 2]


async def test_another_exit_gives_the_task_up_with_the_end_of_what_was_said(shop: Shop) -> None:
    await shop.role("echo fine; echo 'no such thing' >&2; exit 3")
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED)
    said = (await shop.words(task))[-1]
    assert "exit 3" in said
    assert "no such thing" in said


async def test_an_exit_for_later_is_tried_again(shop: Shop) -> None:
    await shop.role("exit 75")
    task = await shop.post()
    with shop.app.hall.signals.listening(task.id) as listener:
        while not any("asked to be tried again" in words for words in await shop.words(task)):
            assert await listener.wait(60)
    await answer.cancel_task(shop.app.hall, actor=shop.ada, task_id=task.id)


async def test_past_its_time_it_is_ended(shop: Shop) -> None:
    await shop.role("sleep 600", timeout_s=1)
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert "longer than its time" in (await shop.words(task))[-1]


async def test_cancelling_ends_the_command_and_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    await shop.role("echo begun; sleep 600")
    task = await shop.post(repository=True)
    with shop.app.hall.signals.listening(task.id) as listener:
        while not any(words.startswith("Running") for words in await shop.words(task)):
            assert await listener.wait(60)
    await answer.cancel_task(shop.app.hall, actor=shop.ada, task_id=task.id)
    await shop.house.until_idle()
    assert list((tmp_path / "data/work/runs").iterdir()) == []
    assert list((tmp_path / "data/runs/homes").iterdir()) == []
    assert branch_of(task.id) not in shop.git("branch", "--list", "worker/*")


async def test_what_is_handed_in_leaves_no_folder(shop: Shop, tmp_path: Path) -> None:
    await shop.role("echo x >x.txt")
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    await shop.house.until_idle()
    assert list((tmp_path / "data/work/runs").iterdir()) == []
    assert list((tmp_path / "data/runs/reports").iterdir()) == []


async def test_a_missing_repository_fails_with_a_plain_reason(shop: Shop) -> None:
    await shop.role("true")
    task = await post(
        shop.app.hall, shop.ada, role="worker", repository=str(shop.repository / "nowhere")
    )
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert "nowhere" in (await shop.words(task))[-1]


async def test_work_that_cannot_be_pushed_is_delivered_all_the_same(shop: Shop) -> None:
    shop.git("config", "receive.hideRefs", "refs/heads/worker")
    await shop.role("echo x >x.txt")
    task = await shop.post(repository=True)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    result = await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)
    assert "The branch was not pushed." in (result.text or "")
    assert "hidden ref" in (result.text or "")
    assert [file.name for file in result.files] == ["x.txt"]


async def test_where_plans_are_approved_the_command_waits_for_a_yes(shop: Shop) -> None:
    await shop.role("echo done")
    task = await shop.post(require_spec_approval=True)
    row = await shop.house.until(shop.ada, task.id, State.AWAITING_REPLY)
    assert "echo done" in (row.plan_text or "")
    await answer.decide_plan(shop.app.hall, actor=shop.ada, task_id=task.id, accepted=True)
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)


async def test_odd_output_is_shown_and_harms_nothing(shop: Shop) -> None:
    await shop.role(r"printf 'a\000b\377\033[2J c'")
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
    text = (await task_result(shop.app.hall, actor=shop.ada, task_id=task.id)).text or ""
    assert "\x00" not in text
    assert text.startswith("a")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"argv": []},
        {"argv": "ls"},
        {"argv": ["ls"], "timeout_s": 0},
        {"argv": ["ls"], "mounts": ["relative"]},
        {"argv": ["ls"], "mounts": ["/nowhere/at/all"]},
        {"argv": ["ls"], "unknown": 1},
    ],
)
async def test_a_role_that_cannot_be_meant_is_refused(shop: Shop, config: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await set_role(shop.app.hall, email=EMAIL, name="worker", runtime="command", config=config)


@pytest.mark.parametrize(
    "repository", ["ftp://example.com/x", "ext::sh -c id", "-oProxyCommand=id"]
)
async def test_an_address_where_the_hall_does_not_go_is_refused_at_once(
    shop: Shop, repository: str
) -> None:
    await shop.role("true")
    with pytest.raises(Invalid):
        await post(shop.app.hall, shop.ada, role="worker", repository=repository)
