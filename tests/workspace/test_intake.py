"""What a sandbox hands out is judged by the host: every lie about a bundle is refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hiringhall.domain.ids import branch_of
from hiringhall.workers.git.errors import LiveSecret, TooLarge, WorkspaceError, WorkUnreadable
from hiringhall.workers.git.intake import Allowance
from hiringhall.workers.git.skeleton import EMPTY_COMMIT
from hiringhall.workers.sandboxes.port import SandboxError, SandboxSpec
from hiringhall.workers.workspace import Collected, Workspaces
from tests.workspace import forger
from tests.workspace.forger import BLOB, COMMIT, REF_DELTA, TAG, TREE, Forge, Forger
from tests.workspace.support import Origin, fresh_id, write_files

pytestmark = pytest.mark.anyio

TASK = fresh_id()
BRANCH = branch_of(TASK)
SMALL = Allowance(
    pack_bytes=1 << 20,
    object_bytes=1 << 16,
    total_bytes=1 << 18,
    objects=200,
    changed_files=50,
    time_s=30,
)

EMPTY_BLOB = forger.object_id(BLOB, b"")


def packed_commit(
    *entries: tuple[str, str, str], message: str = "forged", parent: str | None = EMPTY_COMMIT
) -> tuple[str, list[tuple[int, bytes]]]:
    """A commit's id, and it with its tree and an empty file."""
    tree = forger.tree(*entries)
    commit = forger.commit(forger.object_id(TREE, tree), message=message, parent=parent)
    objects = [(COMMIT, commit), (TREE, tree), (BLOB, b"")]
    return forger.object_id(COMMIT, commit), objects


GOOD = packed_commit(("100644", "a", EMPTY_BLOB))


def writes(content: bytes, tip: str = "") -> Forge:
    def forge(spec: SandboxSpec) -> None:
        (spec.session / "out.bundle").write_bytes(content)
        (spec.session / "tip").write_text(tip)

    return forge


async def taken(hall: Path, forge: Forge, *, origin: Origin | None = None) -> Collected:
    """What a hall takes from a sandbox that forges."""
    sandbox = Forger(forge)
    workspaces = Workspaces(hall, allow_local=True, sandbox=sandbox, allowance=SMALL)
    workspace = await workspaces.prepare(
        run_id=fresh_id(),
        task_id=TASK,
        organization_id=fresh_id(),
        repository=None if origin is None else str(origin.folder),
    )
    write_files(workspace.folder, {"something": "x"})
    return await workspaces.collect(workspace, message="x", secrets=["a-live-secret"])


async def test_a_forged_bundle_that_is_whole_is_taken(hall: Path) -> None:
    """So that the refusals below are not for a slip of the forger's."""
    tip, objects = GOOD
    collected = await taken(hall, writes(forger.bundle(BRANCH, tip, forger.pack(objects))))
    assert collected.commit == tip
    assert [file.path for file in collected.files] == ["a"]


def special(make: Callable[[Path], object], name: str = "out.bundle") -> Forge:
    def forge(spec: SandboxSpec) -> None:
        make(spec.session / name)

    return forge


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


NOT_FILES = {
    "a link": special(lambda path: path.symlink_to("/etc/passwd")),
    "a link to a bundle": special(lambda path: path.symlink_to(path.with_name("tip"))),
    "a pipe": special(os.mkfifo),
    "a folder": special(lambda path: path.mkdir()),
    "nothing": lambda spec: None,
    "a tip that is a link": special(lambda path: path.symlink_to("/etc/passwd"), "tip"),
    "a tip that is a pipe": special(os.mkfifo, "tip"),
    "a tip that is no commit": special(lambda path: path.write_text("HEAD"), "tip"),
    "a tip of rubbish": special(lambda path: path.write_bytes(b"\xff" * 60), "tip"),
    "a tip nobody has": special(lambda path: path.write_text("1" * 40), "tip"),
    "a failure": lambda spec: 1,
}


@pytest.mark.parametrize("name", sorted(NOT_FILES))
async def test_what_is_no_file_is_refused(hall: Path, name: str) -> None:
    with pytest.raises(WorkUnreadable):
        await taken(hall, NOT_FILES[name])


async def test_a_bundle_beyond_all_bounds_is_not_even_read(hall: Path) -> None:
    with pytest.raises(TooLarge, match="larger than the 1 MiB"):
        await taken(hall, special(large))


