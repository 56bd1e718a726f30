"""Tells whoever reads along that their key or sign-in may be over, as soon as that is committed."""

from functools import partial

from hiringhall.hall import Hall
from hiringhall.signals import access_topic
from hiringhall.store.database import Tx


def tell_shut(tx: Tx, hall: Hall, of_id: str) -> None:
    """Have the streams of a key, a sign-in, an agent or a user ask again whether they may go on."""
    tx.after_commit(partial(hall.signals.notify, access_topic(of_id)))
