"""One process owns a SQLite file: a lock beside it says which."""

import errno
import fcntl
import os
from pathlib import Path

from hiringhall.store.errors import DatabaseInUse, StoreError

_NO_LOCKS = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


class OwnerLock:
    """Held from `take` to `release`, and let go of by the kernel when the process dies.

    The file stays where it is: removing it would let two processes lock two files of one name.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, database: Path) -> "OwnerLock":
        """Own the database. Raises `DatabaseInUse`, which says who owns it."""
        path = database.with_name(f"{database.name}.lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).strip()
            os.close(descriptor)
            raise DatabaseInUse(database, int(holder) if holder.isdigit() else None) from None
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NO_LOCKS:
                raise StoreError(f"{path.parent} is on a file system without locks") from error
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Let another process own the database."""
        os.close(self._descriptor)
