"""A playbook in its editor, and a template beside it: nothing that was typed goes by itself."""

from dataclasses import dataclass

from hiringhall.domain.playbooks import switched
from hiringhall.doors.pages.forms import Form
from hiringhall.queries.playbooks import template


@dataclass(frozen=True, slots=True)
class Editor:
    """What an editor holds, none of it kept yet.

    `offered` is the template that stands beside it, as `preview`; `before` is what a template took
    the place of or was put behind, until it is kept; `begun` says that a template
    is in it.
    """

    text: str
    offered: str = ""
    preview: str = ""
    before: str = ""
    begun: bool = False


def edited(form: Form, text: str) -> Editor:
    """What the editor with a text holds after the step that a form says.

    `template` puts one into an editor that is empty, and offers it beside any other. `use` then
    says what becomes of the one that is offered. It can be undone, and that, too. Raises NotFound
    for a template that there is not.
    """
    name, use, before = form["template"], form["use"], form["before"]
    if name:
        made = switched(template(name), text)
        if not text.strip():
            return Editor(made, before=before, begun=True)
        return Editor(text, offered=name, preview=made, before=before)
    if use == "undo" and before:
        return Editor(before, before=text)
    if use in ("replace", "append"):
        begun = template(form["offered"])
        if use == "replace":
            return Editor(switched(begun, text), before=text, begun=True)
        return Editor(f"{text.rstrip()}\n\n{begun}", before=text, begun=True)
    return Editor(text, before=before)
