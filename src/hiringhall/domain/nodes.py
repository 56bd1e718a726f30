"""A node: one process of the hall that serves, works, or both, and what the others know of it."""

from dataclasses import dataclass


class CannotJoin(Exception):
    """A node cannot be one of its hall; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a node says of itself. Times are microseconds UTC.

    `places` is how many runs it does at once, `runtimes` are those that it can do, and
    `default_runtime` does what no role says otherwise. `key_check` tells whether two nodes have
    the same secret key, and `files` whether they keep files in the same place. `lease_s` is after
    how many seconds of silence it is taken for gone, with its runs.
    """

    id: str
    name: str
    places: int
    runtimes: tuple[str, ...]
    default_runtime: str | None
    key_check: str
    files: str
    lease_s: int
    started_at_us: int
    seen_at_us: int


def cannot_join(node: Node, others: list[Node]) -> str:
    """Why a node cannot be one of a hall that others carry, with what to do; empty where it can."""
    for other in others:
        if other.key_check != node.key_check:
            return (
                f"The node {other.name} has another secret key: give every node the same file "
                "with HIRINGHALL_SECRET_KEY_FILE (secret.key in the first one's data folder)"
            )
        if other.files != node.files:
            return (
                f"The node {other.name} keeps files elsewhere: set HIRINGHALL_BLOBS to the same "
                "place on every node (s3://…, or file:///a/folder that all of them share)"
            )
    return ""


def other_lease(node: Node, others: list[Node]) -> str:
    """That nodes have different leases, with what to do; empty where they have not.

    It does no harm, for each lease is written down with what it holds: but what an operator set is
    not what is.
    """
    for other in others:
        if other.lease_s != node.lease_s:
            return (
                f"The node {other.name} has a lease of {other.lease_s} seconds, and this one of "
                f"{node.lease_s}: what dies there goes on after the one time, what dies here after "
                "the other. Give every node the same HIRINGHALL_LEASE_S"
            )
    return ""
