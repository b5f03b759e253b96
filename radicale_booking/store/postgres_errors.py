"""What PostgreSQL refuses, as the errors of this project."""

from __future__ import annotations

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from radicale_booking.errors import BookingError, Conflict, InvalidInput, StoreUnavailable, TransactionUndone
from radicale_booking.store.unit_of_work import OverlapRefused

_BUSY = "the database is busy; try again"

#: The first class that fits decides what the sysadmin reads.
_REASONS: tuple[tuple[type[psycopg.Error], str], ...] = (
    (PoolTimeout, "all connections to PostgreSQL are in use; try again, or raise [storage] database_connections"),
    (errors.DiskFull, "disk full: the database cannot grow; free space on its disk"),
    (errors.ReadOnlySqlTransaction, "this PostgreSQL server only reads; [storage] database must name the primary one"),
    (errors.InsufficientPrivilege, "the PostgreSQL user may not do this; make it the owner of the database"),
    (errors.UndefinedFile, "PostgreSQL lacks its extension btree_gist; install the package postgresql-contrib"),
    (errors.UndefinedTable, "the database has no tables yet; run radicale-booking db migrate"),
    (errors.LockNotAvailable, _BUSY),
    (errors.QueryCanceled, "the database took too long; try again"),
    (errors.InFailedSqlTransaction, _BUSY),
    (errors.IdleInTransactionSessionTimeout, "a write stood still too long and was given up; try again"),
)


def translate(error: psycopg.Error) -> BookingError:
    """The error to raise instead of ``error``; raises it as it is where it is a mistake of this program."""
    if isinstance(error, errors.ExclusionViolation):
        return OverlapRefused()
    if isinstance(error, errors.UniqueViolation):
        # Two have made the same at the same time.
        return Conflict()
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return InvalidInput("text", "", "contains a NUL character", "remove it")
    if isinstance(error, (errors.DeadlockDetected, errors.SerializationFailure)):
        return TransactionUndone(_BUSY)
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return StoreUnavailable(reason)
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return StoreUnavailable(f"PostgreSQL cannot be used: {_first_line(error)}")
    raise error


def _first_line(error: psycopg.Error) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
