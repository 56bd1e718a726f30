"""A playbook: a team's policy text, whose own policies survive a switch of its mode."""

import re

KEPT_SECTION = "Custom Policies"
"""What a team has written for itself, under this heading, is no template's."""

_HEADING = re.compile(r"(?m)^## +(.+?) *#* *$")
_FENCE = re.compile(r"(?ms)^(```|~~~).*?^\1[^\n]*$")


def switched(template: str, current: str | None) -> str:
    """A template with the policies of the playbook that it takes the place of."""
    kept = section(current or "", KEPT_SECTION)
    place = _found(template, KEPT_SECTION)
    if kept is None or place is None:
        return template
    rest = template[place[1] :]
    return f"{template[: place[0]]}\n\n{kept}\n" + (f"\n{rest}" if rest else "")


def section(playbook: str, heading: str) -> str | None:
    """What stands under a `## ` heading, to the next one; None where nothing does."""
    plain = playbook.replace("\r\n", "\n")
    place = _found(plain, heading)
    return None if place is None else plain[place[0] : place[1]].strip() or None


def _found(playbook: str, heading: str) -> tuple[int, int] | None:
    """From behind a heading to the beginning of the next; what stands in code is no heading."""
    bare = _FENCE.sub(lambda fenced: re.sub(r"[^\n]", "x", fenced.group()), playbook)
    headings = list(_HEADING.finditer(bare))
    for index, one in enumerate(headings):
        if one.group(1).strip().casefold() == heading.casefold():
            after = headings[index + 1].start() if index + 1 < len(headings) else len(playbook)
            return one.end(), after
    return None
