"""A task's kept work as bundles that go to another node's repository, and in there.

What comes in is judged as a worker's own bundle is: whoever could write to the store of files
could otherwise write into repositories.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hiringhall.domain.ids import task_ref
from hiringhall.workers.git import skeleton
from hiringhall.workers.git.command import Git
from hiringhall.workers.git.errors import TooLarge, WorkUnreadable
from hiringhall.workers.git.intake import Allowance, Intake
from hiringhall.workers.git.mirror import Mirror

Kept = Literal["wip", "tips"]
"""Work that was left unfinished, or the last result."""
KEPT: tuple[Kept, ...] = ("wip", "tips")


@dataclass(frozen=True, slots=True)
class Brought:
    """A task's work as another node kept it: each kept ref's commit, and a bundle with it.

    There is no bundle where the commit is the repository's own, and where it is `unfetched`: of
    that the node keeps what it has. `refused` says in the end what could not be taken in.
    """

    commits: Mapping[Kept, str]
    bundles: Mapping[Kept, Path]
    unfetched: set[Kept] = field(default_factory=set[Kept])
    refused: list[str] = field(default_factory=list[str])


def kept_ref(kept: Kept, task_id: str) -> str:
    """Where `work.git` has it."""
    return f"refs/{kept}/{task_ref(task_id)}"


async def bundled(
    git: Git,
    mirror: Mirror,
    task_id: str,
    folder: Path,
    *,
    allowance: Allowance,
    but: Mapping[Kept, str],
) -> Brought:
    """What `mirror` keeps of a task, with its bundles in `folder`; none for commits in `but`.

    Raises:
        WorkspaceError: TooLarge, TimedOut, GitFailed.
    """
    commits: dict[Kept, str] = {}
    bundles: dict[Kept, Path] = {}
    for kept in KEPT:
        ref, target = kept_ref(kept, task_id), folder / f"{kept}.bundle"
        commit = skeleton.get_ref(mirror.work, ref)
        if commit is None:
            continue
        commits[kept] = commit
        if commit != but.get(kept) and await _write_bundle(
            git,
            mirror.work,
            ref,
            commit,
            known=await mirror.commits(),
            target=target,
            allowance=allowance,
        ):
            bundles[kept] = target
    return Brought(commits, bundles)


async def bundled_from(
    git: Git,
    repository: Path,
    *,
    ref: str,
    commit: str,
    known: Iterable[str],
    target: Path,
    allowance: Allowance,
) -> Path | None:
    """Bundle a commit of some repository under a ref, but for what is `known` everywhere.

    None where nothing is left of it. Raises TooLarge, TimedOut, GitFailed.
    """
    skeleton.set_ref(repository, ref, commit)
    written = await _write_bundle(
        git, repository, ref, commit, known=known, target=target, allowance=allowance
    )
    return target if written else None


async def _write_bundle(
    git: Git,
    repository: Path,
    ref: str,
    commit: str,
    *,
    known: Iterable[str],
    target: Path,
    allowance: Allowance,
) -> bool:
    """Bundle what a kept ref has beyond the repository itself; False where that is nothing."""
    theirs = [f"^{one}" for one in known]
    rows = "".join(f"{line}\n" for line in (commit, *theirs, f"^{skeleton.EMPTY_COMMIT}"))
    bounds = git.within(time_s=allowance.time_s, file_bytes=allowance.pack_bytes)
    answer = await git.run(
        "rev-list", "--max-count=1", "--stdin",
        repository=repository, stdin=rows.encode(), bounds=bounds,
    )  # fmt: skip
    if answer.code == 0 and not answer.text:
        return False
    excluded = rows.split("\n", 1)[1]
    answer = await git.run(
        "bundle", "create", "--quiet", "--version=2", str(target), ref, "--stdin",
        repository=repository, stdin=excluded.encode(), bounds=bounds,
    )  # fmt: skip
    if answer.code != 0:
        raise TooLarge(f"The work kept of the task cannot be bundled: {answer.err[:500]}")
    return True


async def take_in(
    git: Git, mirror: Mirror, task_id: str, brought: Brought, *, known: Path, allowance: Allowance
) -> None:
    """Have `mirror` keep of a task what another node kept of it, and nothing else.

    What cannot be taken is told in `brought.refused`, and what was kept here before stays.
    """
    mirror.make_work(borrow_mirror=mirror.mirror.is_dir())
    for kept in KEPT:
        if kept in brought.unfetched:
            continue
        ref, commit = kept_ref(kept, task_id), brought.commits.get(kept)
        if commit is None:
            skeleton.drop_ref(mirror.work, ref)
            continue
        try:
            bundle = brought.bundles.get(kept)
            if bundle is not None:
                await _take(git, mirror, ref, bundle, known, allowance)
            await _must_have(git, mirror, commit)
        except (WorkUnreadable, TooLarge) as error:
            brought.refused.append(error.reason)
            continue
        skeleton.set_ref(mirror.work, ref, commit)


async def _must_have(git: Git, mirror: Mirror, commit: str) -> None:
    answer = await git.run("cat-file", "-t", commit, repository=mirror.work)
    if answer.text != "commit":
        raise WorkUnreadable("The repository has a commit no more that earlier work ended at.")


async def _take(
    git: Git, mirror: Mirror, ref: str, bundle: Path, known: Path, allowance: Allowance
) -> None:
    folder = bundle.with_suffix(".intake")
    intake = Intake(git, folder, mirror.work, allowance)
    skeleton.write(folder, bare=True, head="hall-none", borrows=[mirror.work / "objects"])
    with bundle.open("rb") as file:
        await intake.take(file, ref=ref, known=known, secrets=())
