"""`hiringhall task-force`, and a task that goes from the staff to the market and back."""

import json
from pathlib import Path

import pytest

from hiringhall.cli.outcome import Exit
from tests.cli.conftest import Shell
from tests.cli.people import Person, Somebody, agent_of
from tests.cli.test_market import is_sound
from tests.cli.test_terminal import Terminal
from tests.support.served import ServedHall, served_hall

OUTLINE = """
reviewer = "buyer"

[[subtasks]]
key = "list"
title = "Source list"
brief = "Ten companies with their URLs."
share = "20.00"

[[subtasks]]
key = "report"
title = "Report"
brief = "Pricing and funding of each."
share = 25
depends_on = ["list"]
"""
WORK = "Ten companies, each with its URL and a line on why it is here."


def parts_of(buyer: Person, task_id: str) -> dict[str, list[str]]:
    """The parts by their keys, as they are listed."""
    rows = [row.split("\t") for row in buyer("task-force", "show", task_id).lines]
    return {row[0]: row for row in rows}


def test_a_task_force_from_outline_to_payout(
    buyer: Person,
    maker: Person,
    admin: Person,
    hall: ServedHall,
    database_url: str,
    tmp_path: Path,
) -> None:
    scout = agent_of(maker, admin, "scout", "--task-force")
    task_id = buyer.posts("--how", "task_force")
    outline = tmp_path / "outline.toml"
    outline.write_text(OUTLINE)
    planned = buyer("task-force", "plan", task_id, "--file", str(outline))
    assert f"task-force confirm {task_id}" in planned.err
    assert [row.split("\t")[:5] for row in planned.lines] == [
        ["list", "-", "-", "20.00", "0.00"],
        ["report", "-", "-", "25.00", "0.00"],
    ]
    buyer("task-force", "confirm", task_id, "--no", "-r", "Other shares")
    buyer("task-force", "plan", task_id, "-f", "-", stdin=OUTLINE)
    given = buyer("task-force", "confirm", task_id)
    assert given.err == ""
    first = parts_of(buyer, task_id)["list"]
    assert first[2:6] == ["assigned", "20.00", "0.00", "scout"]
    part_id = first[1]

    known = scout("task-force", "context", part_id).out
    assert "Ten companies with their URLs." in known
    assert "One word for each." in known
    scout("task-force", "say", part_id, "I have it.")
    scout("task-force", "say", part_id, "-", "--to-all", stdin="Good day")
    scout("task-force", "say", part_id, "No access to the list", "--blocker")
    buyer("task-force", "say", part_id, "Take the public one.")
    own = scout("task-force", "messages", part_id).lines
    assert next(row.split("\t")[1:3] for row in own if "access" in row) == ["scout", "blocker"]
    told = [row.split("\t")[-1] for row in buyer("task-force", "messages", task_id, "--all").lines]
    assert {"I have it.", "Good day", "Take the public one."} <= set(told)
    assert "I have it." not in buyer("task-force", "messages", task_id).out

    made = scout("market", "deliver", part_id, WORK).out.strip()
    buyer("market", "accept", made)
    parts = parts_of(buyer, task_id)
    assert parts["list"][2:5] == ["done", "20.00", "18.00"]
    assert parts["report"][7] == "list"

    more = [{"key": "sum", "title": "Sum", "brief": "One line of it all.", "share": "5"}]
    changed = buyer("task-force", "change", task_id, "-f", "-", stdin=json.dumps(more))
    third = changed.lines[2].split("\t")
    assert (third[0], third[3]) == ("sum", "5.00")
    report = parts["report"][1]
    if parts["report"][2] == "open":
        agent_id = scout.json("agents", "show", "me")["id"]
        assert "assigned" in buyer("task-force", "assign", report, agent_id).out
    done = scout("market", "deliver", report, f"{WORK} And the prices of each.").out.strip()
    buyer("market", "accept", done)
    states = {key: row[2] for key, row in parts_of(buyer, task_id).items()}
    assert (states["list"], states["report"]) == ("done", "done")
    is_sound(buyer.shell, hall, database_url)


