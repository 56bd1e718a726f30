"""What is laid by for a delivery: files as they are now, and criteria as they were found."""

import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hiringhall.actions.runs import outcomes, preparing, recovery, working
from hiringhall.actions.runs.outcomes import NewFile
from hiringhall.blobs import LocalBlobs
from hiringhall.domain.errors import Forbidden
from hiringhall.domain.policy import Actor, ActorKind
from hiringhall.hall import Hall
from hiringhall.queries.tasks import TaskResult, task_result
from hiringhall.store import tasks
from hiringhall.store.database import Tx
from hiringhall.workers.coordination import taking
from hiringhall.workers.coordination.desk import Desk, HandIn, SeenWorkspace
from hiringhall.workers.masking import LiveSecrets
from hiringhall.workers.stretch import RunningStretch
from tests.coordination.callers import Client
from tests.support.halls import post, sign_up

pytestmark = pytest.mark.anyio

SECRET = "sk-canary-0123456789abcdef"
CRITERIA = "1. It is blue\n2. It dries"


class Bench:
    """A run at work in a workspace of the test's, with its client."""

    def __init__(self, desk: Desk, workspace: Path, blobs: LocalBlobs) -> None:
        self.desk = desk
        self.workspace = workspace
        self.blobs = blobs
        self.client = Client(desk)

    async def result(self) -> TaskResult:
        task = self.desk.brief.task
        ada = Actor(ActorKind.USER, task.organization_id, task.created_by)
        return await task_result(self.desk.hall, actor=ada, task_id=task.id)

    async def content_of(self, key: str) -> bytes:
        async with self.blobs.open(key) as blob:
            return b"".join([piece async for piece in blob.chunks])


@pytest.fixture
async def bench(hall: Hall, tmp_path: Path) -> Bench:
    return await bench_of(hall, tmp_path)


async def bench_of(hall: Hall, tmp_path: Path, *, criteria: str | None = None) -> Bench:
    task = await post(hall, await sign_up(hall))
    if criteria is not None:
        await give_criteria(hall, task.id, criteria)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    blobs = LocalBlobs(tmp_path / "blobs")
    return Bench(await desk_at(hall, workspace, blobs), workspace, blobs)


async def give_criteria(hall: Hall, task_id: str, criteria: str) -> None:
    """The task's poster says what is to be checked."""

    async def write(tx: Tx) -> None:
        task = await tasks.for_change(tx, task_id)
        assert task is not None
        now = replace(task, accept_criteria=criteria, version=task.version + 1)
        await tasks.save(tx, was=task, now=now)

    await hall.database.write(write)


async def desk_at(hall: Hall, workspace: Path, blobs: LocalBlobs) -> Desk:
    run = await working.claim_next_run(hall, node_id="n", lease_s=30, runtimes=["rehearsal"])
    assert run is not None
    brief = await working.start_run(hall, token=run.token)
    secrets = LiveSecrets()
    secrets.hold(SECRET)
    work = RunningStretch(hall, blobs, brief, secrets)
    seen = SeenWorkspace(workspace, "/workspace")
    return Desk(hall, brief, work.mask, attach=work.attach, workspace=seen)


async def test_a_file_is_taken_as_it_is_now(bench: Bench) -> None:
    (bench.workspace / "out").mkdir()
    path = bench.workspace / "out" / "page.html"
    path.write_text(f"first {SECRET}")
    assert await bench.client.data("attach_file", path="out/page.html") == {"name": "out/page.html"}
    path.write_text("changed since")
    said = await bench.client.data("attach_file", path="note.txt", content="In words")
    assert said == {"name": "note.txt"}
    encoded = b64encode(b"\x00\xff").decode()
    await bench.client.data("attach_file", path="../raw.bin", base64=encoded)
    await outcomes.deliver(bench.desk.hall, token=bench.desk.token, text="Done")
    files = {file.name: file for file in (await bench.result()).files}
    assert sorted(files) == ["note.txt", "out/page.html", "raw.bin"]
    assert await bench.content_of(files["out/page.html"].blob_key) == b"first [secret]"
    assert await bench.content_of(files["raw.bin"].blob_key) == b"\x00\xff"


async def test_the_same_name_takes_its_place_and_goes_before_what_is_collected(
    bench: Bench,
) -> None:
    for text in ("one", "two"):
        (bench.workspace / "a.txt").write_text(text)
        await bench.client.data("attach_file", path="/workspace/a.txt")
    collected = NewFile("a.txt", 5, b"\0" * 32, "elsewhere")
    other = NewFile("b.txt", 5, b"\0" * 32, "elsewhere")
    hall, token = bench.desk.hall, bench.desk.token
    await outcomes.deliver(hall, token=token, text="Done", files=[collected, other])
    files = (await bench.result()).files
    assert [file.name for file in files] == ["a.txt", "b.txt"]
    assert await bench.content_of(files[0].blob_key) == b"two"


