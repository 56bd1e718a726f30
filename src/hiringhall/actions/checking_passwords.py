"""Whose password it is: throttled by address and by account, and as slow for nobody as for one."""

from hiringhall.actions.throttle import HOUR_S, address_bucket, take_attempt
from hiringhall.domain.errors import InvalidCredentials
from hiringhall.hall import Hall
from hiringhall.store import accounts
from hiringhall.store.accounts import User
from hiringhall.store.database import Tx

FAILED_SIGN_INS_WINDOW_S = 900


async def user_of_password(hall: Hall, *, email: str, password: str, source_address: str) -> User:
    """The account that an address and its password open.

    Raises TooManyAttempts and InvalidCredentials.
    """
    folded = accounts.fold_email(email.strip())[:320]
    await take_attempt(
        hall,
        buckets=((f"sign-in:{address_bucket(source_address)}", hall.rules.sign_ins_per_hour),),
        window_s=HOUR_S,
    )
    await take_attempt(
        hall,
        buckets=((f"sign-in-as:{folded}", hall.rules.sign_ins_per_email),),
        window_s=FAILED_SIGN_INS_WINDOW_S,
    )

    async def find(tx: Tx) -> User | None:
        return await accounts.user_by_email(tx, email.strip())

    user = await hall.database.read(find)
    fits = await hall.passwords.verify(None if user is None else user.password_hash, password)
    if user is None or not fits:
        raise InvalidCredentials
    return user
