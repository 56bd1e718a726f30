"""Live secrets are taken out of what a worker says, however it spells and cuts them."""

import base64
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.questions import make_question
from hiringhall.workers.masking import MASK, LiveSecrets, Masker, Matcher, masked_file
from hiringhall.workers.runtimes.port import (
    Asked,
    Broke,
    Delivered,
    GaveUp,
    Outcome,
    Parked,
    Planned,
    Said,
)
from hiringhall.workers.saying import without_secrets

SECRET = "sk-live/Zürich+0123456789=="
SERVICE_KEY = "hall_run_" + "a1_-" * 10 + "abc"

SPELLINGS = {
    "plain": SECRET,
    "url": quote(SECRET, safe=""),
    "url in lower case": quote(SECRET, safe="").replace("%C3%BC", "%c3%bc").replace("%2F", "%2f"),
    "json": json.dumps(SECRET),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    **{
        f"base 64 behind {n}": base64.b64encode(b"x" * n + SECRET.encode() + b"y").decode()
        for n in range(4)
    },
    "url-safe base 64": base64.urlsafe_b64encode(b"xy" + SECRET.encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_in_every_spelling(spelling: str) -> None:
    said = f"before {SPELLINGS[spelling]} after"
    masked = Masker([SECRET]).text(said)
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert MASK in masked
    core = SPELLINGS[spelling].strip('"')[4:-4]
    assert core not in masked


def test_what_holds_no_secret_stays_as_it_is() -> None:
    masker = Masker([SECRET, "short"])
    for said in ("", "short", "a text\x00 with \udc80 odd letters", SECRET[:-1]):
        assert masker.text(said) == said
    assert Masker().content(b"\x00\xff") == b"\x00\xff"


def test_the_key_of_any_run_is_masked_known_or_not() -> None:
    assert Masker().text(f"<{SERVICE_KEY}>") == f"<{MASK}>"
    assert Masker().text(SERVICE_KEY[:-1]) == SERVICE_KEY[:-1]
    assert not Matcher.of([]).found_in_bytes(SERVICE_KEY.encode())


def test_secrets_that_overlap_are_masked_together() -> None:
    masker = Masker(["aaaabbbbcccc", "ccccdddd1111"])
    assert masker.text("<aaaabbbbccccdddd1111>") == f"<{MASK}>"
    assert masker.text("<aaaabbbbccccaaaabbbbcccc>") == f"<{MASK}>"


def test_odd_letters_around_a_secret_survive() -> None:
    assert Masker([SECRET]).text(f"\udc80{SECRET}\ud800") == f"\udc80{MASK}\ud800"


@given(
    st.lists(
        st.sampled_from([SECRET, SECRET[:9], SERVICE_KEY, SERVICE_KEY[:20], "text ", "\n", "sk-"]),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_a_stream_in_pieces_is_masked_like_the_whole(parts: list[str], draw: random.Random) -> None:
    masker = Masker([SECRET, SECRET[:12]])
    whole = "".join(parts).encode()
    stream, at, said = masker.stream(), 0, b""
    while at < len(whole):
        size = draw.randint(1, 40)
        said += stream.feed(whole[at : at + size])
        assert SECRET[:12].encode() not in said
        at += size
    said += stream.end()
    assert said.replace(MASK.encode(), b"") == masker.content(whole).replace(MASK.encode(), b"")
    assert SECRET[:12].encode() not in said


def test_a_stream_holds_back_little() -> None:
    stream = Masker([SECRET]).stream()
    assert len(stream.feed(b"x" * 100_000)) > 99_000


def test_a_secret_that_begins_within_another_is_covered_though_it_comes_later() -> None:
    first, second = "aaaabbbbcccc", "ccccdddd1111"
    stream = Masker([first, second]).stream()
    said = b"".join(
        stream.feed(piece) for piece in (b"<aaaabbbbcccc", b"dddd11", b"11>" + b"." * 80)
    )
    assert (said + stream.end()).rstrip(b".") == b"<[secret]>"
    assert stream.found


def test_what_is_live_is_known_by_whose_it_is() -> None:
    live = LiveSecrets()
    assert live.masker("acme").text("acme-token team-token") == "acme-token team-token"
    live.hold("acme-token", organization_id="acme")
    live.hold("the-halls-own")
    live.hold(None)
    live.hold("")
    said = "acme-token the-halls-own"
    assert live.masker("acme").text(said) == f"{MASK} {MASK}"
    assert live.masker("other").text(said) == f"acme-token {MASK}"
    assert live.of("acme") == ["acme-token", "the-halls-own"]


@pytest.mark.parametrize("size", [100, 1 << 18, (1 << 18) - 5, 1 << 20])
def test_a_file_is_masked_across_every_border(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xff" * size + SECRET.encode() + b"\x00end")
    copy = masked_file(path, Masker([SECRET]), tmp_path)
    assert copy is not None
    assert copy.read_bytes() == b"\xff" * size + MASK.encode() + b"\x00end"
    assert masked_file(path, Masker(["another-secret"]), tmp_path) is None


def test_every_word_of_an_outcome_is_masked() -> None:
    mask = Masker([SECRET]).text
    outcomes: list[Outcome] = [
        Asked([make_question("single_select", f"Is it {SECRET}?", ["no", SECRET])]),
        Said(SECRET),
        Planned(SECRET),
        Delivered(SECRET),
        GaveUp(SECRET),
        Broke(SECRET),
        Parked(1, SECRET),
    ]
    for outcome in outcomes:
        assert SECRET in repr(outcome)
        masked = repr(without_secrets(outcome, mask))
        assert SECRET not in masked
        assert MASK in masked
