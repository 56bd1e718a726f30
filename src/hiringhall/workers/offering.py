"""Opens a pull request for what was pushed, where the task's team wants that: by the host alone."""

from dataclasses import dataclass

from hiringhall.domain.errors import HallError, Invalid
from hiringhall.domain.ids import task_ref
from hiringhall.domain.sentences import Field, sentence
from hiringhall.domain.teams import PullRequests
from hiringhall.github import Offered, Pull
from hiringhall.workers.access import Access
from hiringhall.workers.git.errors import WorkspaceError
from hiringhall.workers.workspace import Workspace

MOST_BODY = 60_000
"""Characters of a pull request's text; GitHub takes 65,536."""
MOST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What came of it: the pull request that is open, or why none is. Neither: none was wanted."""

    opened: Offered | None = None
    failed_because: str = ""

    @property
    def words(self) -> str:
        """A sentence for people; empty where nothing was wanted."""
        if self.opened is not None:
            return f"Pull request: {self.opened.url}"
        return self.failed_because and f"No pull request was opened. {self.failed_because}"

    @property
    def links(self) -> tuple[str, ...]:
        """The pull request's address."""
        return () if self.opened is None else (self.opened.url,)


async def offer(access: Access, workspace: Workspace, *, title: str, text: str) -> Offer:
    """Offer the pushed branch of a run; that it cannot be is no reason to fail for.

    `title` and `text` are shown to whoever sees the repository: no secret may be in them.
    """
    try:
        keys = await access.keys(workspace.task_id)
        if keys.pull_requests is PullRequests.NONE or workspace.repository is None:
            return Offer()
        if keys.github is None or keys.token_for(workspace.repository) is None:
            raise Invalid(
                sentence("The team has no ", Field("githubToken"), " for this repository")
            )
        if workspace.default_branch is None:
            raise Invalid("The repository has no default branch yet")
        pull = Pull(
            branch=workspace.branch,
            base=workspace.default_branch,
            title=" ".join(title.split())[:MOST_TITLE] or workspace.branch,
            body=_body(text, workspace.task_id),
        )
        opened = await keys.github.offer(
            workspace.repository,
            pull,
            token=keys.token or "",
            draft=keys.pull_requests is PullRequests.DRAFT,
        )
    except WorkspaceError as error:
        return Offer(failed_because=error.reason)
    except HallError as error:
        return Offer(failed_because=f"{error.message.rstrip('.')}.")
    return Offer(opened)


def _body(text: str, task_id: str) -> str:
    end = f"\n\n---\nMade by a worker of Hiringhall for {task_ref(task_id)}."
    room = MOST_BODY - len(end)
    return (text if len(text) <= room else text[: room - 1] + "…") + end
