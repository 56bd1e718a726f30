"""What somebody typed in a real browser stays: beside files too large, and beside a template."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Comes
from tests.browser.people import Somebody
from tests.browser.test_boards import founds
from tests.browser.test_market import offers

pytestmark = pytest.mark.anyio

BRIEF = "Label all of these, one word each."
TYPED = "# All of them\n\nSee the file."
TOO_LARGE = "These files are larger than 16 MB together"


async def takes(somebody: Somebody, name: str, task: str) -> None:
    """Claim a task, and be where it is handed in, with a text typed."""
    await somebody.signs_up(name)
    await somebody.opens(task)
    await somebody.presses("Take it")
    await somebody.follows("Hand in work")
    await somebody.types("What you made", TYPED)


async def test_a_file_too_large_is_said_at_its_field_and_not_sent(
    ada: Somebody, comes: Comes, tmp_path: Path
) -> None:
    task = await offers(ada, "claim", "20.00")
    bob = await comes()
    await takes(bob, "bob", task)
    large, small = tmp_path / "large.bin", tmp_path / "small.txt"
    large.write_bytes(bytes(17 << 20))
    small.write_text("a,b")
    files = bob.page.get_by_label("Files")
    await files.set_input_files(large)
    await expect(bob.page.locator("#files-wrong")).to_contain_text(TOO_LARGE)
    await bob.presses("Hand it in")
    await expect(bob.page.get_by_label("What you made")).to_have_value(TYPED)
    assert bob.path == f"{task}/deliver"
    await files.set_input_files(small)
    await expect(bob.page.locator("#files-wrong")).to_be_hidden()
    await bob.presses("Hand it in")
    await bob.sees("Delivery 1")


@pytest.mark.parametrize("mib", [17, 60])
async def test_without_a_script_the_answer_holds_what_was_typed(
    ada: Somebody, comes: Comes, tmp_path: Path, mib: int
) -> None:
    task = await offers(ada, "claim", "20.00")
    bob = await comes(scripts=False)
    await takes(bob, "bob", task)
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(mib << 20)
    await bob.page.get_by_label("Files").set_input_files(large)
    await bob.presses("Hand it in")
    await expect(bob.page.locator("#files-wrong")).to_contain_text(TOO_LARGE)
    await bob.sees("choose your files again")
    await expect(bob.page.get_by_label("What you made")).to_have_value(TYPED)
    await bob.presses("Hand it in")
    await bob.sees("Delivery 1")


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_template_takes_nothing_from_who_types(comes: Comes, *, scripts: bool) -> None:
    ada = await comes(scripts=scripts)
    await ada.signs_up("ada")
    board = await founds(ada)
    await ada.opens(f"{board}/playbook")
    editor = ada.page.get_by_role("textbox", name="Playbook")
    await editor.fill("Ours alone")
    await ada.presses("autopilot")
    await expect(editor).to_have_value("Ours alone")
    # By keys: where the page goes on is where they are.
    await expect(ada.page.get_by_role("button", name="Put it in place")).to_be_focused()
    await ada.page.keyboard.press("Enter")
    await ada.sees("There is a template in it now")
    await expect(editor).not_to_have_value("Ours alone")
    await ada.page.get_by_role("button", name="Undo").press("Enter")
    await expect(editor).to_have_value("Ours alone")
    await ada.presses("Save")
    await expect(editor).to_have_value("Ours alone")


async def test_back_leads_to_what_was_typed_and_the_same_form_posts_one_task(
    ada: Somebody,
) -> None:
    await ada.opens("/app/tasks/new")
    await ada.types("Title", "Label these")
    await ada.types("What is to be done", BRIEF)
    await ada.page.get_by_role("button", name="Whoever comes first").click()
    await ada.types("Price (USD)", "20")
    await ada.presses("See what it costs")
    await ada.presses("Post it and hold 20.00")
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Label these")
    first = ada.path
    assert BRIEF.split(maxsplit=1)[0] not in ada.page.url
    # What was said to cost so much is there still; sent again, it is that task.
    await ada.page.go_back()
    await expect(ada.page.get_by_label("Title", exact=True)).to_have_value("Label these")
    await ada.presses("Post it and hold 20.00")
    await expect(ada.page.get_by_role("heading", level=1)).to_have_text("Label these")
    assert ada.path == first
    # And further back, before the engagement was chosen.
    for _ in range(3):
        await ada.page.go_back()
        if ada.path == "/app/tasks/new":
            await expect(ada.page.get_by_label("What is to be done")).to_have_value(BRIEF)
