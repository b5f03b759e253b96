"""PostgreSQL as the store: several processes and machines, whose writes wait only for those of the same host.

Everything that a transaction needs of its session is set inside it, so that a pooler in transaction mode (PgBouncer)
may stand between.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import ConnectionPool, PoolTimeout

from radicale_booking.domain.principal import NOBODY
from radicale_booking.errors import BookingError, StoreUnavailable
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store import postgres_tools, sql
from radicale_booking.store.postgres_errors import translate
from radicale_booking.store.postgres_sql import convert, rows
from radicale_booking.store.schema import SchemaState, failed, state_of
from radicale_booking.store.unit_of_work import Row, UnitOfWork

CONNECT_TIMEOUT_SECONDS = 10
_SOON_SECONDS = 1.0
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Each statement sees what was committed while the transaction waited for its lock.
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"
#: A machine that is gone says nothing any more: it is given up after half a minute.
_KEEPALIVES = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
_OCCUPIES = re.compile(r"\s*(?:INSERT INTO|UPDATE) occupancy\b")

_Raw = psycopg.Connection[Any]


class PostgresConnection:
    """A connection of the pool for as long as one transaction."""

    engine = "postgres"

    def __init__(self, raw: _Raw, conninfo: Callable[[], str]) -> None:
        self.raw = raw
        self._conninfo = conninfo

    def run(self, statement: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        with self._savepoint(statement), _translated():
            return self.raw.execute(convert(statement).encode(), parameters).fetchall()

    def change(self, statement: str, parameters: Mapping[str, object]) -> int:
        with self._savepoint(statement), _translated():
            return self.raw.execute(convert(statement).encode(), parameters).rowcount

    def change_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        with _translated(), self.raw.cursor() as cursor:
            cursor.executemany(convert(statement).encode(), rows)

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        with _translated(), self.raw.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(tuple(row))

    def clear(self, tables: Sequence[str]) -> None:
        # However much there is, that takes a moment; to remove row by row would last longer than a statement may.
        self.script(f"TRUNCATE {', '.join(tables)}")

    def copy_to(self, target: Path) -> None:
        """Write what the open transaction sees to ``target``, in pg_dump's custom format."""
        with _translated():
            postgres_tools.dump(self.raw, self._conninfo(), target)

    def script(self, text: str) -> Sequence[Row]:
        """Run the statements of ``text``, which has no parameters; the rows of the last."""
        with _translated():
            cursor = self.raw.execute(text.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def _savepoint(self, statement: str) -> Iterator[None]:
        """An overlap that is refused must leave the transaction usable: alternatives are looked for in it."""
        if not _OCCUPIES.match(statement):
            yield
            return
        self.script("SAVEPOINT occupies")
        try:
            yield
        except BaseException:
            if not self.raw.closed:
                self.script("ROLLBACK TO SAVEPOINT occupies")
            raise
        self.script("RELEASE SAVEPOINT occupies")


class PostgresStore:
    """The database at ``address``, a ``postgresql://`` URI of libpq; connects when it is first used."""

    def __init__(self, address: str, *, clock: Callable[[], datetime],
                 settings: PostgresSettings = PostgresSettings(),  # noqa: B008 - frozen
                 waited: Callable[[float], None] = lambda seconds: None) -> None:
        self.address = address
        self._clock = clock
        self._waited = waited
        self._settings = settings
        # A write may wait for its turn while it holds a connection, and others wait for that.
        self._patience_seconds: float = settings.lock_timeout_seconds + CONNECT_TIMEOUT_SECONDS
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._pool: ConnectionPool[_Raw] | None = None
        self._version_checked = False
        self._finishing = False

    @contextlib.contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        self._check_version()
        with self._transaction(_READ) as connection:
            yield UnitOfWork(connection, actor="", now=self._clock())

    @contextlib.contextmanager
    def write(self, *, actor: str = "", principal: str = "") -> Iterator[UnitOfWork]:
        self._check_version()
        began = time.perf_counter()
        # A node whose machine has gone must not keep its host locked. What concerns everybody may take its time.
        idle = self._settings.statement_timeout_seconds if principal else 0
        with self._transaction(_WRITE, f"; SET LOCAL idle_in_transaction_session_timeout = '{idle}s'"
                                       f"{_locks(principal)}") as connection:
            self._waited(time.perf_counter() - began)
            yield UnitOfWork(connection, actor=actor, now=self._clock())

    def accept_unfinished(self) -> None:
        self._finishing = True

    def migrate(self) -> list[str]:
        with self._transaction(_WRITE, f"; SELECT pg_advisory_xact_lock({_key('migration')})") as connection:
            applied, now = _state(connection).applied, int(self._clock().timestamp())
            pending = [(number, name, file) for number, name, file in sql.migrations() if number > applied]
            connection.script("SET LOCAL statement_timeout = 0")
            if connection.run("SHOW server_encoding", {})[0][0] != "UTF8":
                raise StoreUnavailable("the PostgreSQL database is not in UTF-8; create it with --encoding=UTF8")
            for number, name, file in pending:
                try:
                    for text in sql.texts(file, connection.engine):
                        connection.script(text)
                except (psycopg.Error, BookingError) as error:
                    raise failed(name, error.__cause__ or error) from error
                connection.change("INSERT INTO schema_migration (number, name, applied_epoch) VALUES (:n, :name, :now)",
                                  {"n": number, "name": name, "now": now})
            if not applied and pending:
                connection.change("INSERT INTO collection (path, incarnation, modified_epoch)"
                                  " VALUES ('', :incarnation, :now)", {"incarnation": uuid.uuid4().hex, "now": now})
            return [name for _, name, _ in pending]

    def schema_state(self) -> SchemaState:
        with self._transaction(_READ) as connection:
            return _state(connection)

    def check(self) -> list[str]:
        """PostgreSQL keeps its references and the exclusion of overlaps by itself, once they are valid."""
        with self._transaction(_READ) as connection:
            problems = [f"constraint {row[0]} of table {row[1]} is not enforced" for row in connection.run(
                "SELECT conname, CAST(conrelid AS regclass) FROM pg_constraint"
                " WHERE connamespace = CAST(current_schema() AS regnamespace) AND NOT convalidated", {})]
            problems += [f"index {row[0]} is not valid" for row in connection.run(
                "SELECT CAST(indexrelid AS regclass) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
                " WHERE relnamespace = CAST(current_schema() AS regnamespace) AND NOT indisvalid", {})]
            overlapping = connection.run(sql.load("check", connection.engine)["overlapping_occupancies"], {})
            return problems + [f"principal {row[0]}: live occupancies {row[1]} and {row[2]} overlap"
                               for row in overlapping]

    def tidy(self, *, vacuum: bool) -> None:
        """Of the tables only: a plain VACUUM holds nobody up, as autovacuum does by itself."""
        with _translated(), psycopg.connect(self._conninfo(), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)" if vacuum else "ANALYZE")

    def size_octets(self) -> int:
        with self._transaction(_READ) as connection:
            return int(connection.run("SELECT pg_database_size(current_database())", {})[0][0])

    def backup(self, target: Path) -> None:
        with self._transaction(_READ) as connection:
            connection.copy_to(target)

    def restore(self, source: Path) -> None:
        postgres_tools.restore(self._conninfo(), source)
        self._version_checked = False

    def scratch(self, _folder: Path) -> contextlib.AbstractContextManager[str]:
        return postgres_tools.scratch(self.address, self._conninfo())

    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.close()
            self._pool = None

    @contextlib.contextmanager
    def _transaction(self, begin: str, then: str = "") -> Iterator[PostgresConnection]:
        pool = self._opened()
        raw = self._begun(pool, f"{begin}; SET LOCAL statement_timeout = '{self._settings.statement_timeout_seconds}s';"
                                f" SET LOCAL lock_timeout = '{self._settings.lock_timeout_seconds}s'{then}")
        try:
            yield PostgresConnection(raw, self._conninfo)
            with _translated():
                # COMMIT of a transaction that failed is a ROLLBACK and no error.
                if raw.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                    raise psycopg.errors.InFailedSqlTransaction
                raw.execute("COMMIT")
        except StoreUnavailable as error:
            if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                # The server is a replica now; a new connection looks for the primary one.
                raw.close()
            raise
        finally:
            _give_back(pool, raw)

    def _begun(self, pool: ConnectionPool[_Raw], begin: str) -> _Raw:
        """A connection in a transaction; one that died since it was used last is replaced."""
        for last_try in (False, True):
            raw = self._taken(pool)
            try:
                PostgresConnection(raw, self._conninfo).script(begin)
                return raw
            except BaseException:
                died = raw.closed
                _give_back(pool, raw)
                if last_try or not died:
                    raise
                pool.check()
        raise AssertionError("the second try returns or raises")

    def _taken(self, pool: ConnectionPool[_Raw]) -> _Raw:
        """A connection of the pool. It cannot say why there is none, so PostgreSQL is asked, by one at a time."""
        with _translated():
            with contextlib.suppress(PoolTimeout):
                return pool.getconn(min(_SOON_SECONDS, self._patience_seconds))
            with self._asking:
                psycopg.connect(self._conninfo()).close()
            return pool.getconn(self._patience_seconds)

    def _opened(self) -> ConnectionPool[_Raw]:
        with self._lock:
            if self._pool is None:
                self._pool = ConnectionPool(
                    self._conninfo(), min_size=1, max_size=self._settings.connections, open=True, configure=_configure,
                    kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": rows},
                    reconnect_timeout=_SOON_SECONDS, name="radicale-booking")
            return self._pool

    def _conninfo(self) -> str:
        password: dict[str, str] = {}
        if self._settings.password_file:
            try:
                text = Path(self._settings.password_file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise StoreUnavailable(f"[storage] database_password_file: {error}") from error
            password["password"] = text.split("\n", 1)[0].rstrip("\r")
        with _translated():
            ours: dict[str, Any] = {"application_name": "radicale-booking",
                                    "connect_timeout": CONNECT_TIMEOUT_SECONDS, **_KEEPALIVES}
            return make_conninfo(self.address, **{**ours, **conninfo_to_dict(self.address), **password})

    def _check_version(self) -> None:
        if self._version_checked:
            return
        self.schema_state().check(finishing=self._finishing)
        self._version_checked = True


def _configure(raw: _Raw) -> None:
    # By psycopg's own choice a small number is a smallint, and arithmetic on it overflows.
    raw.adapters.register_dumper(int, Int8Dumper)


def _give_back(pool: ConnectionPool[_Raw], raw: _Raw) -> None:
    if raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE and not raw.closed:
        with contextlib.suppress(psycopg.Error):
            raw.execute("ROLLBACK")
    pool.putconn(raw)


def _locks(principal: str) -> str:
    """Locks until the end of the transaction: of the principal's name, of everybody for '', none for ``NOBODY``.

    They are advisory, as a name must be locked before its row exists, and a lock of the row itself would hold up
    whoever refers to it.
    """
    if principal == NOBODY:
        return ""
    everybody = _key("everybody")
    if not principal:
        return f"; SELECT pg_advisory_xact_lock({everybody})"
    return f"; SELECT pg_advisory_xact_lock_shared({everybody}); SELECT pg_advisory_xact_lock({_key(f'/{principal}')})"


def _key(name: str) -> int:
    """A lock's number of 64 bits; two names of one number would wait for each other, nothing worse."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def _state(connection: PostgresConnection) -> SchemaState:
    exists = connection.run("SELECT to_regclass('schema_migration')", {})[0][0] is not None
    return state_of((number, name) for number, name in connection.run(
        "SELECT number, name FROM schema_migration", {})) if exists else state_of([])


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise translate(error) from error
