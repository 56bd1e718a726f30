"""Every promise has a test that proves it, on both databases where a hall keeps it."""

from pathlib import Path

import pytest

from tests.manifest.citations import Citation, Suite
from tests.manifest.promises import PAGES, load

ROOT = Path(__file__).parents[2]


def test_every_promise_is_proven_on_both_databases() -> None:
    cited = _suite().citations()
    proven = {one.promise for one in cited if not one.excused}
    on_both = {one.promise for one in cited if not one.excused and one.on_both_databases}
    promises = load()

    unproven = sorted(promises.keys() - proven)
    one_sided = sorted(
        name for name in proven - on_both if name in promises and promises[name].hall
    )
    if unproven:
        pytest.fail(f"{len(unproven)} promises have no test: {', '.join(unproven)}", pytrace=False)
    if one_sided:
        pytest.fail(f"not tested on both databases: {', '.join(one_sided)}", pytrace=False)


def test_no_test_names_an_unknown_promise() -> None:
    promises = load()
    unknown = [
        f"{one.promise} in {one.test}"
        for one in _suite().citations()
        if one.promise not in promises
    ]
    assert not unknown, unknown


def test_promises_are_said_once() -> None:
    sentences = [promise.says for promise in load().values()]
    assert len(set(sentences)) == len(sentences)


def test_what_is_quoted_of_the_projects_own_pages_stands_there() -> None:
    missing = [
        f"{promise.id}: {words}"
        for promise in load().values()
        for page, words in promise.places
        if PAGES[page].startswith("docs/") and words not in _on_one_line(ROOT / PAGES[page])
    ]
    assert not missing, missing


def _on_one_line(page: Path) -> str:
    return " ".join(page.read_text().split())


def test_a_citation_counts_only_where_it_proves_something(tmp_path: Path) -> None:
    """The scanner itself, on a small suite with each kind of test."""
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    (tmp_path / "tests" / "conftest.py").write_text(_CONFTEST)
    (tmp_path / "tests" / "deep" / "test_it.py").write_text(_TESTS)

    found = {one.promise: one for one in Suite(tmp_path, [tmp_path / "tests"]).citations()}

    assert {name for name, one in found.items() if one.on_both_databases} == {
        "DIRECT", "THROUGH-FIXTURES", "USED", "FETCHED", "IN-CLASS", "IN-TABLE", "OF-CLASS",
    }  # fmt: skip
    assert found["ALONE"] == Citation("ALONE", "tests/deep/test_it.py::test_alone", False, False)
    assert {name for name, one in found.items() if one.excused} == {"SKIPPED", "FAILING"}
    assert not found["NARROWED"].on_both_databases


def test_a_promise_is_named_by_a_plain_string(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n@pytest.mark.promise(NAME)\ndef test_it(): ...\n"
    )
    with pytest.raises(ValueError, match="plain string"):
        Suite(tmp_path, [tmp_path]).citations()


def _suite() -> Suite:
    return Suite(ROOT, [ROOT / "tests", *ROOT.glob("packages/*/tests")])


_CONFTEST = """
import pytest

@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request): ...

@pytest.fixture
async def database(database_url): ...

@pytest.fixture(name="hall")
def make_hall(database): ...

@pytest.fixture
def fetched(request):
    return request.getfixturevalue("hall")
"""

_TESTS = """
import pytest

CASES = [pytest.param(1, marks=pytest.mark.promise("IN-TABLE"))]

@pytest.mark.promise("DIRECT")
def test_direct(database_url): ...

@pytest.mark.promise("THROUGH-FIXTURES")
async def test_through_fixtures(hall): ...

@pytest.mark.usefixtures("hall")
@pytest.mark.promise("USED")
def test_used(): ...

@pytest.mark.promise("FETCHED")
def test_fetched(fetched): ...

@pytest.mark.promise("OF-CLASS")
class TestClass:
    @pytest.mark.promise("IN-CLASS")
    def test_inside(self, hall): ...

@pytest.mark.parametrize("case", CASES)
def test_table(hall, case): ...

@pytest.mark.promise("ALONE")
def test_alone(tmp_path): ...

@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.promise("NARROWED")
def test_narrowed(hall, database_url): ...

@pytest.mark.skip
@pytest.mark.promise("SKIPPED")
def test_skipped(tmp_path): ...

@pytest.mark.xfail(reason="not yet")
@pytest.mark.promise("FAILING")
def test_failing(tmp_path): ...
"""
