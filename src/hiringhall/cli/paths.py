"""Where a thing is below a door, whatever the id that was typed."""

from urllib.parse import quote

from hiringhall.cli.outcome import CommandError, Exit


def path_of(noun: str, typed: str, below: str = "") -> str:
    """The path of a thing below its noun; raises CommandError for what is no id."""
    tidy = typed.strip()
    if not tidy or tidy in {".", ".."}:
        raise CommandError("Give an id, as the lists show it.", Exit.USAGE)
    return f"/{noun}/{quote(tidy, safe='', errors='replace')}{below}"


def task_path(task_id: str, below: str = "") -> str:
    """The path of a task; raises CommandError for what is no id."""
    typed = task_id.strip()
    if not typed or typed in {".", ".."}:
        raise CommandError("Give the task's id; 'hiringhall tasks list' shows them.", Exit.USAGE)
    return path_of("tasks", typed, below)
