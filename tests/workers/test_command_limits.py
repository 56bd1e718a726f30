"""What a command may use up, and what is said where it asks for what is not there."""

import pytest

from hiringhall.domain.tasks import State
from hiringhall.workers.git import checkout
from tests.workers.shop import Shop

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


async def test_where_a_program_is_missing_it_says_what_there_is(shop: Shop) -> None:
    await shop.role("no-such-program")
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED)
    said = (await shop.words(task))[-1]
    assert "exit 127" in said
    assert "sees /usr, /opt/agents and what --mount shows; its PATH is /opt/agents/bin" in said


async def test_more_than_its_room_on_the_disk_ends_it(shop: Shop) -> None:
    script = "i=0; while [ $i -lt 200 ]; do i=$((i+1)); head -c 2M /dev/zero >$i; sleep 0.02; done"
    await shop.role(script, disk_mib=16)
    task = await shop.post()
    await shop.house.until(shop.ada, task.id, State.FAILED)
    assert (
        "it wrote more to the disk than it may (`disk_mib` of its role"
        in (await shop.words(task))[-1]
    )


async def test_no_run_begins_on_a_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout, "LEAST_FREE_BYTES", 1 << 60)
    await shop.role("echo done")
    task = await shop.post()
    with shop.app.hall.signals.listening(task.id) as listener:
        while not any("Make room there" in words for words in await shop.words(task)):
            assert await listener.wait(60)
    monkeypatch.undo()  # tried again, it goes on by itself
    await shop.house.until(shop.ada, task.id, State.IN_REVIEW)
