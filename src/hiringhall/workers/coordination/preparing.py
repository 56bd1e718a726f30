"""The tools by which a worker gets its delivery ready: files taken now, criteria checked."""

import asyncio
import binascii
import tempfile
from base64 import b64decode
from pathlib import Path

import msgspec

from hiringhall.actions.runs import preparing
from hiringhall.domain.criteria import MOST_EVIDENCE, read_criteria, unchecked
from hiringhall.domain.errors import Invalid
from hiringhall.workers.coordination.desk import Desk
from hiringhall.workers.coordination.taking import path_inside, take_file
from hiringhall.workers.coordination.tool import MOST_NAME, TEXT, Said, Tool


class Attaching(msgspec.Struct, forbid_unknown_fields=True):
    """What `attach_file` takes."""

    path: str
    content: str | None = None
    base64: str | None = None


class Checking(msgspec.Struct, forbid_unknown_fields=True):
    """What `check_criterion` takes."""

    number: int
    met: bool
    evidence: str


async def _attach_file(desk: Desk, given: Attaching) -> Said:
    if not given.path.strip() or len(given.path) > MOST_NAME:
        raise Invalid(f"`path` has 1 to {MOST_NAME} characters", {"path": "length"})
    content = _content(given)
    if content is not None:
        return _told(await desk.attach(given.path, content))
    if desk.workspace is None:
        raise Invalid(
            "The hall does not see your files: give the `content`, or its `base64`",
            {"content": "missing"},
        )
    parts = path_inside(given.path, workspace=desk.workspace.inside)
    # Beside the hall's own files, and not in memory: it may be large.
    with tempfile.TemporaryDirectory(prefix="hall-") as folder:
        copy = Path(folder, "file")
        await asyncio.to_thread(take_file, desk.workspace.folder, parts, copy)
        return _told(await desk.attach("/".join(parts), copy))


def _content(given: Attaching) -> bytes | None:
    if given.content is not None and given.base64 is not None:
        raise Invalid("Give `content` or `base64`, and not both", {"content": "twice"})
    if given.content is not None:
        return given.content.encode("utf-8", "surrogatepass")
    if given.base64 is None:
        return None
    try:
        return b64decode(given.base64, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("`base64` is no base 64", {"base64": "shape"}) from None


def _told(name: str) -> Said:
    return {"name": name}


async def _check_criterion(desk: Desk, given: Checking) -> Said:
    evidence = desk.mask(given.evidence)
    checks = await preparing.check_criterion(
        desk.hall, token=desk.token, number=given.number, met=given.met, evidence=evidence
    )
    left = unchecked(read_criteria(desk.brief.task.accept_criteria), checks)
    return {"unchecked": left}


TOOLS: tuple[Tool, ...] = (
    Tool(
        "attach_file",
        "Put a file with what you will deliver, as it is now. `path` names it in the workspace, or "
        "gives the name of what you send as `content` (text) or `base64`. The same name again "
        "takes its place.",
        Attaching,
        {"path": TEXT, "content": TEXT, "base64": TEXT},
        ("path",),
        _attach_file,
        text="path",
        most=1_500,
    ),
    Tool(
        "check_criterion",
        "Say of one of the task's accept criteria, by its number, whether it is met, and how you "
        "know. Do so for each before you deliver. It answers with those that are left.",
        Checking,
        {
            "number": {"type": "integer", "minimum": 1},
            "met": {"type": "boolean"},
            "evidence": {"type": "string", "maxLength": MOST_EVIDENCE},
        },
        ("number", "met", "evidence"),
        _check_criterion,
        most=500,
    ),
)
