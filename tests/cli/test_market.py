"""`hiringhall market`, `agents`, `account` and the admin's side, against a whole hall."""

import json
import stat
from pathlib import Path

import pytest

from hiringhall.actions import accounts
from hiringhall.cli.outcome import Exit
from hiringhall.settings import PaymentWay
from tests.cli.conftest import Shell
from tests.cli.people import Person, agent_of
from tests.support.served import ServedHall, served_hall

PLAN = "I shall read each text twice and name its subject in one word."


def is_sound(shell: Shell, hall: ServedHall, database_url: str) -> None:
    there = ("--data-dir", str(hall.data_dir), "--database-url", database_url)
    audited = shell("audit", "--json", *there)
    assert audited.json["ok"], audited.json


def test_a_claim_from_post_to_payout(
    buyer: Person, maker: Person, hall: ServedHall, database_url: str, tmp_path: Path
) -> None:
    opening = buyer.json("account", "balance")["available_cents"]
    task_id = buyer.posts(
        *("--how", "claim", "--category", "data-labeling", "--tag", "text", "--time-limit", "30"),
        *("--input", "spec=https://example.com/spec", "--input", "Be brief", "--expires", "12"),
    )
    shown = buyer.json("market", "show", task_id)
    assert (shown["price_cents"], shown["category"]) == (5_000, "data_labeling")
    assert (shown["time_limit_minutes"], shown["expires_in_hours"]) == (30, 12)
    assert [one["url"] for one in shown["inputs"]] == ["https://example.com/spec", ""]
    assert buyer.json("account", "balance")["held_cents"] == 5_000

    line = maker("market", "board", "label", "--category", "data_labeling").lines[0].split("\t")
    assert line[:4] == [task_id, "50.00 usd", "data_labeling", "claim"]
    assert maker("market", "board", "nonsense").out == ""
    assert maker("market", "board", "--at-least", "50.01").out == ""
    assert maker("market", "board", "--engagement", "proposals").out == ""
    assert task_id in maker("market", "board", "--engagement", "claim", "--at-least", "50").out
    assert maker("market", "categories").lines == ["data_labeling\t1\tData Labeling"]
    assert "It is yours until" in maker("market", "claim", task_id).out
    maker("market", "claim", task_id, code=Exit.REFUSED)

    labels = tmp_path / "labels.csv"
    labels.write_bytes(b"a,b\n\xff\x00")
    made = maker(
        *("market", "deliver", task_id, "-", "--attach", str(labels)),
        *("--link", "https://example.com/more"),
        stdin="All done",
    )
    deliverable_id = made.out.strip()
    found = buyer("market", "deliverables", task_id, "--to", str(tmp_path / "in"))
    assert "All done" in found.out
    assert "https://example.com/more" in found.out
    assert "format" in found.out
    assert f"market accept {'DELIVERABLE'}" in found.err
    assert (tmp_path / "in" / "1" / "labels.csv").read_bytes() == b"a,b\n\xff\x00"
    buyer("market", "deliverables", task_id, "--to", str(tmp_path / "in"), code=Exit.REFUSED)

    buyer("market", "accept", deliverable_id, "--rating", "5", "--feedback", "Just so")
    buyer("market", "accept", deliverable_id, code=Exit.REFUSED)
    assert buyer("market", "list", "--state", "done").lines[0].split("\t")[0] == task_id
    assert buyer("market", "list", "--state", "open", "--how", "claim").out == ""
    assert maker("market", "work").lines[0].split("\t")[0] == task_id
    earned = maker.json("account", "earnings")
    assert (earned["released_cents"], earned["fee_cents"]) == (4_500, 500)
    assert maker("account", "payouts").lines[0].split("\t")[1:4] == ["45.00", "5.00", "paid"]
    assert buyer.json("account", "balance")["available_cents"] == opening - 5_000
    moved = [row.split("\t")[1:3] for row in buyer("account", "statement").lines]
    assert ["-50.00", "hold"] in moved
    is_sound(buyer.shell, hall, database_url)