TIP, OBJECTS = GOOD
PACK = forger.pack(OBJECTS)
HEADERS = {
    "nothing": b"",
    "rubbish": os.urandom(500),
    "version 3": b"# v3 git bundle\n@filter=blob:none\n"
    + f"{TIP} refs/heads/{BRANCH}\n\n".encode(),
    "no end": b"# v2 git bundle\n" + b"-" + b"0" * 100_000,
    "no ref": b"# v2 git bundle\n\n" + PACK,
    "another ref": forger.bundle("main", TIP, PACK),
    "a ref with a path": forger.bundle(f"../{BRANCH}", TIP, PACK),
    "another's branch": forger.bundle(branch_of(fresh_id()), TIP, PACK),
    "a second ref": forger.bundle(BRANCH, TIP, PACK, f"{TIP} refs/heads/main"),
    "the branch twice": forger.bundle(BRANCH, TIP, PACK, f"{TIP} refs/heads/{BRANCH}"),
    "a line of rubbish": forger.bundle(BRANCH, TIP, PACK, "--upload-pack=x"),
    "a short id": forger.bundle(BRANCH, TIP[:39], PACK),
}


@pytest.mark.parametrize("name", sorted(HEADERS))
async def test_a_header_that_is_not_plain_is_refused(hall: Path, name: str) -> None:
    with pytest.raises(WorkUnreadable, match="bundle"):
        await taken(hall, writes(HEADERS[name]))


def tagged() -> bytes:
    tag = f"object {TIP}\ntype commit\ntag t\ntagger M <m@example.org> 1 +0000\n\nx\n".encode()
    packed = forger.pack([*OBJECTS, (TAG, tag)])
    return forger.bundle(BRANCH, forger.object_id(TAG, tag), packed)


def of(*entries: tuple[str, str, str], objects: list[tuple[int, bytes]] | None = None) -> bytes:
    tip, made = packed_commit(*entries)
    return forger.bundle(BRANCH, tip, forger.pack([*made, *(objects or [])]))