async def test_nothing_but_a_file_of_the_workspace_is_taken(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_BYTES", 1_000)
    (tmp_path / "host.txt").write_text("the host's")
    inside = bench.workspace
    (inside / "folder").mkdir()
    (inside / ".git").mkdir()
    (inside / ".git" / "config").write_text("x")
    (inside / "link.txt").symlink_to(tmp_path / "host.txt")
    (inside / "up").symlink_to(tmp_path)
    (inside / "large.bin").write_bytes(b"x" * 1_001)
    os.mkfifo(inside / "pipe")
    for path in (
        *("link.txt", "up/host.txt", "../host.txt", "folder/../../host.txt", "folder", "pipe"),
        *(str(tmp_path / "host.txt"), "/etc/passwd", "missing.txt", "", " ", ".git/config"),
        *("large.bin", "a\0b", "a\nb", "x" * 2_000, "/workspace", "folder/", "link.txt/x"),
    ):
        text, refused = await bench.client.call("attach_file", path=path)
        assert refused, path
        assert "the host's" not in text
    for wrong in ({"content": "x", "base64": "eA=="}, {"base64": "not base 64!"}):
        assert (await bench.client.call("attach_file", path="a.txt", **wrong))[1]
    await outcomes.deliver(bench.desk.hall, token=bench.desk.token, text="Done")
    assert (await bench.result()).files == []


async def test_a_deliverable_has_so_many_files_and_bytes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "MAX_FILES", 2)
    monkeypatch.setattr(preparing, "MAX_ATTACHED_BYTES", 10)
    hall, token = bench.desk.hall, bench.desk.token

    async def attach(name: str, size_bytes: int) -> None:
        file = NewFile(name, size_bytes, b"\0" * 32, hall.new_id())
        await preparing.attach_file(hall, token=token, file=file)

    await attach("a", 9)
    with pytest.raises(Forbidden, match="bytes"):
        await attach("b", 2)
    await attach("b", 1)
    await attach("a", 8)
    with pytest.raises(Forbidden, match="files"):
        await attach("c", 1)


async def test_what_a_lost_run_attached_its_successor_hands_in(bench: Bench) -> None:
    hall, token = bench.desk.hall, bench.desk.token
    await bench.client.data("attach_file", path="a.txt", content="x")
    await recovery.replace_lost_run(hall, run_id=token.run_id)
    text, refused = await bench.client.call("attach_file", path="b.txt", content="x")
    assert refused
    assert "Another run" in text
    successor = await desk_at(hall, bench.workspace, bench.blobs)
    await outcomes.deliver(hall, token=successor.token, text="Done")
    assert [file.name for file in (await bench.result()).files] == ["a.txt"]


async def test_criteria_are_checked_before_a_delivery_or_it_is_said(
    hall: Hall, tmp_path: Path
) -> None:
    bench = await bench_of(hall, tmp_path, criteria=CRITERIA)
    client = bench.client
    told = (await client.data("get_context"))["task"]["accept_criteria"]
    assert [(one["number"], one["text"], one["met"]) for one in told] == [
        (1, "It is blue", None),
        (2, "It dries", None),
    ]
    left = await client.data("check_criterion", number=1, met=True, evidence="Looked at it")
    assert left == {"unchecked": ["2. It dries"]}
    text, refused = await client.call("deliver", text="Painted")
    assert refused
    assert "2. It dries" in text
    assert "1. " not in text
    assert bench.desk.submitted is None
    assert not (await client.call("deliver", text="Painted"))[1]
    assert isinstance(bench.desk.submitted, HandIn)
    assert bench.desk.submitted.text == (
        "Painted\n\nAccept criteria:\n1. It is blue: met (Looked at it)\n2. It dries: not checked"
    )
    for arguments in ({"number": 3}, {"number": 0}, {"evidence": ""}, {"met": "yes"}):
        given: dict[str, Any] = {"number": 1, "met": True, "evidence": "x", **arguments}
        assert (await client.call("check_criterion", **given))[1]


async def test_where_all_is_checked_it_is_delivered_at_once(hall: Hall, tmp_path: Path) -> None:
    bench = await bench_of(hall, tmp_path, criteria=CRITERIA)
    for number in (1, 2):
        evidence = f"Saw it {SECRET}"
        await bench.client.data("check_criterion", number=number, met=False, evidence=evidence)
    left = await bench.client.data("check_criterion", number=2, met=True, evidence="Now it does")
    assert left == {"unchecked": []}
    assert not (await bench.client.call("deliver", text="Painted"))[1]
    assert isinstance(bench.desk.submitted, HandIn)
    assert bench.desk.submitted.text.endswith(
        "1. It is blue: not met (Saw it [secret])\n2. It dries: met (Now it does)"
    )
