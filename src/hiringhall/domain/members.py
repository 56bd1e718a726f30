"""Who belongs to an organization, and what that allows."""

from dataclasses import dataclass
from enum import StrEnum

from hiringhall.domain.errors import Invalid

SHOWN = "join_shown_"
"""How the secret of an invitation begins that was shown to who asked: it vouches for no mailbox."""


class MemberRole(StrEnum):
    """An owner says who belongs to the organization; both do everything else."""

    OWNER = "owner"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who belongs to an organization."""

    user_id: str
    organization_id: str
    email: str
    name: str
    role: MemberRole
    joined_at_us: int


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was asked by mail to join an organization, and has not said yes yet."""

    id: str
    organization_id: str
    email: str
    role: MemberRole
    invited_by: str
    created_at_us: int
    expires_at_us: int


def role_of(text: str) -> MemberRole:
    """A role by its name; raises Invalid."""
    try:
        return MemberRole(text)
    except ValueError:
        known = " or ".join(MemberRole)
        raise Invalid(f"A role is {known}", {"role": "unknown"}) from None
