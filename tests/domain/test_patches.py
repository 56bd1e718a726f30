"""Patches as git writes them, of hostile names and contents too, read and cut and spoken of."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hiringhall.domain.patches import (
    Kind,
    comments_text,
    found_line,
    in_parts,
    path_of,
    read_patch,
)

PATCH = """\
diff --git a/src/a b.py b/src/a b.py
index 1111111..2222222 100644
--- a/src/a b.py\t
+++ b/src/a b.py\t
@@ -1,3 +1,4 @@ def first():
 same
-gone
+diff --git a/evil b/evil
+@@ -1 +1 @@
 last
\\ No newline at end of file
@@ -20 +21 @@
-x
+y
diff --git a/new.bin b/new.bin
new file mode 100755
index 0000000..3333333
Binary files /dev/null and b/new.bin differ
diff --git "a/\\303\\251\\n\\"q.txt" "b/\\303\\251\\n\\"q.txt"
deleted file mode 100644
--- "a/\\303\\251\\n\\"q.txt"
+++ /dev/null
@@ -1,2 +0,0 @@
-one\u2028still one
-two
"""


def test_files_lines_and_their_numbers() -> None:
    first, binary, odd = read_patch(PATCH)
    assert first.path == "src/a b.py"
    assert (first.added, first.removed) == (3, 2)
    kinds = [(line.kind.value, line.old, line.new) for line in first.lines]
    assert kinds == [
        ("gap", None, None), ("same", 1, 1), ("removed", 2, None), ("added", None, 2),
        ("added", None, 3), ("same", 3, 4), ("note", None, None), ("gap", None, None),
        ("removed", 20, None), ("added", None, 21),
    ]  # fmt: skip
    assert first.lines[3].text == "diff --git a/evil b/evil", "what a file says is no head"
    assert (binary.path, binary.lines) == ("new.bin", [])
    assert "Binary files" in binary.said
    assert odd.path == 'é\n"q.txt'
    assert [line.text for line in odd.lines[1:]] == ["one\u2028still one", "two"]
    assert (binary.first, odd.first) == (10, 10)


def test_a_patch_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    whole = read_patch(PATCH)
    for end in range(0, len(PATCH), 7):
        found = read_patch(PATCH[:end])
        assert len(found) <= len(whole)
        assert [one.path for one in found[:-1]] == [one.path for one in whole[: len(found)][:-1]]


@given(st.text(alphabet="ab \n+-@\\\"'<diff--git 0123456789,/", max_size=400))
def test_anything_at_all_is_read(text: str) -> None:
    for raw in (text, f"diff --git a/x b/x\n@@ -1,9 +1,9 @@\n{text}"):
        places = [
            place
            for one in read_patch(raw)
            for place in range(one.first, one.first + len(one.lines))
        ]
        assert places == list(range(len(places)))


@given(st.integers(1, 12), st.integers(40, 3_000))
def test_parts_hold_every_line_once_and_keep_their_bounds(most: int, weight: int) -> None:
    files = read_patch(PATCH * 5)
    parts = in_parts(files, most_lines=most, most_weight=weight)
    shown = [line for part in parts for one in part for line in one.lines]
    assert shown == [line for file in files for line in file.lines]
    for part in parts:
        assert sum(len(one.lines) for one in part) <= most
        for one in part:
            for at, line in enumerate(one.lines, start=one.first):
                assert found_line(files, at) == (one.file, line)


def test_a_long_line_is_cut() -> None:
    (file,) = read_patch("diff --git a/x b/x\n@@ -0,0 +1 @@\n+" + "x" * 5_000)
    assert len(file.lines[1].text) < 500


def test_what_is_said_of_lines_is_one_text() -> None:
    files = read_patch(PATCH)
    said = comments_text(" On the whole. ", files, {3: "Not so", 2: "Why?", 99: "Nowhere", 5: " "})
    assert said == (
        "On the whole.\n\n"
        "src/a b.py, line 2 before the change:\n\n    - gone\n\nWhy?\n\n"
        "src/a b.py, line 2:\n\n    + diff --git a/evil b/evil\n\nNot so"
    )
    assert comments_text("", files, {}) == ""


@pytest.mark.parametrize(
    "name",
    ["plain.txt", "a b/b a", "b/b b/b", 'q"uote', "tab\there", "é", "back\\slash", "new\nline"],
)
def test_names_are_read_as_git_writes_them(name: str, tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("text\n")
    subprocess.run([*git, "add", "-A"], check=True)
    said = subprocess.run(
        [*git, "diff", "--cached", "--no-renames", "--no-color"], check=True, capture_output=True
    )
    (file,) = read_patch(said.stdout.decode())
    assert file.path == name
    assert [line.kind for line in file.lines] == [Kind.GAP, Kind.ADDED]


def test_a_head_that_is_none_leads_nowhere() -> None:
    assert path_of("diff --git ") == ""