@pytest.mark.promise("NA-PROPOSALS")
def test_agents_propose_and_one_is_chosen(
    buyer: Person, maker: Person, admin: Person, hall: ServedHall, database_url: str
) -> None:
    ada = agent_of(maker, admin, "ada", "--category", "labels", "--task-force")
    bob = agent_of(maker, admin, "bob", "--category", "labels")
    eve = agent_of(maker, admin, "eve")
    task_id = buyer.posts("--category", "labels", "--max-proposals", "2")
    assert eve("market", "board").out == ""
    more = ("--hours", "2", "--confidence", "0.9", "--sample", "subject: war")
    first = ada("market", "propose", task_id, "--price", "45", "--plan", PLAN, *more).out.strip()
    second = bob("market", "propose", task_id, "--price", "40.5", "-f", "-", stdin=PLAN).out.strip()
    bob("market", "propose", task_id, "--price", "40", "--plan", PLAN, code=Exit.REFUSED)

    rows = [line.split("\t") for line in buyer("market", "proposals", task_id).lines]
    assert [row[:5] for row in rows] == [
        ["ada", first, "submitted", "45.00", "2"],
        ["bob", second, "submitted", "40.50", "-"],
    ]
    buyer("market", "decline", first, "-r", "Too dear")
    assert "shortlisted" in buyer("market", "shortlist", second).out
    made = bob("market", "deliver", task_id, "war, peace").out.strip()
    assert "Sent back" in buyer("market", "request-revision", made, "-r", "In order, please").out
    made = bob("market", "deliver", task_id, "peace, war").out.strip()
    buyer("market", "accept", made, "--rating", "4")

    me = bob.json("agents", "show", "me")
    assert me["reputation"]["completed"] == 1
    shown = maker("agents", "show", me["id"]).out
    assert "labels\t1\t0\t0\t100%\t4.0\t1" in shown
    assert bob.json("account", "earnings")["released_cents"] == 3_645
    is_sound(buyer.shell, hall, database_url)


@pytest.mark.promise("NA-AGENTS-ADMIN")
def test_an_agents_key_is_stored_and_shown_to_nobody(
    maker: Person, admin: Person, shell: Shell, tmp_path: Path
) -> None:
    made = maker("agents", "register", "scout", "-d", "Labels", "--category", "labels")
    agent_id = made.out.strip()
    stored = shell.home / ".config" / "hiringhall" / "agents" / f"{agent_id}.key"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700
    key = stored.read_text().strip()
    assert key.startswith("nxw_")
    assert key not in made.out + made.err
    assert str(stored) in made.err
    as_scout = ("--key-file", str(stored))

    waiting = maker("market", "board", *as_scout, code=Exit.UNAUTHORIZED)
    assert "has to approve it" in waiting.err
    maker("agents", "approve", agent_id, code=Exit.UNAUTHORIZED)
    assert admin("admin", "agents").lines[0].split("\t")[:3] == [agent_id, "scout", "pending"]
    assert "now approved" in admin("agents", "approve", agent_id).out
    maker("market", "board", *as_scout)

    maker("agents", "change", agent_id, "-d", "Labels well", "--task-force")
    maker("agents", "change", agent_id, code=Exit.USAGE)
    assert maker.json("agents", "show", agent_id)["description"] == "Labels well"
    assert maker("agents", "list").lines[0].split("\t")[1:5] == [
        "scout", "approved", "labels", "yes",
    ]  # fmt: skip

    elsewhere = tmp_path / "scout.key"
    old = tmp_path / "old.key"
    old.write_text(key)
    old.chmod(0o600)
    renewed = maker.json("agents", "renew-key", agent_id, "--key-to", str(elsewhere))
    assert renewed["stored_in"] == str(elsewhere)
    assert "api_key" not in renewed
    maker("market", "board", "--key-file", str(elsewhere))
    maker("market", "board", "--key-file", str(old), code=Exit.UNAUTHORIZED)
    taken = maker("agents", "register", "x", "--key-to", str(elsewhere), code=Exit.USAGE)
    assert "--key-to" in taken.err
    assert len(maker("agents", "list").lines) == 1

    assert "now suspended" in admin("agents", "suspend", agent_id).out
    maker("market", "board", "--key-file", str(elsewhere), code=Exit.UNAUTHORIZED)


@pytest.mark.promise("NA-RELEASE-CLAIM")
def test_a_claim_is_given_back_and_a_task_withdrawn(buyer: Person, maker: Person) -> None:
    task_id = buyer.posts("--how", "claim")
    maker("market", "claim", task_id)
    buyer("market", "cancel", task_id, code=Exit.REFUSED)
    maker("market", "release-claim", task_id, "-r", "No time")
    assert "cancelled" in buyer("market", "cancel", task_id, "-r", "Not needed").out
    assert buyer.json("account", "balance")["held_cents"] == 0
    asked = buyer.posts()
    proposal = maker("market", "propose", asked, "--price", "1", "--plan", PLAN).out.strip()
    assert "withdrawn" in maker("market", "withdraw", proposal).out
    maker("market", "propose", asked, "--price", "1", "--plan", PLAN, code=Exit.REFUSED)
    other = buyer.posts()
    maker("market", "propose", other, "--price", "1", "--plan", PLAN)
    assert "selecting" in buyer("market", "close-intake", other).out


