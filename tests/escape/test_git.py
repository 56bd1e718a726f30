"""Git: whatever a run makes of its repository, only its branch comes out, and nothing runs here."""

from pathlib import Path

import pytest

from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State
from tests.escape.cell import Cell
from tests.workers.shop import git

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]

SETTINGS = """
evil = "touch " + sys.argv[1]
open("/workspace/evil.sh", "w").write("#!/bin/sh\\n" + evil + "\\n")
os.chmod("/workspace/evil.sh", 0o755)
for key, value in {
    "core.fsmonitor": evil + " #", "core.hooksPath": "/workspace/hooks", "core.editor": evil,
    "core.pager": evil, "core.sshCommand": evil, "core.askPass": evil, "core.gitProxy": evil,
    "core.alternateRefsCommand": evil, "credential.helper": "!" + evil, "diff.external": evil,
    "diff.evil.textconv": evil, "filter.evil.clean": evil, "filter.evil.smudge": evil,
    "filter.evil.process": evil, "filter.evil.required": "true", "merge.evil.driver": evil,
    "gpg.program": evil, "commit.gpgSign": "true", "uploadpack.packObjectsHook": evil,
    "gc.recentObjectsHook": evil, "remote.origin.uploadpack": evil, "remote.origin.receivepack": evil,
    "remote.origin.url": "ext::sh -c '" + evil + "'", "protocol.ext.allow": "always",
    "url.ext::sh -c x.insteadOf": "https://", "include.path": "/workspace/included",
    "includeIf.gitdir:/.path": "/workspace/included", "sequence.editor": evil,
    "interactive.diffFilter": evil, "trailer.x.command": evil, "receive.procReceiveRefs": "refs",
    "extensions.worktreeConfig": "true", "core.worktree": "/usr", "alias.fetch": "!" + evil,
}.items():
    run("git", "-c", "core.fsmonitor=false", "config", "--local", key, value)
open("/workspace/included", "w").write("[core]\\n\\tfsmonitor = " + evil + "\\n")
open("/workspace/.gitattributes", "w").write("* filter=evil diff=evil merge=evil text=auto eol=crlf ident\\n")
for folder in ("/workspace/hooks", "/workspace/.git/hooks"):
    os.makedirs(folder, exist_ok=True)
    for hook in ("pre-commit", "post-commit", "commit-msg", "post-checkout", "post-merge", "pre-push",
                 "reference-transaction", "post-index-change", "update", "pre-receive", "post-receive",
                 "post-update", "proc-receive", "push-to-checkout", "fsmonitor-watchman", "pre-auto-gc",
                 "prepare-commit-msg", "applypatch-msg", "post-rewrite", "sendemail-validate"):
        os.path.exists(folder + "/" + hook) or os.symlink("/workspace/evil.sh", folder + "/" + hook)
"""


@pytest.mark.attempt(
    "sets hooks, `core.fsmonitor`, `core.hooksPath`, filters, diff, merge and credential programs, "
    "aliases, includes and `ext::` addresses in its repository, and commits hooks and attributes",
    "the program they all name leaves no mark on the host: not when the work is collected, pushed, "
    "nor when the next run is prepared from it",
)
async def test_hooks_and_settings(cell: Cell, repository: Path) -> None:
    mark = cell.marker()
    task = await cell.begin(
        SETTINGS
        + """
open("/workspace/work.txt", "a").write("line\\n")
say(read("/workspace/work.txt"))
""",
        str(mark),
        task={"repository": str(repository)},
    )
    first = await cell.ended(task)
    assert first.found == "line\n"
    assert first.files["work.txt"] == b"line\n"
    await cell.send_back(task)
    second = await cell.ended(task)
    assert second.state is State.IN_REVIEW
    assert second.found.replace("\r", "") == "line\nline\n"
    assert not mark.exists()
    branch = branch_of(task.id)
    assert git(repository, "show", f"{branch}:hooks/pre-commit") == "/workspace/evil.sh"
    config = (repository / ".git/config").read_text()
    assert "evil" not in config
    assert "touch" not in config


