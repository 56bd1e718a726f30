"""Passwords: kept as argon2 recommends, and as costly to ask about where nobody is."""

import pytest
from argon2 import extract_parameters

from hiringhall.domain.errors import Invalid
from hiringhall.passwords import MAX_LENGTH, MIN_LENGTH, NOBODY, Passwords

pytestmark = pytest.mark.anyio


async def test_what_is_kept_is_strong_and_opens_for_its_password_alone() -> None:
    passwords = Passwords()
    kept = await passwords.hash("correct horse battery")
    strength = extract_parameters(kept)
    assert strength.memory_cost >= 64 * 1024
    assert strength.time_cost >= 3
    assert strength == extract_parameters(NOBODY), "nobody is told apart by the time it takes"
    assert await passwords.verify(kept, "correct horse battery")
    assert not await passwords.verify(kept, "correct horse batterz")
    assert not await passwords.verify(None, "correct horse battery")
    assert not await passwords.verify("no hash", "correct horse battery")


@pytest.mark.parametrize("length", [MIN_LENGTH - 1, MAX_LENGTH + 1])
async def test_what_is_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(Invalid):
        await Passwords().hash("x" * length)
