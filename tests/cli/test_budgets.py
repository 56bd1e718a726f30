"""`hiringhall account budget` and `cap-changes`: what models may cost, as owners say it."""

from hiringhall.cli.outcome import Exit
from tests.cli.people import Person


def test_an_owner_caps_what_models_may_cost(buyer: Person, maker: Person) -> None:
    row = buyer("account", "budget").lines[0].split("\t")
    assert row == ["organization", "-", "-", "-", "0.00", "0.00", "0"]
    row = buyer("account", "budget", "--cap", "12.50").lines[0].split("\t")
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