def test_the_tree_shows_shares_states_and_agents(
    buyer: Person, maker: Person, admin: Person, hall: ServedHall, tmp_path: Path
) -> None:
    agent_of(maker, admin, "scout", "--task-force")
    task_id = buyer.posts("--how", "task_force")
    buyer("task-force", "plan", task_id, "-f", "-", stdin=OUTLINE.replace("Report", "\\u009b2J"))
    buyer("task-force", "confirm", task_id)
    environment = {
        "HIRINGHALL_URL": hall.url,
        "HIRINGHALL_API_KEY": buyer.key,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "200",
    }
    with Terminal(environment, "task-force", "show", task_id) as terminal:
        assert terminal.end() == Exit.OK
    lines = terminal.screen.splitlines()
    assert "45.00 of 50.00 shared out, 0.00 paid" in " ".join(terminal.screen.split())
    (first,) = [line for line in lines if "list: Source list" in line]
    assert "assigned, 20.00 · by scout · due 20" in first
    (second,) = [line for line in lines if "report: " in line]
    assert second.index("report") > first.index("list"), "it stands below what it needs"
    assert "nobody yet" in second
    assert "\x9b" not in terminal.screen


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as TOML"),
        ('{"a": ' * 100_000, "nested too deeply"),
        ("x = ", "cannot be read as TOML"),
        ("reviewer = 'buyer'", "subtasks"),
        ("[1, 2]", "The hall says"),
        ('[{"key": "a", "share": "1.005"}]', "share takes an amount"),
        ('[{"key": "a", "share": {"x": NaN}}]', "share takes an amount"),
        ('{"subtasks": [{"key": NaN}]}', "The hall says"),
    ],
)
def test_an_outline_that_is_none_is_refused(buyer: Person, text: str, complaint: str) -> None:
    task_id = buyer.posts("--how", "task_force")
    ran = buyer.shell("task-force", "plan", task_id, "-f", "-", stdin=text)
    assert ran.code in {Exit.USAGE, Exit.REFUSED}, ran
    assert complaint in ran.err
    assert "Traceback" not in ran.err


def test_others_have_no_part_in_it(buyer: Person, somebody: Somebody) -> None:
    task_id = buyer.posts("--how", "task_force")
    buyer("task-force", "plan", task_id, "-f", "-", stdin=OUTLINE)
    stranger = somebody("stranger")
    for command in (
        ("show", task_id),
        ("confirm", task_id),
        ("plan", task_id, "-f", "-"),
        ("messages", task_id),
        ("say", task_id, "Hello"),
        ("assign", task_id, "me"),
    ):
        refused = stranger("task-force", *command, code=Exit.NOT_FOUND, stdin=OUTLINE)
        assert "hiringhall: The hall says" in refused.err


def test_a_task_goes_to_the_staff_and_back_to_the_market(
    shell: Shell, database_url: str, tmp_path: Path
) -> None:
    # Nobody in the house can do anything.
    with served_hall(tmp_path / "idle", database_url=database_url, runtime=None) as hall:
        shell.set(HIRINGHALL_URL=hall.url)
        buyer, maker = Person(shell, hall.key("buyer")), Person(shell, hall.key("maker"))
        task_id = buyer.posts(price="12.00")
        assert buyer.json("account", "balance")["held_cents"] == 1_200
        assert "refunded" in buyer("market", "assign-to-staff", task_id).out
        assert buyer.json("account", "balance")["held_cents"] == 0
        assert buyer.json("market", "show", task_id)["engagement"] == "staff"

        task_id = buyer("tasks", "create", "Label texts", "-d", "One word for each.").out.strip()
        options = ("--how", "claim", "--category", "labels", "--time-limit", "30", "--tag", "a")
        offered = buyer("market", "offer", task_id, "--price", "10.50", *options)
        assert offered.out == "The task is now: open, 10.50 usd held\n"
        shown = buyer.json("market", "show", task_id)
        assert (shown["price_cents"], shown["category"], shown["tags"]) == (1_050, "labels", ["a"])
        maker("market", "claim", task_id)
        buyer("market", "assign-to-staff", task_id, code=Exit.REFUSED)
        buyer("market", "offer", task_id, "--price", "1", code=Exit.REFUSED)
        maker("market", "offer", task_id, "--price", "1", code=Exit.NOT_FOUND)
        is_sound(shell, hall, database_url)
