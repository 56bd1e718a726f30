"""`hiringhall events`: pages, streams, and going on where it was left, over broken connections."""

import json
from pathlib import Path

import pytest

from hiringhall.cli.following import Block, blocks
from hiringhall.cli.outcome import Exit
from hiringhall.queries.accounts import authenticate
from tests.cli.conftest import Shell
from tests.cli.people import Person
from tests.support.cutting import cutting
from tests.support.halls import post
from tests.support.served import ServedHall


def seqs(lines: list[str]) -> list[int]:
    return [int(line.split("\t")[0]) for line in lines]


def test_what_has_happened_is_listed_and_read_on(buyer: Person) -> None:
    first, second = buyer.posts("--draft"), buyer.posts("--draft")
    ran = buyer("events")
    assert seqs(ran.lines) == sorted(seqs(ran.lines))
    assert {line.split("\t")[3] for line in ran.lines} == {first, second}
    newest = seqs(ran.lines)[-1]
    assert ran.err == f"Go on with: hiringhall events --after {newest}\n"
    assert buyer("events", "--after", str(newest)).out == ""
    assert seqs(buyer("events", "--limit", "1").lines) == seqs(ran.lines)[:1]
    of_first = buyer.json("events", "--task", first, "--type", "task_created")
    assert [one["task_id"] for one in of_first["items"]] == [first]
    assert of_first["next_cursor"] == str(newest)
    assert buyer.json("events", "--after", "now")["next_cursor"] == str(newest)
    gone = buyer.json("events", "--after", "999")
    assert gone["gap"] == {"asked": 999, "newest": newest}
    assert "A gap" in buyer("events", "--after", "999").err


@pytest.mark.promise("EV-CLI")
def test_a_place_is_kept_between_two_calls(buyer: Person, tmp_path: Path) -> None:
    place = tmp_path / "place"
    one_of = ("events", "--type", "task_created", "--place", str(place))
    made = [buyer.posts("--draft") for _ in range(3)]
    assert [buyer(*one_of, "--limit", "1").lines[0].split("\t")[3] for _ in made] == made
    assert buyer(*one_of).out == ""
    buyer("events", "--after", "0", "--place", str(place), code=Exit.USAGE)
    buyer.posts("--draft")
    followed = buyer(*one_of, "--follow", "--limit", "1", "--json")
    assert json.loads(followed.out)["type"] == "task_created"
    assert buyer.json(*one_of)["items"] == []
    place.write_text("elsewhere")
    assert "holds no place" in buyer(*one_of, code=Exit.USAGE).err


@pytest.mark.promise("EV-CLI")
def test_a_stream_is_followed_over_every_break(
    buyer: Person, hall: ServedHall, shell: Shell
) -> None:
    """Each event comes once, in its order, however often the connection is lost."""
    for _ in range(4):
        buyer.posts("--draft")
    known = [one["seq"] for one in buyer.json("events")["items"]]
    with cutting(hall.url, keep=2_000) as between:
        shell.set(HIRINGHALL_URL=between.url)
        ran = buyer("events", "--follow", "--after", "0", "--limit", str(len(known)), "--json")
        assert [json.loads(line)["seq"] for line in ran.lines] == known
        assert len(between.streams) > 1


def test_what_happens_between_now_and_the_stream_is_not_missed(
    buyer: Person, hall: ServedHall, shell: Shell
) -> None:
    owner = buyer.key

    def happens(asked: str) -> bool:
        """Something happens, and the first connection is lost before it says a word."""
        if len(between.streams) > 1:
            return False
        assert "after=now" not in asked
        something_happens(hall, owner)
        return True

    with cutting(hall.url) as between:
        between.on_stream = happens
        shell.set(HIRINGHALL_URL=between.url)
        ran = buyer("events", "--follow", "--limit", "1", "--json")
        assert json.loads(ran.out)["type"] == "task_created"
        assert len(between.streams) == 2


def test_following_ends_in_time_and_says_where(buyer: Person) -> None:
    ran = buyer("events", "--follow", "--timeout", "0.2")
    assert ran.out == ""
    assert "hiringhall events --after 0" in ran.err
    buyer("events", "--timeout", "1", code=Exit.USAGE)
    buyer("events", "--after", "yesterday", code=Exit.USAGE)
    refused = buyer("events", "--follow", "--type", "nonsense", code=Exit.REFUSED)
    assert "nonsense" in refused.err
    Person(buyer.shell, "aw_live_nobody")("events", "--follow", code=Exit.UNAUTHORIZED)


TOLD = (
    b": \nid: 7\n\n"
    b'event: gap\nid: 9\ndata: {"asked": 12, "newest": 9}\n\n'
    b"retry: 2000\n\n"
    b'id: 10\r\ndata: {"said": "\xe2\x80\xa8 and \xc2\x85"}\r\n\r\n'
    b'data: {"a":\rdata: 1}\r\r\n'
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(TOLD)])
def test_a_stream_is_read_however_it_is_cut(size: int) -> None:
    pieces = [TOLD[at : at + size] for at in range(0, len(TOLD), size)]
    assert list(blocks(pieces)) == [
        Block("message", None, "7"),
        Block("gap", {"asked": 12, "newest": 9}, "9"),
        Block("message", {"said": "\u2028 and \x85"}, "10"),
        Block("message", {"a": 1}, None),
    ]


@pytest.mark.parametrize("wrong", [b"data: [1]\n\n", b"data: {\n\n", b"\xff: 1\n\n"])
def test_what_is_no_stream_of_a_hall_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever kind of it
        list(blocks([wrong]))


def something_happens(hall: ServedHall, key: str) -> None:
    actor = hall.do(authenticate(hall.app.hall, key))
    hall.do(post(hall.app.hall, actor))
