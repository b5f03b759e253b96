"""The connections of this process to one PostgreSQL server."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool, PoolTimeout

from radicale_booking.errors import StoreUnavailable
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store.postgres_errors import translate
from radicale_booking.store.postgres_sql import rows

CONNECT_TIMEOUT_SECONDS = 10
_SOON_SECONDS = 1.0
_HASTE_SECONDS = 0.2
#: A machine that is gone says nothing any more: it is given up after half a minute.
_KEEPALIVES = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}

Raw = psycopg.Connection[Any]


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """What PostgreSQL refuses inside is raised as an error of this project."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error


class PostgresServer:
    """The server at ``address``, a ``postgresql://`` URI of libpq; connects when it is first used."""

    def __init__(self, address: str, settings: PostgresSettings, *, hasty: bool = False) -> None:
        """``hasty``: no connection is waited for, as there is another server to ask."""
        self.address = address
        self._settings = settings
        self._hasty = hasty
        # A write may wait for its turn while it holds a connection, and others wait for that.
        self.patience_seconds: float = settings.lock_timeout_seconds + CONNECT_TIMEOUT_SECONDS
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._pool: ConnectionPool[Raw] | None = None

    @contextlib.contextmanager
    def begun(self, begin: str) -> Iterator[tuple[Raw, Sequence[Any] | None]]:
        """A connection on which ``begin`` was run, and the first row that it gave; what is not committed at the end is
        undone."""
        pool = self.opened()
        raw, row = self._begun(pool, begin)
        try:
            yield raw, row
        finally:
            _give_back(pool, raw)

    def _begun(self, pool: ConnectionPool[Raw], begin: str) -> tuple[Raw, Sequence[Any] | None]:
        """On one that died since it was used last it is run by another."""
        for last_try in (False, True):
            raw = self._taken(pool)
            try:
                with translated():
                    cursor = raw.execute(begin.encode())
                    return raw, cursor.fetchone() if cursor.description else None
            except BaseException:
                died = raw.closed
                _give_back(pool, raw)
                if last_try or not died:
                    raise
                pool.check()
        raise AssertionError("the second try returns or raises")

    def opened(self) -> ConnectionPool[Raw]:
        """The pool."""
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    self.conninfo(), min_size=1, max_size=self._settings.connections, open=True, configure=_configure,
                    kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": rows},
                    reconnect_timeout=_SOON_SECONDS, name="radicale-booking")
            return self._pool

    def conninfo(self) -> str:
        """How to connect, with the password."""
        password: dict[str, str] = {}
        if self._settings.password_file:
            try:
                text = Path(self._settings.password_file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise StoreUnavailable(f"[storage] database_password_file: {error}") from error
            password["password"] = text.split("\n", 1)[0].rstrip("\r")
        with translated():
            ours: dict[str, Any] = {"application_name": "radicale-booking",
                                    "connect_timeout": CONNECT_TIMEOUT_SECONDS, **_KEEPALIVES}
            return make_conninfo(self.address, **{**ours, **conninfo_to_dict(self.address), **password})

    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.close()
            self._pool = None

    def _taken(self, pool: ConnectionPool[Raw]) -> Raw:
        """A connection of the pool. It cannot say why there is none, so PostgreSQL is asked, by one at a time."""
        if self._hasty:
            with contextlib.suppress(PoolTimeout):
                return pool.getconn(_HASTE_SECONDS)
            raise StoreUnavailable(f"no connection within {_HASTE_SECONDS} seconds")
        with translated():
            with contextlib.suppress(PoolTimeout):
                return pool.getconn(min(_SOON_SECONDS, self.patience_seconds))
            with self._asking:
                psycopg.connect(self.conninfo()).close()
            return pool.getconn(self.patience_seconds)


def _configure(raw: Raw) -> None:
    # By psycopg's own choice a small number is a smallint, and arithmetic on it overflows.
    raw.adapters.register_dumper(int, Int8Dumper)


def _give_back(pool: ConnectionPool[Raw], raw: Raw) -> None:
    if raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE and not raw.closed:
        with contextlib.suppress(psycopg.Error):
            raw.execute("ROLLBACK")
    pool.putconn(raw)
