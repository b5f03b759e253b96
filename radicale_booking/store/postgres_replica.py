"""A streaming replica that answers for the primary when it has everything that was committed there.

So nobody who has just written reads something older, whichever process is asked: an ETag or a sync token never goes
back.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Any

from radicale_booking.errors import StoreUnavailable, TransactionUndone
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store.postgres_server import PostgresServer, Raw, translated

_logger = logging.getLogger("radicale")
_PATIENCE_SECONDS, _LOOK_AGAIN_SECONDS = 0.05, 0.002
_REST_SECONDS = 5.0
#: How far the primary has written, and what must be the same at its replica: after a failover, another server may have
#: got as far on another timeline. What was committed is flushed, unless nobody waits for that.
_WRITTEN = """SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
        ELSE pg_current_wal_flush_lsn() END - '0/0',
    CAST(system_identifier AS TEXT), current_database(), substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8)
    FROM pg_control_system()"""
#: The timeline is that of the last checkpoint, which is never ahead of what was replayed.
_REPLAYED = """SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() - '0/0' END,
    CAST(system_identifier AS TEXT), current_database(), lpad(upper(to_hex(timeline_id)), 8, '0')
    FROM pg_control_system(), pg_control_checkpoint()"""


class Replica:
    """The server ``settings.replica`` beside ``primary``; while it is of no use, it is left alone for some seconds."""

    def __init__(self, settings: PostgresSettings, primary: PostgresServer) -> None:
        self._server = PostgresServer(settings.replica, settings, hasty=True)
        self._primary = primary
        self._rests_until = 0.0
        self._trouble = ""

    def conninfo(self) -> str:
        """How to connect, with the password."""
        return self._server.conninfo()

    def close(self) -> None:
        self._server.close()

    @contextlib.contextmanager
    def snapshot(self, begin: str) -> Iterator[Raw | None]:
        """A connection in the transaction ``begin``, which sees all that was committed before; None: ask the primary.

        When it fails it is ``TransactionUndone``: what has only been read can be read again, and then at the primary.
        """
        with contextlib.ExitStack() as until_end:
            raw = self._caught_up(until_end, begin) if time.monotonic() >= self._rests_until else None
            try:
                yield raw
            except StoreUnavailable as error:
                if raw is None:
                    raise
                self._rest(error.reason)
                raise TransactionUndone(error.reason) from error.__cause__

    def _caught_up(self, until_end: contextlib.ExitStack, begin: str) -> Raw | None:
        try:
            with self._primary.begun(_WRITTEN) as (_, written):
                pass
            raw, replayed = until_end.enter_context(self._server.begun(_REPLAYED))
            with translated():
                _wait(raw, written or (), replayed or ())
                raw.execute(begin.encode())
        except StoreUnavailable as error:
            self._rest(error.reason)
            return None
        if self._trouble:
            self._trouble = ""
            _logger.warning("The replica of the database is used again")
        return raw

    def _rest(self, reason: str) -> None:
        self._rests_until = time.monotonic() + _REST_SECONDS
        if reason != self._trouble:
            self._trouble = reason
            _logger.warning("The replica of the database is not used: %s", reason)


def _wait(raw: Raw, written: Sequence[Any], replayed: Sequence[Any]) -> None:
    """Until the replica has what was ``written``. Raises ``StoreUnavailable`` when it takes too long, or cannot be."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        if replayed[0] is None or list(replayed[1:]) != list(written[1:]):
            raise StoreUnavailable("it does not follow this primary server")
        if replayed[0] >= written[0]:
            return
        if time.monotonic() > until:
            raise StoreUnavailable("it lags behind")
        time.sleep(_LOOK_AGAIN_SECONDS)
        replayed = raw.execute(_REPLAYED.encode()).fetchone() or ()
