"""Ids: UUIDv7 that rise with time, and the short forms made of them."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain import ids

moments = st.integers(min_value=0, max_value=(1 << 48) * 1000 - 1)
randoms = st.binary(min_size=10, max_size=10)


@given(moments, randoms)
def test_it_is_a_version_7_of_its_millisecond(at_us: int, random: bytes) -> None:
    made = uuid.UUID(ids.uuid7(at_us, random))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == at_us // 1000
    assert ids.is_uuid(str(made))


@given(moments, moments, randoms, randoms)
def test_ids_rise_with_time(one_us: int, other_us: int, one: bytes, other: bytes) -> None:
    if one_us < other_us:
        assert ids.uuid7(one_us, one) < ids.uuid7(other_us, other)


def test_a_branch_is_named_after_the_task_in_base_32() -> None:
    task_id = "01890000-0000-7000-8000-000000000001"
    assert ids.branch_of(task_id) == "worker/" + ids.task_ref(task_id)
    assert ids.task_ref(task_id).startswith("task_")
    assert len(ids.base32_of(task_id)) == 26
    assert ids.base32_of(task_id).islower()


@pytest.mark.parametrize(
    "text",
    ["", "x", "01890000-0000-7000-8000-00000000000G", "{01890000-0000-7000-8000-000000000001}",
     "01890000000070008000000000000001", "01890000-0000-7000-8000-00000000000A",
     "01890000-0000-7000-8000-000000000001\n"],
)  # fmt: skip
def test_only_the_one_written_form_is_an_id(text: str) -> None:
    assert not ids.is_uuid(text)


@given(st.binary(min_size=5, max_size=5))
def test_short_ids_cannot_be_misread(random: bytes) -> None:
    made = ids.short_id(random)
    assert len(made) == 5
    assert not set(made) & set("0O1Il")
