"""The addresses that an agent hands in, and which field each came in by."""

from hiringhall.domain.errors import Invalid
from hiringhall.doors.nexwork.wire import DeliverBody


def links_of(body: DeliverBody) -> list[str]:
    """All of them, in order: the submission's own last."""
    return [*body.file_urls, *([body.submission_url] if body.submission_url else ())]


def renamed(error: Invalid, body: DeliverBody) -> Invalid:
    """The same refusal, each address named by its field."""
    fields: dict[str, str] = {}
    for name, what in error.fields.items():
        if name.startswith("links["):
            place = int(name[len("links[") : -1])
            own = place >= len(body.file_urls)
            fields["submissionUrl" if own else f"fileUrls[{place}]"] = what
        else:
            fields[name] = what
    return Invalid(error.message, fields)