SUBTREE = forger.tree(("100644", "config", EMPTY_BLOB))
SUBTREE_ID = forger.object_id(TREE, SUBTREE)
MODULES = b'[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch /tmp/x\n'
MODULES_ID = forger.object_id(BLOB, MODULES)
PACKS = {
    "no pack": forger.bundle(BRANCH, TIP, b""),
    "half a pack": forger.bundle(BRANCH, TIP, PACK[: len(PACK) // 2]),
    "a spoiled pack": forger.bundle(BRANCH, TIP, PACK[:-25] + bytes(25)),
    "rubbish behind": forger.bundle(BRANCH, TIP, PACK + b"rubbish"),
    "a tip that is not there": forger.bundle(BRANCH, "1" * 40, PACK),
    "a tip that is a file": forger.bundle(BRANCH, EMPTY_BLOB, PACK),
    "a tip that is a folder": forger.bundle(BRANCH, SUBTREE_ID, forger.pack([(TREE, SUBTREE)])),
    "a tip that is a tag": tagged(),
    "a file that is not there": of(("100644", "a", "1" * 40)),
    "a parent that is not there": forger.bundle(
        BRANCH,
        packed_commit(("100644", "a", EMPTY_BLOB), parent="1" * 40)[0],
        forger.pack(packed_commit(("100644", "a", EMPTY_BLOB), parent="1" * 40)[1]),
    ),
    "a folder .git": of(("40000", ".git", SUBTREE_ID), objects=[(TREE, SUBTREE)]),
    "a folder .GIT": of(("40000", ".GIT", SUBTREE_ID), objects=[(TREE, SUBTREE)]),
    "a folder git~1": of(("40000", "git~1", SUBTREE_ID), objects=[(TREE, SUBTREE)]),
    "a folder ..": of(("40000", "..", SUBTREE_ID), objects=[(TREE, SUBTREE)]),
    "a path in a name": of(("100644", "a/b", EMPTY_BLOB)),
    "an empty name": of(("100644", "", EMPTY_BLOB)),
    "a name twice": of(("100644", "a", EMPTY_BLOB), ("100644", "a", EMPTY_BLOB)),
    "a hostile submodule": of(("100644", ".gitmodules", MODULES_ID), objects=[(BLOB, MODULES)]),
    "a linked .gitmodules": of(("120000", ".gitmodules", EMPTY_BLOB)),
}


@pytest.mark.parametrize("name", sorted(PACKS))
async def test_a_pack_that_is_not_sound_is_refused(hall: Path, name: str) -> None:
    with pytest.raises(WorkUnreadable):
        await taken(hall, writes(PACKS[name]))
    assert not _kept(hall)


def _kept(hall: Path) -> list[Path]:
    """What the hall's own repository holds of packs and refs."""
    below = list((hall / "repositories").glob("*/work.git/objects/pack/*"))
    return below + list((hall / "repositories").glob("*/work.git/refs/*/*"))


def swelling() -> bytes:
    """Some kilobytes that spell out a file of two gigabytes."""
    chunk = (1 << 24) - 1
    base = bytes(chunk)
    bomb = forger.delta(len(base), chunk * 128, 128, chunk)
    packed = forger.pack([*OBJECTS, (BLOB, base), (REF_DELTA, bomb, forger.object_id(BLOB, base))])
    return forger.bundle(BRANCH, TIP, packed)


def spreading() -> bytes:
    """Ten folders that spell out ten billion files."""
    content = forger.tree(*(("100644", f"{number}", EMPTY_BLOB) for number in range(10)))
    objects = [(TREE, content)]
    for _ in range(9):
        inner = forger.object_id(TREE, content)
        content = forger.tree(*(("40000", f"{number}", inner) for number in range(10)))
        objects.append((TREE, content))
    commit = forger.commit(forger.object_id(TREE, content), parent=EMPTY_COMMIT)
    packed = forger.pack([(COMMIT, commit), (BLOB, b""), *objects])
    return forger.bundle(BRANCH, forger.object_id(COMMIT, commit), packed)


def many(count: int, size: int) -> bytes:
    blobs = [number.to_bytes(4, "big") + bytes(size) for number in range(count)]
    entries = [("100644", f"{n:05}", forger.object_id(BLOB, blob)) for n, blob in enumerate(blobs)]
    return of(*entries, objects=[(BLOB, blob) for blob in blobs])


BOMBS = {
    "a large file": (many(1, 1 << 17), "a file|A file|MiB"),
    "many files of middling size": (many(10, 1 << 15), "unpacks to more than"),
    "many small files": (many(300, 1), "more than 200 objects"),
    "many paths": (of(*(("100644", f"{n:03}", EMPTY_BLOB) for n in range(60))), "50 files"),
    "a swelling delta": (swelling(), "larger than .* this hall takes"),
    "folders within folders": (spreading(), "50 files"),
    "a large pack": (
        forger.bundle(BRANCH, TIP, forger.pack([*OBJECTS, (BLOB, os.urandom(1 << 20))])[: 1 << 19])
        + os.urandom(600_000),
        "larger than",
    ),
}


@pytest.mark.parametrize("name", sorted(BOMBS))
async def test_a_bomb_is_put_out(hall: Path, name: str) -> None:
    content, sentence = BOMBS[name]
    with pytest.raises((TooLarge, WorkUnreadable), match=sentence):
        await taken(hall, writes(content))


async def test_a_commit_of_another_task_cannot_be_named(hall: Path, origin: Origin) -> None:
    """The mirror has it, but the run did not begin from it."""
    other = origin.commit({"secret plan": "x"}, branch="other")
    with pytest.raises(WorkUnreadable, match="does not have"):
        await taken(hall, special(lambda path: path.write_text(other), "tip"), origin=origin)


async def test_a_forged_message_with_a_secret_is_refused(hall: Path) -> None:
    tip, objects = packed_commit(("100644", "a", EMPTY_BLOB), message="uses a-live-secret")
    with pytest.raises(LiveSecret):
        await taken(hall, writes(forger.bundle(BRANCH, tip, forger.pack(objects))))
    assert not _kept(hall)


async def test_what_is_refused_once_is_tried_as_files_alone(hall: Path) -> None:
    calls: list[SandboxSpec] = []
    tip, objects = GOOD

    def forge(spec: SandboxSpec) -> int:
        calls.append(spec)
        if len(calls) == 1:
            return 128
        content = forger.bundle(BRANCH, tip, forger.pack(objects))
        (spec.session / "out.bundle").write_bytes(content)
        (spec.session / "left-out").write_bytes(b"\xff\xfe\n\n" + b"a" * 100)
        return 0

    collected = await taken(hall, forge)
    assert collected.commit == tip
    assert collected.notes[0].startswith("Only the files were taken, as one commit.")
    assert collected.left_out == ("\\xff\\xfe", "a" * 100)
    own, files = calls
    assert own.name != files.name
    assert files.environment["HALL_HEAD"] == EMPTY_COMMIT
    assert not files.session.exists()


async def test_a_sandbox_gets_no_secret_and_no_more_than_it_needs(hall: Path) -> None:
    tip, objects = GOOD
    sandbox = Forger(writes(forger.bundle(BRANCH, tip, forger.pack(objects))))
    workspaces = Workspaces(hall, allow_local=True, sandbox=sandbox)
    workspace = await workspaces.prepare(
        run_id=fresh_id(),
        task_id=TASK,
        organization_id=fresh_id(),
        repository=None,
        token="a-token-of-the-team",
    )
    write_files(workspace.folder, {"something": "x"})
    await workspaces.collect(workspace, message="x", secrets=["a-live-secret"])
    (spec,) = sandbox.asked
    assert "a-live-secret" not in repr(spec)
    assert "a-token-of" not in repr(spec)
    assert spec.sockets is None
    assert spec.read_only == ()
    assert not spec.relays
    assert spec.workspace == workspace.folder
    assert spec.session.is_relative_to(workspace.folder.parent)


async def test_a_sandbox_that_cannot_start_may_be_tried_again(hall: Path) -> None:
    def forge(spec: SandboxSpec) -> None:
        raise SandboxError("There is no room for a sandbox.")

    with pytest.raises(WorkspaceError, match="no room") as failed:
        await taken(hall, forge)
    assert failed.value.retryable
