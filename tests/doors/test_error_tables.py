"""Every door has a word for every error of the domain."""

from typing import Any

import pytest

from hiringhall.domain import errors
from hiringhall.domain.errors import HallError, Unavailable, Unreachable
from hiringhall.doors import files, health, work
from hiringhall.doors.agentix.door import DOOR as AGENTIX
from hiringhall.doors.agentwork import routes as agentwork
from hiringhall.doors.club.door import DOOR as CLUB
from hiringhall.doors.kit import Door
from hiringhall.doors.look import ASSETS
from hiringhall.doors.mcp.door import DOOR as MCP
from hiringhall.doors.native.door import DOOR as NATIVE
from hiringhall.doors.nexwork.door import DOOR as NEXWORK
from hiringhall.doors.pages.door import DOOR as PAGES
from hiringhall.doors.skills.door import DOOR as SKILLS

DOORS = (
    *(agentwork.DOOR, CLUB, NEXWORK, AGENTIX, NATIVE, PAGES),
    *(files.DOOR, SKILLS, ASSETS, work.DOOR, MCP, health.DOOR),
)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_a_doors_table_is_total(door: Door[Any]) -> None:
    assert set(door.errors) == set(errors.ALL)


def test_the_list_of_errors_is_whole() -> None:
    """A class that is missing from `errors.ALL` would be missing from every table, unseen."""
    pending, found = [HallError], set[type[HallError]]()
    while pending:
        for cls in pending.pop().__subclasses__():
            if cls.__module__ == errors.__name__:
                found.add(cls)
                pending.append(cls)
    assert found == set(errors.ALL)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_an_error_is_never_spelled_as_success_or_as_our_fault(door: Door[Any]) -> None:
    ours = {error for error, one in door.errors.items() if not 400 <= one.status < 500}
    assert ours == {Unavailable, Unreachable}
    assert door.errors[Unavailable].status == 503
    assert door.errors[Unreachable].status == 502
