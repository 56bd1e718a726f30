"""Whose password it is: throttled by address and by account, and as slow for nobody as for one."""

from hiringhall.actions.throttle import HOUR_S, address_bucket, forget_attempts, take_attempt
from hiringhall.domain.errors import InvalidCredentials
from hiringhall.hall import Hall
from hiringhall.store import accounts
from hiringhall.store.accounts import User
from hiringhall.store.database import Tx

FAILED_SIGN_INS_WINDOW_S = 900
FROM_EVERYWHERE = 10
"""How many times what one address may try for an account all may try together.

So a stranger who guesses shuts out nobody but themselves, and many who guess find little.
"""


async def user_of_password(hall: Hall, *, email: str, password: str, source_address: str) -> User:
    """The account that an address and its password open; whoever knows it has their tries again.

    Raises TooManyAttempts and InvalidCredentials.
    """
    folded = accounts.fold_email(email.strip())[:320]
    address, most = address_bucket(source_address), hall.rules.sign_ins_per_email
    own = f"sign-in-as:{folded} {address}"
    await take_attempt(
        hall, buckets=((f"sign-in:{address}", hall.rules.sign_ins_per_hour),), window_s=HOUR_S
    )
    await take_attempt(
        hall,
        buckets=((own, most), (f"sign-in-as:{folded}", FROM_EVERYWHERE * most)),
        window_s=FAILED_SIGN_INS_WINDOW_S,
    )

    async def find(tx: Tx) -> User | None:
        return await accounts.user_by_email(tx, email.strip())

    user = await hall.database.read(find)
    fits = await hall.passwords.verify(None if user is None else user.password_hash, password)
    if user is None or not fits:
        raise InvalidCredentials
    await forget_attempts(hall, bucket=own)
    return user
