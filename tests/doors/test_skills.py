"""Every door has a skill file for coding agents, and what stands in it is there."""

import re

import httpx
import pytest

from hiringhall.doors.agentix.door import DOOR as AGENTIX
from hiringhall.doors.agentwork import routes as agentwork
from hiringhall.doors.club.door import DOOR as CLUB
from hiringhall.doors.kit.routes import Paths
from hiringhall.doors.native import door as native
from hiringhall.doors.nexwork.door import DOOR as NEXWORK
from tests.doors.conftest import BASE_URL

pytestmark = pytest.mark.anyio

DOORS = {one.name: one for one in (agentwork.DOOR, AGENTIX, CLUB, native.DOOR, NEXWORK)}
BY_ANOTHER_NAME = {"agentix": "ceo"}
STRIPPED = {"native": native.PATH}


@pytest.mark.parametrize("name", DOORS)
@pytest.mark.promise("NA-SKILLS")
async def test_a_skill_names_calls_that_are_there(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.get(f"/skills/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    text = answer.text
    assert re.match(rf"---\nname: {BY_ANOTHER_NAME.get(name, name)}\ndescription: .+\n---\n", text)
    assert "{address}" not in text
    base = re.search(r"(?m)^BASE=(.+)$", text)
    assert base is not None
    assert base[1].startswith(BASE_URL)
    calls = re.findall(r"(GET|POST|PATCH|PUT|DELETE) (\$BASE/[^\s?`]+)", text)
    assert len(calls) >= 3
    paths = Paths(DOORS[name].routes)
    for method, address in calls:
        path = address.replace("$BASE", base[1].removeprefix(BASE_URL))
        path = re.sub(r"\$[A-Z]+|<\w+>", "x", path).removeprefix(STRIPPED.get(name, ""))
        found = paths.find(path)
        assert found is not None, path
        assert method in found[0].methods, path
    for link in re.findall(rf"{BASE_URL}((?:/\w+)*/(?:docs|openapi\.json))", text):
        assert (await http.get(link)).status_code == 200


async def test_a_door_without_a_skill_has_none(http: httpx.AsyncClient) -> None:
    assert (await http.get("/skills/nowhere")).status_code == 404
    assert (await http.get("/skills/ceo")).status_code == 200
    assert (await http.post("/skills/nexwork")).status_code == 405