@pytest.mark.promise("NA-PUBLISH")
def test_a_draft_waits_for_funds(buyer: Person, admin: Person) -> None:
    first = buyer.posts("--draft", "--idempotency-key", "k", price="1,500.00")
    assert buyer.posts("--draft", "--idempotency-key", "k", price="1,500.00") == first
    refused = buyer("market", "publish", first, code=Exit.REFUSED)
    assert "hiringhall account deposit" in refused.err
    organization = buyer.json("account", "balance")["organization_id"]
    book = ("admin", "deposit", organization, "1000", "--idempotency-key", "wire-1")
    buyer(*book, code=Exit.UNAUTHORIZED)
    assert admin(*book).out == "Booked: 1,000.00, paid.\n"
    admin(*book)
    assert "open, 1,500.00 usd held" in buyer("market", "publish", first).out
    rows = {row.split("\t")[0]: row.split("\t") for row in admin("admin", "organizations").lines}
    assert rows[organization][3:5] == ["500.00", "1,500.00"]
    assert buyer("account", "deposits").lines[0].split("\t")[1:3] == ["1,000.00", "paid"]


def test_disputes_end_by_both_sides_or_by_an_admin(
    buyer: Person, maker: Person, admin: Person, hall: ServedHall, database_url: str
) -> None:
    ended: list[str] = []
    for _ in range(2):
        task_id = buyer.posts("--how", "claim")
        maker("market", "claim", task_id)
        made = maker("market", "deliver", task_id, "Done").out.strip()
        assert "dispute list" in buyer("market", "reject", made, "-r", "Half is missing").out
        dispute = buyer("market", "dispute", "list", task_id).lines[0].split("\t")[0]
        maker("market", "dispute", "state", dispute, "-", stdin="All is there")
        ended.append(dispute)
    first, second = ended
    shown = maker("market", "dispute", "show", first).out
    assert "All is there" in shown
    assert "Half is missing" in shown
    buyer("market", "dispute", "agree", first, "20")
    assert "20.00 for the worker" in maker("market", "dispute", "agree", first, "20.00").out

    assert [row.split("\t")[0] for row in admin("admin", "disputes").lines] == [second]
    maker("market", "dispute", "resolve", second, "50", code=Exit.UNAUTHORIZED)
    decided = admin("market", "dispute", "resolve", second, "12.50", "-r", "A quarter")
    assert "12.50 for the worker" in decided.out
    assert admin.json("market", "dispute", "show", second)["outcome_cents"] == 1_250
    is_sound(buyer.shell, hall, database_url)


def test_a_worker_opens_a_dispute_and_reads_of_it(buyer: Person, maker: Person) -> None:
    task_id = buyer.posts("--how", "claim")
    maker("market", "claim", task_id)
    maker("market", "deliver", task_id, "Done")
    dispute = maker("market", "dispute", "open", task_id, "-r", "No answer").out.strip()
    assert maker.json("market", "dispute", "show", dispute)["opened_by"] == "worker"
    assert "hiringhall market dispute list" in buyer("market", "show", task_id).err


def test_payouts_by_hand(shell: Shell, database_url: str, tmp_path: Path) -> None:
    with served_hall(
        tmp_path / "manual", database_url=database_url, payments=PaymentWay.MANUAL
    ) as hall:
        shell.set(HIRINGHALL_URL=hall.url)
        buyer, maker, admin = (Person(shell, hall.key(name)) for name in ("b", "m", "boss"))
        hall.do(accounts.make_admin(hall.app.hall, email="boss@example.org"))
        organization = buyer.json("account", "balance")["organization_id"]
        buyer("account", "deposit", "100", code=Exit.REFUSED)
        admin("admin", "deposit", organization, "100")
        task_id = buyer.posts("--how", "claim")
        maker("market", "claim", task_id)
        made = maker("market", "deliver", task_id, "Done").out.strip()
        buyer("market", "accept", made)
        (row,) = admin("admin", "payouts").lines
        payout = row.split("\t")[0]
        maker("account", "retry-payout", payout, code=Exit.REFUSED)
        assert "paid" in admin("admin", "paid", payout, "--reference", "wire 7").out
        assert admin("admin", "payouts").out == ""
        assert admin("admin", "payouts", "--state", "paid").lines[0].endswith("wire 7")
        maker("account", "payee", code=Exit.REFUSED)


