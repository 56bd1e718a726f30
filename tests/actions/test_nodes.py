"""Nodes know each other, and who cannot be one of them is told why."""

from dataclasses import replace

import pytest

from hiringhall.actions import nodes
from hiringhall.actions.runs.queueing import choose_runtime
from hiringhall.domain.nodes import CannotJoin, Node
from hiringhall.hall import Hall, Staffing
from hiringhall.workers.presence import Presence
from tests.support.halls import Clock

pytestmark = pytest.mark.anyio


def a_node(number: int, **differs: object) -> Node:
    node = Node(
        id=f"00000000-0000-7000-8000-{number:012}",
        name=f"host-{number}",
        places=4,
        runtimes=("command", "rehearsal"),
        default_runtime=None,
        key_check="key",
        files="s3://files",
        lease_s=30,
        started_at_us=1,
        seen_at_us=1,
    )
    return replace(node, **differs)  # pyright: ignore[reportArgumentType]  tests know the fields


async def test_nodes_know_each_other_while_they_are_heard_of(hall: Hall, clock: Clock) -> None:
    one, two = Presence(hall, a_node(1)), Presence(hall, a_node(2))
    await one.join()
    assert one.others == ()
    await two.join()
    assert [node.name for node in two.others] == ["host-1"]
    await one.beat()
    assert [node.name for node in one.others] == ["host-2"]
    clock.advance(31)
    await one.beat()
    assert one.others == ()
    await two.beat()
    await one.beat()
    assert len(one.others) == 1
    await two.leave()
    await one.beat()
    assert one.others == ()


@pytest.mark.parametrize(
    ("differs", "word"),
    [({"key_check": "another"}, "SECRET_KEY_FILE"), ({"files": "here"}, "HIRINGHALL_BLOBS")],
)
async def test_who_has_another_key_or_other_files_cannot_join(
    hall: Hall, clock: Clock, differs: dict[str, object], word: str
) -> None:
    await nodes.join(hall, node=a_node(1))
    with pytest.raises(CannotJoin, match=word):
        await nodes.join(hall, node=a_node(2, **differs))
    # The same node comes back with other settings; and nobody minds who is long gone.
    await nodes.join(hall, node=a_node(1, **differs))
    clock.advance(31)
    await nodes.join(hall, node=a_node(2))


async def test_what_another_node_can_do_is_no_hindrance(hall: Hall, clock: Clock) -> None:
    staffing = Staffing(None, "Nobody here", {"acp:claude-code": "It is not installed"})
    lonely = replace(hall, staffing=staffing)
    here = Presence(lonely, a_node(1, places=0, runtimes=()))
    await here.join()
    assert not here.at_work

    def chosen(role_runtime: str | None) -> str | None:
        return choose_runtime(
            staffing, role=None, is_there=False, role_runtime=role_runtime
        ).runtime

    assert chosen(None) is None
    assert chosen("acp:claude-code") is None
    able = a_node(2, runtimes=("acp:claude-code",), default_runtime="acp:claude-code")
    await nodes.join(hall, node=able)
    assert await here.beat()
    assert here.at_work
    assert chosen(None) == "acp:claude-code"
    assert chosen("acp:claude-code") == "acp:claude-code"
    assert staffing.ready == ()
    assert not await here.beat()
    clock.advance(31)
    assert await here.beat()
    assert chosen(None) is None


async def test_a_node_is_there_as_long_as_its_own_lease_says(hall: Hall, clock: Clock) -> None:
    patient, brisk = a_node(1, lease_s=600), a_node(2, lease_s=6)
    await nodes.join(hall, node=patient)
    assert [one.lease_s for one in await nodes.join(hall, node=brisk)] == [600]
    clock.advance(7)
    assert await nodes.still_here(hall, node=patient) == []
    assert [one.name for one in await nodes.still_here(hall, node=brisk)] == ["host-1"]


async def test_it_is_said_where_nodes_have_different_leases(hall: Hall) -> None:
    one, two = Presence(hall, a_node(1)), Presence(hall, a_node(2, lease_s=6))
    await one.join()
    await two.join()
    assert "HIRINGHALL_LEASE_S" in two.other_lease
    assert "host-1 has a lease of 30 seconds, and this one of 6" in two.other_lease
    await one.beat()
    assert one.other_lease
    await two.leave()
    await one.beat()
    assert one.other_lease == ""
