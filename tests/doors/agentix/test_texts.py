"""The texts for whoever runs a team: the skill, and playbooks that keep a team's own policies."""

import re

import pytest

from hiringhall.domain.playbooks import section, switched
from hiringhall.doors.desk import Desk
from hiringhall.queries.playbooks import TEMPLATES, template
from tests.doors.agentix.conftest import Customer
from tests.doors.asgi import ask
from tests.doors.conftest import OpenFront

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", TEMPLATES)
async def test_a_playbook_to_begin_with(ceo: Customer, name: str) -> None:
    answer = await ceo.ask("GET", f"/playbook-templates/{name}")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert re.search(r"(?m)^## Mode$", answer.text)
    assert name in (section(answer.text, "Mode") or "").casefold()
    assert section(answer.text, "Custom Policies")
    for unknown in ("wild", "%2e%2e%2fceo", "ceo"):
        await ceo.get(f"/playbook-templates/{unknown}", 404)


async def test_a_teams_own_policies_survive_a_switch(ceo: Customer) -> None:
    team = await ceo.team()
    first = (await ceo.ask("GET", "/playbook-templates/supervised")).text
    own = "- Never deploy on Fridays.\n\n```\n## no heading\n```\n\n### Ours\n- Ask Ada."
    written = switched(first, f"## Custom Policies\n{own}\n")
    await ceo.put(f"/teams/{team['id']}/playbook", {"playbook": written})

    other = await ceo.ask("GET", f"/playbook-templates/autopilot?teamId={team['id']}")
    assert section(other.text, "Custom Policies") == own
    assert section(other.text, "Mode") == section(template("autopilot"), "Mode")
    await ceo.put(f"/teams/{team['id']}/playbook", {"playbook": other.text})
    back = await ceo.ask("GET", f"/playbook-templates/supervised?teamId={team['id']}")
    assert back.text == written


@pytest.mark.parametrize("current", [None, "", "# Notes\nfree text", "## Custom Policies\n \n"])
def test_where_there_are_none_a_template_stays_what_it_is(current: str | None) -> None:
    assert switched(template("autopilot"), current) == template("autopilot")


def test_sections_are_found_however_they_are_written() -> None:
    assert section("## custom policies ##\r\nfoo\r\n## End\r\n", "Custom Policies") == "foo"
    assert section("## A\none\n## B\ntwo", "A") == "one"
    assert section("```\n## A\n```\n", "A") is None
    assert switched("x\n## Custom Policies\n- old\n## End\nz\n", "## Custom Policies\nnew") == (
        "x\n## Custom Policies\n\nnew\n\n## End\nz\n"
    )


async def test_the_skill_has_this_servers_address(
    desk: Desk, front_of: OpenFront, ceo: Customer
) -> None:
    from dataclasses import replace

    front = front_of(replace(desk, public_url="https://hall.example"))
    skill = (await ask(front.app, "GET", "/skills/ceo")).body.decode()
    assert skill.startswith("---\nname: ceo\ndescription: ")
    assert "BASE=https://hall.example\n" in skill
    assert "{address}" not in skill
    assert "BASE=http://hall.test\n" in (await ceo.ask("GET", "/skills/ceo")).text
