"""Throttles: at most so many attempts in any window, exact across processes and refusals."""

import ipaddress
from dataclasses import replace

from hiringhall.actions.transaction import action
from hiringhall.domain.errors import TooManyAttempts
from hiringhall.hall import Hall
from hiringhall.store import attempts
from hiringhall.store.database import Tx

HOUR_S = 3600


async def take_attempt(hall: Hall, *, buckets: tuple[tuple[str, int], ...], window_s: int) -> None:
    """Count an attempt in each bucket, or raise TooManyAttempts when one is full.

    It is a transaction of its own, so that a refusal of what follows still counts; a request's
    idempotency key belongs to what follows.
    """
    await _take(replace(hall, once=None), buckets=buckets, window_s=window_s)


@action
async def _take(tx: Tx, hall: Hall, *, buckets: tuple[tuple[str, int], ...], window_s: int) -> None:
    now_us = hall.clock()
    for bucket, most in sorted(buckets):
        await attempts.lock(tx, bucket)
        count, first_at_us = await attempts.in_window(
            tx, bucket, since_us=now_us - window_s * 1_000_000
        )
        if count >= most:
            free_at_us = (first_at_us or now_us) + window_s * 1_000_000
            raise TooManyAttempts(
                max(1, -(-(free_at_us - now_us) // 1_000_000)), most=most, window_s=window_s
            )
    for bucket, _most in buckets:
        await attempts.add(tx, bucket, at_us=now_us)


async def forget_attempts(hall: Hall, *, bucket: str) -> None:
    """Count from nothing in a bucket: who has shown that they know a password guesses no more."""
    await _forget(replace(hall, once=None), bucket=bucket)


@action
async def _forget(tx: Tx, hall: Hall, *, bucket: str) -> None:
    await attempts.lock(tx, bucket)
    await attempts.forget(tx, bucket)


def address_bucket(address: str) -> str:
    """By what an address is counted: itself, or the /64 that one IPv6 customer usually has."""
    try:
        parsed = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