def test_lists_are_read_to_their_end(buyer: Person) -> None:
    made = [buyer.posts("--draft") for _ in range(3)]
    assert [row.split("\t")[0] for row in buyer("market", "list", "--limit", "2").lines] == (
        made[:0:-1]
    )
    assert buyer.json("market", "list", "--limit", "2")["next_cursor"] is not None
    assert len(buyer.json("market", "list", "--limit", "250")["items"]) == 3


@pytest.mark.parametrize("wrong", ["-1", "1.005", "NaN", "much", "1e99", "inf", ""])
def test_an_amount_is_exact_or_refused(shell: Shell, wrong: str) -> None:
    shell.set(HIRINGHALL_API_KEY="aw_live_x")
    refused = shell("market", "post", "T", "-d", "D", f"--price={wrong}")
    assert refused.code == Exit.USAGE
    assert "12.50" in refused.err


def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    shell: Shell, tmp_path: Path
) -> None:
    """The address is nobody's: a call would end otherwise."""
    shell.set(HIRINGHALL_URL="http://127.0.0.1:1", HIRINGHALL_API_KEY="aw_live_x")
    large = tmp_path / "large"
    large.write_bytes(bytes(12_000_001))
    for code, *arguments in (
        (Exit.USAGE, "market", "deliver", "T"),
        (Exit.USAGE, "market", "deliver", "T", "text", "--file", "f"),
        (Exit.NOT_FOUND, "market", "deliver", "T", "--attach", str(tmp_path / "none")),
        (Exit.USAGE, "market", "deliver", "T", "--attach", str(tmp_path)),
        (Exit.REFUSED, "market", "deliver", "T", "--attach", str(large)),
        (Exit.USAGE, "market", "propose", "T", "--price", "1"),
        (Exit.USAGE, "market", "post", "T", "--price", "1"),
        (Exit.USAGE, "market", "claim", ".."),
        (Exit.UNREACHABLE, "market", "claim", "../admin"),
    ):
        ran = shell(*arguments)
        assert ran.code == code, (arguments, ran)


def test_refusals_say_what_to_do(buyer: Person, maker: Person) -> None:
    for command in (
        ("market", "show", "nonsense"),
        ("market", "claim", "../../ledger"),
        ("market", "accept", "0190a0a0-0000-7000-8000-000000000000"),
        ("agents", "show", "nobody"),
        ("market", "dispute", "show", "none"),
    ):
        assert "hiringhall: The hall says" in maker(*command, code=Exit.NOT_FOUND).err
    wrong = buyer("market", "post", "T", "-d", "D", "--how", "nonsense", code=Exit.REFUSED)
    assert "engagement" in wrong.err
    late = ("market", "post", "T", "-d", "D", "--price", "1", "--deadline", "soon")
    assert "deadline" in buyer(*late, code=Exit.REFUSED).err
    own = buyer.posts("--how", "claim")
    theirs = maker("market", "accept", own, code=Exit.NOT_FOUND)
    assert "Traceback" not in theirs.err


def test_a_strangers_text_has_no_power(buyer: Person, maker: Person) -> None:
    hostile = "\x1b[2J\x07\u202e[red]x[/red]"
    task_id = buyer("market", "post", f"T{hostile}", "-d", hostile, "--price", "1").out.strip()
    plan = f"{PLAN} {hostile}"
    maker("market", "propose", task_id, "--price", "1", "--plan", plan)
    for command in (
        ("market", "board"),
        ("market", "show", task_id),
        ("market", "list"),
        ("market", "proposals", task_id),
    ):
        ran = buyer(*command)
        assert not set("\x1b\x07\u202e") & set(ran.out + ran.err), command
        json.loads(buyer(*command, "--json").out)


def test_a_draft_is_changed_and_offered(buyer: Person) -> None:
    task_id = buyer.posts("--draft", "--tag", "text")
    assert "The task is now: draft" in buyer("market", "change", task_id, "--price", "30.00").out
    buyer("market", "change", task_id, code=Exit.USAGE)
    buyer("market", "change", task_id, "--category", "?", code=Exit.REFUSED)
    told = buyer("market", "change", task_id, "--title", "Label all", "--publish").out
    assert "The task is now: open, 30.00 usd held" in told
    shown = buyer.json("market", "show", task_id)
    assert (shown["title"], shown["tags"], shown["price_cents"]) == ("Label all", ["text"], 3_000)
    buyer("market", "change", task_id, "--title", "Too late", code=Exit.REFUSED)
