"""A team's private repository, for real: its token opens it, goes nowhere else, and is not told."""

from pathlib import Path

import pytest

from hiringhall.domain.ids import branch_of
from hiringhall.domain.tasks import State
from hiringhall.queries.tasks import task_log, task_result
from tests.workers.shop import TOKEN, Shop, configure, ended
from tests.workspace.support import GitServer, Origin, everything_below

pytestmark = [pytest.mark.anyio, pytest.mark.sandbox]


async def test_the_team_s_token_opens_it_and_stands_nowhere(
    private: Shop, server: GitServer, origin: Origin, tmp_path: Path
) -> None:
    url = server.url("org/project.git")
    await configure(private, gitRepoUrl=url, githubToken=TOKEN)
    await private.role(
        "env; cat .git/config; find / -name '*.git*' -path '*hall*' 2>/dev/null; echo x >x"
    )
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    assert origin.read(branch_of(task.id), "x") == "x"
    assert None not in server.seen.authorizations
    result = await task_result(private.app.hall, actor=private.ada, task_id=task.id)
    log = await task_log(private.app.hall, actor=private.ada, task_id=task.id)
    for told in (repr(result), repr(log), everything_below(tmp_path / "data").decode("latin-1")):
        assert TOKEN not in told
        assert "eC1hY2Nlc3M" not in told  # "x-access" in base 64, as a header has it
        assert "[secret]" not in told  # nothing had to be masked


async def test_without_the_right_token_it_is_said_and_asked_anew(
    private: Shop, server: GitServer, origin: Origin
) -> None:
    url = server.url("org/project.git")
    await private.role("echo x >x")
    await configure(private, gitRepoUrl=url)
    task, said = await ended(private, url)
    assert task.state is State.FAILED
    assert said.startswith(f"No access to the repository {url}: it needs a token and has none: set")
    await configure(private, githubToken="ghp_another_that_is_wrong")
    task, said = await ended(private, url)
    assert task.state is State.FAILED
    assert "the token given was not accepted" in said
    assert "ghp_another" not in said
    await configure(private, githubToken=TOKEN)
    task, _ = await ended(private, url)
    assert task.state is State.IN_REVIEW
    # What one run was let in by does not let the next one in.
    await configure(private, githubToken=None)
    task, said = await ended(private, url)
    assert "it needs a token and has none" in said
    assert len([one for one in origin.branches() if one.startswith("worker/")]) == 1


async def test_the_token_goes_to_no_other_host(
    private: Shop, server: GitServer, origin: Origin
) -> None:
    await private.role("echo x >x")
    await configure(private, gitRepoUrl=server.url("org/project.git"), githubToken=TOKEN)
    with GitServer(origin.folder.parent.parent) as elsewhere:
        task, _ = await ended(private, elsewhere.url("org/project.git"))
        assert task.state is State.IN_REVIEW
        assert set(elsewhere.seen.authorizations) == {None}
        elsewhere.status = 401
        _, said = await ended(private, elsewhere.url("org/project.git"))
        assert "it needs a token and has none" in said
        # Nor does a redirection of the right one take it there.
        server.redirect_to = elsewhere.url("")[:-1]
        _, said = await ended(private, server.url("org/project.git"))
        assert "answers with a redirection" in said
        assert set(elsewhere.seen.authorizations) == {None}


@pytest.mark.parametrize(
    "script",
    [
        'echo "$KEY" >kept.txt',
        'printf %s "$KEY" | base64 >coded.txt',
        'echo "$KEY" >a && git add a && git commit -qm one && git rm -qf a && git commit -qm two',
        'echo x >x && git add x && git commit -qm "with $KEY"',
    ],
)
async def test_work_that_holds_the_token_is_not_taken(
    private: Shop, server: GitServer, origin: Origin, script: str
) -> None:
    await configure(private, gitRepoUrl=server.url("org/project.git"), githubToken=TOKEN)
    await private.role(script, environment={"KEY": TOKEN})
    task, said = await ended(private, server.url("org/project.git"))
    assert task.state is State.FAILED
    assert "contains a secret that is in use" in said
    assert TOKEN not in repr(await private.words(task))
    assert origin.branches() == ["main"]
