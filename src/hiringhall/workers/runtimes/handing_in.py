"""How an agent's last word becomes the run's outcome: collected, pushed, and its files stored."""

from collections.abc import Sequence

from hiringhall.actions.runs.outcomes import NewFile, NewPatch
from hiringhall.workers.agents.lastwords import from_last_word
from hiringhall.workers.coordination.desk import HandIn
from hiringhall.workers.git.worked import Collected
from hiringhall.workers.place import Finished, Place, TakenIn
from hiringhall.workers.reports import LastWord
from hiringhall.workers.runtimes.port import Delivered, Outcome, Stretch
from hiringhall.workers.workspace import Workspace


async def hand_in(place: Place, stretch: Stretch, finished: Finished[LastWord]) -> Outcome:
    """What the run came to. Raises WorkspaceError where the work could not be taken in."""
    word, workspace = finished.report, finished.workspace
    submitted = from_last_word(word)
    if not isinstance(submitted, HandIn):
        await place.keep_wip(workspace)
        return submitted
    return await _deliver(place, stretch, submitted, word, workspace)


async def _deliver(
    place: Place, stretch: Stretch, hand_in: HandIn, word: LastWord, workspace: Workspace
) -> Delivered:
    taken = await place.take_in(
        workspace,
        token=stretch.brief.run.token,
        message=stretch.brief.task.title,
        at_s=word.ended_at_s,
    )
    collected = taken.collected
    wanted = {name.removeprefix("/workspace/").removeprefix("./") for name in hand_in.files}
    attached = await stretch.attached()
    named = [
        file
        for file in collected.files
        if (not wanted or file.path in wanted) and file.path not in attached
    ]
    files = await place.keep_files(stretch, workspace, named)
    return await delivered(
        place, stretch, workspace, taken, files=files, text=_text(hand_in, taken)
    )


async def delivered(
    place: Place,
    stretch: Stretch,
    workspace: Workspace,
    taken: TakenIn,
    *,
    files: Sequence[NewFile],
    text: str,
) -> Delivered:
    """What is handed in, with a pull request for it where the team wants one."""
    offered = await place.offer(stretch, workspace, taken, text)
    if offered.words and (offered.opened is None or offered.opened.is_new):
        await stretch.progress(offered.words)
    collected = taken.collected
    return Delivered(
        "\n\n".join(part for part in (text, offered.words, taken.warning) if part),
        files,
        branch=collected.branch if collected.commit else None,
        commit=collected.commit,
        links=offered.links,
        patch=await _patch(stretch, collected),
    )


async def _patch(stretch: Stretch, collected: Collected) -> NewPatch | None:
    """What the work changes, kept for whoever looks at it: the repository may be gone by then."""
    changes = collected.changes
    if collected.commit is None or not (changes.patch or changes.patch_cut):
        return None
    content = changes.patch.encode("utf-8", "replace")
    kept = await stretch.keep_file("changes.patch", content)
    return NewPatch(
        len(changes.files), kept.size_bytes, kept.sha256, kept.blob_key, changes.patch_cut
    )


def _text(hand_in: HandIn, taken: TakenIn) -> str:
    """The deliverable's text: the agent's own, and what the hall has to add to it."""
    collected = taken.collected
    parts = [hand_in.text.strip() or "The agent said nothing about its work.", *collected.notes]
    if not collected.files:
        parts.append("No file was changed.")
    if collected.left_out:
        parts.append("Too large to take: " + ", ".join(collected.left_out))
    return "\n\n".join(parts)
