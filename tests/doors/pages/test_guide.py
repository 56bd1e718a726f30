"""The guide and the doors' references: there for everybody, whole, in parts that can be read."""

import tomllib

import pytest

from hiringhall.doors.pages import guide
from tests.doors.pages.conftest import Person
from tests.support.repository import ROOT

pytestmark = pytest.mark.anyio

DOORS = ("agentwork", "club", "nexwork", "agentix", "native")
MOST_BYTES = 150_000


async def test_every_page_of_it_is_there_for_strangers(person: Person) -> None:
    first = await person.get("/guide")
    assert "Getting started" in first.words
    named = {one for one in first.links() if one.startswith("/guide/")}
    assert {f"/guide/{name}" for name in guide.NAMES} <= named
    for path in named:
        page = await person.get(path)
        assert len(page.text.encode()) < MOST_BYTES, path
        inner = {one for one in page.links() if one.startswith("/guide/")}
        for link in inner - named:
            assert link.startswith("/guide/api/"), f"{path} leads to {link}"


@pytest.mark.parametrize("door", DOORS)
async def test_each_call_of_a_door_is_told_with_its_shapes(person: Person, door: str) -> None:
    page = await person.get(f"/guide/api/{door}")
    parts = {one.partition("#")[0] for one in page.links() if f"/guide/api/{door}/" in one}
    at = "/hall/v1" if door == "native" else f"/{door}"
    document = (await person.http.get(f"{at}/openapi.json")).json()
    told = 0
    for part in parts:
        shown = await person.get(part)
        assert len(shown.text.encode()) < MOST_BYTES, part
        assert "`" not in shown.words, part
        ids = {one.attributes.get("id", "") for one in shown.elements}
        wanted = {one.removeprefix("#") for one in shown.links() if one.startswith("#")}
        assert wanted - {"main"} <= ids, part
        told += len([one for one in shown.elements if one.tag == "h2" and "id" in one.attributes])
    assert told == sum(len(one) for one in document["paths"].values())


async def test_what_is_not_there_is_a_page_too(person: Person) -> None:
    for path in ("/guide/nothing", "/guide/api/nothing", "/guide/api/native/nothing"):
        await person.get(path, 404)


def test_a_wheel_brings_the_texts_along() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    brought = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert brought == {f"docs/{name}.md": f"hiringhall/guide/{name}.md" for name in guide.NAMES}
