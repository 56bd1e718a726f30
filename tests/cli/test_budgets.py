"""`hiringhall account budget` and `cap-changes`: what models may cost, as owners say it."""

from hiringhall.cli.outcome import Exit
from tests.cli.people import Person


def test_a_task_is_posted_to_a_team_with_a_cap(buyer: Person, maker: Person) -> None:
    usual = ("market", "post", "Build a page", "-d", "With a hero.", "--how", "staff", "--draft")
    team = buyer.json(*usual)["team_id"]
    task = buyer.json(*usual, "--team", team, "--cap", "2.50")
    assert (task["team_id"], task["engagement"]) == (team, "staff")
    changed = buyer.json("market", "change", task["id"], "--cap", "3")
    assert changed["version"] == task["version"] + 1
    same = buyer.json("market", "change", task["id"], "--cap", "3.00")
    assert same["version"] == changed["version"]
    buyer(*usual, "--cap", "much", code=Exit.USAGE)
    assert "no such team" in maker(*usual, "--team", team, code=Exit.REFUSED).err


def test_an_owner_caps_what_models_may_cost(buyer: Person, maker: Person) -> None:
    looked = buyer("account", "budget")
    assert looked.err == ""
    row = looked.lines[0].split("\t")
    assert row == ["organization", "-", "-", "-", "0.00", "0.00", "0"]
    said = buyer("account", "budget", "--cap", "12.50")
    assert "goes on once that is answered" in said.err
    row = said.lines[0].split("\t")
    assert row[:4] == ["organization", "12.50", "-", "12.50"]
    assert buyer.json("account", "budget")["owners_cap_micros"] == 12_500_000
    team = buyer.json("account", "cap-changes")["items"][0]["team_id"]
    assert team is None
    buyer("account", "budget", "--no-cap")
    assert buyer.json("account", "budget")["cap_micros"] is None
    rows = [line.split("\t")[1:5] for line in buyer("account", "cap-changes").lines]
    assert rows == [
        ["organization", "owners", "12.50", "-"],
        ["organization", "owners", "-", "12.50"],
    ]
    assert maker.json("account", "cap-changes")["items"] == []
    buyer("account", "budget", "--cap", "much", code=Exit.USAGE)
    buyer("account", "budget", "--cap", "1", "--no-cap", code=Exit.USAGE)
    buyer("account", "budget", "--team", "nonsense", code=Exit.NOT_FOUND)
    maker("account", "budget", "--cap", "999999999", code=0)
