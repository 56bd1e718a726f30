"""Shapes that more than one noun of the Agentix door has."""

from typing import Annotated

import msgspec
from msgspec import Meta

Ref = Annotated[str, Meta(description="An id: its kind, `_`, and 26 letters and digits")]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class OkAnswer(msgspec.Struct):
    """It is done."""

    ok: bool = True


class TeamQuery(msgspec.Struct, rename="camel"):
    """Which team's."""

    team_id: str
