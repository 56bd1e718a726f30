"""The routing kit that all doors use, over ASGI and msgspec; doors import it from here."""

from hiringhall.connections import new_request_id
from hiringhall.doors.kit.answers import (
    Answer,
    LiveStreams,
    Raw,
    Stream,
    encode_json,
)
from hiringhall.doors.kit.app import DoorApp
from hiringhall.doors.kit.bodies import Limits
from hiringhall.doors.kit.calls import Call
from hiringhall.doors.kit.docs import html_page
from hiringhall.doors.kit.documented import documented
from hiringhall.doors.kit.door import Door, Spelling, spelling_in
from hiringhall.doors.kit.openapi import openapi
from hiringhall.doors.kit.refusals import Header, Refusal, Refused, malformed
from hiringhall.doors.kit.routes import Route
from hiringhall.doors.kit.spellings import USUAL

__all__ = [
    "USUAL",
    "Answer",
    "Call",
    "Door",
    "DoorApp",
    "Header",
    "Limits",
    "LiveStreams",
    "Raw",
    "Refusal",
    "Refused",
    "Route",
    "Spelling",
    "Stream",
    "documented",
    "encode_json",
    "html_page",
    "malformed",
    "new_request_id",
    "openapi",
    "spelling_in",
]
