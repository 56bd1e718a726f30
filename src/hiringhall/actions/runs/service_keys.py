"""A run's own secret, for a worker that reaches the hall over a network."""

import base64
import hashlib

from hiringhall.actions.runs.ending import load_fenced
from hiringhall.actions.transaction import action
from hiringhall.domain.errors import SecretNotRepeated
from hiringhall.domain.ids import SERVICE_KEY_PREFIX
from hiringhall.domain.runs import LEASED, RunToken
from hiringhall.hall import Hall
from hiringhall.store import service_keys
from hiringhall.store.database import Tx

SECRET_BYTES = 32


@action
async def issue_service_key(tx: Tx, hall: Hall, *, token: RunToken) -> str:
    """Give a run that is in hand its own secret, of which the hall keeps a hash alone.

    It is told once, to whoever carries the run, and opens what `queries.service_keys` says until
    the run ends. A worker whose peer is its own socket needs none.

    Raises:
        Superseded: the run has ended, or another has taken its place.
        SecretNotRepeated: it has a secret already.
    """
    return await give_key(tx, hall, token=token)


async def give_key(tx: Tx, hall: Hall, *, token: RunToken) -> str:
    """The same, within a transaction."""
    await load_fenced(tx, token, states=LEASED)
    secret = SERVICE_KEY_PREFIX + _text(hall.random(SECRET_BYTES))
    if not await service_keys.give(tx, token.run_id, hashlib.sha256(secret.encode()).digest()):
        raise SecretNotRepeated("This run has been given its service key already")
    return secret


def _text(random: bytes) -> str:
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode()
