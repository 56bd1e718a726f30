"""What the hall's own agent is told: texts in files of their own, put together for a run."""

from pathlib import Path


def text(name: str, **known: str) -> str:
    """One of the texts, with what is known put in."""
    written = Path(__file__).with_name(f"{name}.md").read_text().strip()
    for key, value in known.items():
        written = written.replace("{" + key + "}", value)
    return written


def instructions(
    *, system_prompt: str, repository: bool, workspace: str, branch: str, plan_first: bool
) -> str:
    """What holds for the whole of a run: the hall's terms, then the role's own words."""
    where = text("repository" if repository else "empty", workspace=workspace, branch=branch)
    parts = [text("terms"), f"# Where you are\n\n{where}"]
    if system_prompt.strip():
        parts.append(f"# Your role\n\n{system_prompt.strip()}")
    if plan_first:
        parts.append(text("plan_first"))
    return "\n\n".join(parts)


def first_prompt(brief: str) -> str:
    """What begins a conversation: the whole brief."""
    return f"The brief:\n\n{quoted(brief)}"


def next_prompt(said: str) -> str:
    """What goes on with one: what was said since, or that it was only interrupted."""
    if not said:
        return text("interrupted")
    return f"Since you last worked, the poster has said:\n\n{quoted(said)}\n\n{text('go_on')}"


def quoted(words: str) -> str:
    """The poster's words, between marks that they cannot close."""
    return f"<poster>\n{words.strip().replace('</poster', '&lt;/poster')}\n</poster>"
