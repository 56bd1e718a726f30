"""Act two: a real command works on a real git repository in the sandbox, and pushes a branch."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hiringhall.cli.client import HallClient
from hiringhall.cli.demo.played import until, watching
from hiringhall.cli.demo.stage import DemoFailed, Stage, expect
from hiringhall.cli.local import operate, settings_of
from hiringhall.cli.paths import task_path

EMAIL = "you@example.org"
ROLE = "formatter"

_DIFF_LINES = 24
_GIT_TIMEOUT_S = 300

# Other rules than this project's own, so that there is something to do.
_RULES = 'line-length = 79\n\n[format]\nquote-style = "single"\n'


@dataclass(frozen=True, slots=True)
class Tool:
    """The command that does the work."""

    argv: tuple[str, ...]
    mounts: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the worker left in the repository."""

    repository: Path
    base: str
    branch: str | None


def work(stage: Stage, client: HallClient, original: str | None) -> Pushed:
    """Have a repository worked on; show the branch and its diff."""
    stage.act(
        "2 of 3: a command works on a repository",
        "All real: git repository, command, branch"
        + (", sandbox." if stage.isolated else "; but no sandbox (process-unsafe)."),
    )
    repository = stage.folder / "repository.git"
    if original is None:
        stage.step("make a git repository from some of this project's own files")
        _from_own_files(repository, stage.folder / "checkout")
    else:
        stage.step(f"copy {original}; the original is only read")
        _git("clone", "--quiet", "--bare", "--no-hardlinks", "--", original, str(repository))
    base = _git("symbolic-ref", "--short", "HEAD", at=repository).strip()
    tool = _tool(_git("ls-tree", "-r", "--name-only", base, at=repository))

    stage.step(f"give the team a role for it: {tool.what}")
    operate(
        settings_of(stage.data_dir, None),
        "set_role",
        email=EMAIL,
        team=None,
        name=ROLE,
        runtime="command",
        config={"argv": list(tool.argv), "mounts": list(tool.mounts)},
    )
    stage.step("post a task that names the repository and the role")
    made = client.post(
        "/tasks/",
        {
            "title": "Format the code",
            "description": "Run the formatter over everything.",
            "repository": str(repository),
            "role": ROLE,
        },
    )
    task_id = str(made["task_id"])
    status = until(watching(stage, client, task_id), "awaiting_solution_approval")
    stage.screen.say()
    for line in str(status["solution"]["content"]).splitlines():
        stage.screen.say(f"    {line}")
    pushed = Pushed(repository, base, _branch(repository))
    if pushed.branch is None:
        expect(original is not None, "the worker pushed a branch")
        stage.step("there was nothing to change, so there is no branch")
    else:
        _show_diff(stage, pushed, pushed.branch)
    stage.step("approve it")
    done = client.post(task_path(task_id, "/solution-status"), {"status": "CONFIRMED"})
    expect(done["status"] == "completed", "an approved task is completed")
    return pushed


def _from_own_files(repository: Path, checkout: Path) -> None:
    """A bare repository with one commit: some modules of this very program."""
    import hiringhall.domain

    source = Path(hiringhall.domain.__file__).parent
    shutil.copytree(source, checkout / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "ruff.toml").write_text(_RULES)
    _git("init", "--quiet", "--initial-branch=main", at=checkout)
    _git("add", "--all", at=checkout)
    _git("commit", "--quiet", "--message=Some modules of a hiring hall", at=checkout)
    _git("clone", "--quiet", "--bare", "--no-hardlinks", str(checkout), str(repository))
    shutil.rmtree(checkout)


def _tool(files: str) -> Tool:
    """The formatter of this project's tool chain for Python files, else a tool of any system."""
    ruff = Path(sys.executable).with_name("ruff")
    if ruff.exists() and any(name.endswith(".py") for name in files.splitlines()):
        program = str(ruff.resolve())
        return Tool((program, "format", "--no-cache", "."), (program,), "ruff, the formatter")
    # Text files only, and no links: what `git grep -I` finds.
    script = "git grep -Ilz '' | xargs -0 sed -i 's/[ \\t]*$//' && echo 'Stripped.'"
    return Tool(("sh", "-c", script), (), "sed, which strips trailing blanks")


def _branch(repository: Path) -> str | None:
    listed = _git("for-each-ref", "--format=%(refname:short)", "refs/heads/worker", at=repository)
    return listed.split()[0] if listed.split() else None


def _show_diff(stage: Stage, pushed: Pushed, branch: str) -> None:
    stage.step(f"the branch it pushed: {branch}")
    changes = f"{pushed.base}...{branch}"
    count = len(_git("diff", "--name-only", changes, at=pushed.repository).splitlines())
    expect(count > 0, "the branch changes something")
    diff = _git("diff", "--unified=1", changes, at=pushed.repository).splitlines()
    for line in diff[:_DIFF_LINES]:
        style = "green" if line.startswith("+") else "red" if line.startswith("-") else "dim"
        stage.screen.say(f"    {line}", style=style)
    if len(diff) > _DIFF_LINES:
        stage.screen.say(f"    … {len(diff) - _DIFF_LINES} more lines, {count} files in all")


def _git(*arguments: str, at: Path | None = None) -> str:
    """Run git with nobody's configuration but the demonstration's own; what it printed."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }
    who = ("-c", "user.name=Hiringhall demo", "-c", "user.email=demo@example.org")
    safe = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
    command = ["git", *who, *safe, "-c", "protocol.ext.allow=never", *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=at,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise DemoFailed("Git cannot be found: install it.") from None
    except subprocess.TimeoutExpired:
        raise DemoFailed(f"git {arguments[0]} took too long.") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise DemoFailed(f"git {arguments[0]} failed: {reason}.")
    return done.stdout
