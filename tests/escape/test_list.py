"""The list of attempts is whole."""

from pathlib import Path

import pytest

from tests.support.security_page import attempts, suite, unmarked

MODULES = [path for path in suite() if path != Path(__file__)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_each_test_says_what_is_tried_and_what_proves_that_it_failed(path: Path) -> None:
    assert unmarked(path) == []
    assert all(one.tried and one.proof for one in attempts(path))


def test_there_are_many() -> None:
    assert sum(len(list(attempts(path))) for path in MODULES) >= 25
