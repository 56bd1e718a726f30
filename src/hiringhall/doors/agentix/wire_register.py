"""The Agentix door's shapes of registration (seed 004, "Registration")."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hiringhall.actions.registrations import Claimed
from hiringhall.doors.agentix.wire import Ref
from hiringhall.doors.agentix.wire_keys import SHOWN_PREFIX_LENGTH
from hiringhall.doors.agentix.words import ref

NOTE = "Store this key securely -- it will not be shown again."


class RegisterBody(msgspec.Struct):
    """Who wants an account."""

    name: str
    email: Annotated[str, Meta(extra_json_schema={"format": "email"})]
    invitation: Annotated[
        str | None, Meta(description="Needed where the hall takes registrations by invitation")
    ] = None


class BegunAnswer(msgspec.Struct, rename="camel"):
    """A registration that waits for a person; poll it by its token."""

    token: str
    confirmation_url: Annotated[str, Meta(description="To be opened in a browser, by a person")]


class PendingAnswer(msgspec.Struct):
    """Nobody has confirmed it yet."""

    status: str = "pending"


class ConfirmedAnswer(msgspec.Struct, rename="camel"):
    """An account with its first key, which is shown this once."""

    customer_id: Ref
    api_key: str
    key_prefix: str
    note: str = NOTE


def confirmed(claimed: Claimed) -> ConfirmedAnswer:
    """What a confirmed registration leads to."""
    return ConfirmedAnswer(
        ref("cust", claimed.organization_id), claimed.secret, claimed.secret[:SHOWN_PREFIX_LENGTH]
    )