@pytest.mark.attempt(
    "moves other branches and tags, packs refs of its own invention, points HEAD at `main`, at "
    "`../../x`, at another task's branch, and asks to have them pushed",
    "at the repository only the task's own branch is new, and `main` is where it was",
)
@pytest.mark.parametrize("trick", ["HEAD", "climbs", "packed", "replaced", "detached", "shallow"])
async def test_refs_and_head(cell: Cell, repository: Path, trick: str) -> None:
    main = git(repository, "rev-parse", "main")
    tried = await cell.attempt(
        """
trick = sys.argv[1]
open("work.txt", "w").write("work\\n")
git("add", "-A")
git("commit", "-qm", "Work")
tip = git("rev-parse", "HEAD")[1].strip()
for ref in ("refs/heads/main", "refs/heads/evil", "refs/tags/v1", "refs/remotes/origin/main",
            "refs/heads/worker/task_aaaaaaaaaaaaaaaaaaaaaaaaaa", "refs/notes/x", "refs/pull/1/head"):
    git("update-ref", ref, tip)
inside = "/workspace/.git/"
if trick == "HEAD":
    open(inside + "HEAD", "w").write("ref: refs/heads/main\\n")
elif trick == "climbs":
    open(inside + "HEAD", "w").write("ref: refs/heads/../../../../../etc/passwd\\n")
elif trick == "packed":
    git("pack-refs", "--all")
    open(inside + "packed-refs", "a").write(tip + " refs/heads/../../config\\n" + tip + " refs/heads/main\\n")
elif trick == "replaced":
    git("replace", tip, "HEAD~1")
    open(inside + "info/grafts", "w").write(tip + "\\n")
elif trick == "detached":
    git("checkout", "-q", "--detach")
elif trick == "shallow":
    open(inside + "shallow", "w").write(tip + "\\n")
say(tip)
""",
        trick,
        task={"repository": str(repository)},
    )
    assert tried.state is State.IN_REVIEW
    assert git(repository, "rev-parse", "main") == main
    refs = git(repository, "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/main", f"refs/heads/{branch_of(tried.task.id)}"]
    assert git(repository, "show", f"{branch_of(tried.task.id)}:work.txt") == "work\n"
    assert (repository / ".git/HEAD").read_text() == "ref: refs/heads/main\n"


@pytest.mark.attempt(
    "puts another repository in the place of its own: `.git` as a file or a link that leads to a "
    "repository on the host, shared objects, a work tree elsewhere",
    "what lies there is not collected: the files of the workspace are, and nothing else is pushed",
)
@pytest.mark.parametrize("way", ["file", "link", "alternates", "commondir", "worktree"])
async def test_another_repository_in_its_place(
    cell: Cell, repository: Path, tmp_path: Path, way: str
) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(repository), str(other))
    (other / "secret.txt").write_text("of-another-repository")
    git(other, "add", ".")
    git(other, "commit", "-qm", "Secret")
    tip = git(other, "rev-parse", "HEAD").strip()
    tried = await cell.attempt(
        """
way, other, tip = sys.argv[1:]
import shutil
branch = os.environ["HIRINGHALL_BRANCH"]
if way in ("file", "link"):
    shutil.rmtree("/workspace/.git")
if way == "file":
    open("/workspace/.git", "w").write("gitdir: " + other + "/.git\\n")
elif way == "link":
    os.symlink(other + "/.git", "/workspace/.git")
elif way == "alternates":
    open("/workspace/.git/objects/info/alternates", "w").write(other + "/.git/objects\\n")
    git("update-ref", "HEAD", tip)
    outcome(lambda: open("/workspace/.git/refs/heads/" + branch, "w").write(tip + "\\n"))
elif way == "commondir":
    open("/workspace/.git/commondir", "w").write(other + "/.git\\n")
elif way == "worktree":
    open("/workspace/.git/config", "a").write("[core]\\n\\tworktree = " + other + "\\n")
open("/workspace/new.txt", "w").write("new\\n")
say(read(other + "/secret.txt"))
""",
        way,
        str(other),
        tip,
        task={"repository": str(repository)},
    )
    assert tried.found == ""
    assert tried.files == {"new.txt": b"new\n"}
    branch = branch_of(tried.task.id)
    assert git(repository, "ls-tree", "--name-only", branch).split() == ["hello.txt", "new.txt"]
    assert b"of-another-repository" not in await cell.kept()


@pytest.mark.attempt(
    "commits submodules whose addresses are folders of the host, `ext::` programs and options, whose "
    "names climb, and which name a program to update them by",
    "they stay entries in a tree, or git does not take them at all: nothing is fetched for them when "
    "the next run is prepared, and no program is run",
)
@pytest.mark.parametrize("way", ["folder", "program", "option", "climbs", "update"])
async def test_submodules(cell: Cell, repository: Path, tmp_path: Path, way: str) -> None:
    mark = cell.marker()
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(repository), str(other))
    (other / "secret.txt").write_text("of-a-submodule")
    git(other, "add", ".")
    git(other, "commit", "-qm", "Secret")
    tip = git(other, "rev-parse", "HEAD").strip()
    task = await cell.begin(
        """
way, other, tip, mark = sys.argv[1:]
name = "../../d" if way == "climbs" else "a"
url = {"program": "ext::sh -c touch% " + mark, "option": "-u./x"}.get(way, other)
with open(".gitmodules", "w") as file:
    file.write(f'[submodule "{name}"]\\n\\tpath = a\\n\\turl = {url}\\n')
    file.write(f"\\tupdate = !touch {mark}\\n" if way == "update" else "")
git("update-index", "--add", "--cacheinfo", "160000," + tip + ",a")
git("add", ".gitmodules")
git("commit", "-qm", "Modules")
open("n.txt", "a").write("x")
say(read("a/secret.txt"))
""",
        way,
        str(other),
        tip,
        str(mark),
        task={"repository": str(repository)},
    )
    first = await cell.ended(task)
    if first.state is State.IN_REVIEW:
        await cell.send_back(task)
        assert (await cell.ended(task)).found == ""
    else:
        assert "git does not take the commits" in first.words[-1]
        assert git(repository, "branch", "--list", "worker/*") == ""
    assert not mark.exists()
    assert b"of-a-submodule" not in await cell.kept()
