"""PostgreSQL as the store: several processes and machines, whose writes wait only for those of the same host.

Everything that a transaction needs of its session is set inside it, so that a pooler in transaction mode (PgBouncer)
may stand between.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import psycopg

from radicale_booking import again, postgres_cluster
from radicale_booking.domain.principal import NOBODY
from radicale_booking.errors import BookingError, OutcomeUnknown, StoreUnavailable, TransactionUndone
from radicale_booking.postgres_settings import PostgresSettings
from radicale_booking.store import postgres_tools, sql
from radicale_booking.store.postgres_replica import Replica
from radicale_booking.store.postgres_server import PostgresServer, Raw, translated
from radicale_booking.store.postgres_sql import convert
from radicale_booking.store.schema import SchemaState, failed, state_of
from radicale_booking.store.tables import KEYS
from radicale_booking.store.unit_of_work import Row, UnitOfWork

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Each statement sees what was committed while the transaction waited for its lock.
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED"
#: A machine that is gone says nothing any more: PostgreSQL, which would wait for hours, asks after half a minute.
_AS_LONG_AS_IT_TAKES = ("SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL tcp_keepalives_idle = 15;"
                        " SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3")
_OCCUPIES = re.compile(r"\s*(?:INSERT INTO|UPDATE) occupancy\b")


class PostgresConnection:
    """A connection of the pool for as long as one transaction."""

    engine = "postgres"

    def __init__(self, raw: Raw, conninfo: Callable[[], str]) -> None:
        self.raw = raw
        self._conninfo = conninfo

    def run(self, statement: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        with self._savepoint(statement), translated():
            return self.raw.execute(convert(statement).encode(), parameters).fetchall()

    def change(self, statement: str, parameters: Mapping[str, object]) -> int:
        with self._savepoint(statement), translated():
            return self.raw.execute(convert(statement).encode(), parameters).rowcount

    def change_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        with translated(), self.raw.cursor() as cursor:
            cursor.executemany(convert(statement).encode(), rows)

    def hold(self, principal: str) -> None:
        self.script(_lock_of(principal))

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        with translated(), self.raw.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(tuple(row))

    def clear(self, tables: Sequence[str]) -> None:
        # However much there is, that takes a moment; to remove row by row would last longer than a statement may.
        self.script(f"TRUNCATE {', '.join(tables)}")

    def copy_to(self, target: Path) -> None:
        """Write what the open transaction sees to ``target``, in pg_dump's custom format."""
        with translated():
            postgres_tools.dump(self.raw, self._conninfo(), target)

    def script(self, text: str) -> Sequence[Row]:
        """Run the statements of ``text``, which has no parameters; the rows of the last."""
        with translated():
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
        self._server = PostgresServer(address, settings)
        self._replica = Replica(settings, self._server) if settings.replica else None
        self._version_checked = False
        self._finishing = False

    @contextlib.contextmanager
    def read(self, *, at_replica: bool = False) -> Iterator[UnitOfWork]:
        self._check_version()
        if at_replica and self._replica is not None:
            with self._replica.snapshot(self._begin(_READ)) as raw:
                if raw is not None:
                    yield UnitOfWork(PostgresConnection(raw, self._replica.conninfo), actor="", now=self._clock(),
                                     snapshot=True)
                    return
        with self._transaction(_READ) as connection:
            yield UnitOfWork(connection, actor="", now=self._clock(), snapshot=True)

    def look(self, noun: str, name: str, /, *, at_replica: bool = False, **parameters: object) -> Row | None:
        # The limits of time are the transaction's.
        with self.read(at_replica=at_replica) as unit_of_work:
            return unit_of_work.one(noun, name, **parameters)

    @contextlib.contextmanager
    def write(self, *, actor: str = "", principal: str = "") -> Iterator[UnitOfWork]:
        self._check_version()
        began = time.perf_counter()
        # A node whose machine has gone must not keep its host locked. What concerns everybody may take its time.
        patience = (f"SET LOCAL idle_in_transaction_session_timeout = '{self._settings.statement_timeout_seconds}s'"
                    if principal else _AS_LONG_AS_IT_TAKES)
        with self._transaction(_WRITE, f"; {patience}{_locks(principal)}") as connection:
            self._waited(time.perf_counter() - began)
            yield UnitOfWork(connection, actor=actor, now=self._clock())

    @contextlib.contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        # None of the pool's connections, which the task needs; and a lock of a transaction, for a pooler that stands
        # between gives a session to somebody else after each.
        with translated():
            raw = psycopg.connect(self._server.conninfo(), autocommit=True)
        with contextlib.closing(raw):
            [[alone]] = PostgresConnection(raw, self._server.conninfo).script(
                f"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {_AS_LONG_AS_IT_TAKES};"
                f" SELECT pg_try_advisory_xact_lock({_key(f'alone {task}')})")
            yield bool(alone)

    def accept_unfinished(self) -> None:
        self._finishing = True

    @again.if_undone
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
                except TransactionUndone:
                    raise
                except (psycopg.Error, BookingError) as error:
                    raise failed(name, error.__cause__ or error) from error
                connection.change("INSERT INTO schema_migration (number, name, applied_epoch) VALUES (:n, :name, :now)",
                                  {"n": number, "name": name, "now": now})
            if not applied and pending:
                connection.change("INSERT INTO collection (path, incarnation, modified_epoch)"
                                  " VALUES ('', :incarnation, :now)", {"incarnation": uuid.uuid4().hex, "now": now})
            return [name for _, name, _ in pending]

    @again.if_undone
    def schema_state(self) -> SchemaState:
        with self._transaction(_READ) as connection:
            return _state(connection)

    @again.if_undone
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
        with translated(), psycopg.connect(self._server.conninfo(), autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)" if vacuum else "ANALYZE")

    @again.if_undone
    def size_octets(self) -> int:
        with self._transaction(_READ) as connection:
            return int(connection.run("SELECT pg_database_size(current_database())", {})[0][0])

    def backup(self, target: Path) -> None:
        with self._transaction(_READ) as connection:
            connection.copy_to(target)

    @contextlib.contextmanager
    def copy_cluster(self, folder: Path) -> Iterator[tuple[UnitOfWork, dict[str, str]]]:
        conninfo = self._server.conninfo()
        postgres_tools.refuse_pooler("pg_basebackup", conninfo)
        receiver = postgres_cluster.Receiver(conninfo, folder / "wal")
        try:
            postgres_cluster.copy(conninfo, folder)
            with translated(), psycopg.connect(conninfo) as holding:
                snapshot, end = self._stand_still(holding)
                with self._transaction(_READ, f"; SET TRANSACTION SNAPSHOT '{snapshot}'") as connection:
                    holding.rollback()
                    yield (UnitOfWork(connection, actor="", now=self._clock()),
                           {"end": end, "user": holding.info.user, "database": holding.info.dbname})
            with translated(), psycopg.connect(conninfo, autocommit=True) as writing:
                # What follows the end has to be there, or PostgreSQL takes it for cut off.
                writing.execute("SET synchronous_commit = on")
                [written] = [row[0] for row in writing.execute(
                    "SELECT CAST(pg_logical_emit_message(true, 'radicale-booking', 'backup') AS TEXT)")]
                receiver.wait_for(written)
        finally:
            receiver.stop()

    def _stand_still(self, raw: Raw) -> tuple[str, str]:
        """A snapshot and the end of the log that belong together, as nobody writes until the transaction ends."""
        raw.execute(f"SET LOCAL lock_timeout = '{self._settings.lock_timeout_seconds}s'{_locks('')}".encode())
        raw.execute(f"LOCK TABLE {', '.join(KEYS)} IN SHARE MODE".encode())
        [row] = raw.execute("SELECT pg_export_snapshot(), CAST(pg_current_wal_insert_lsn() AS TEXT)")
        return row[0], row[1]

    def receive_log(self, folder: Path) -> postgres_cluster.Receiver:
        return postgres_cluster.Receiver(self._server.conninfo(), folder)

    def restore(self, source: Path) -> None:
        postgres_tools.restore(self._server.conninfo(), source)
        self._version_checked = False

    def scratch(self, _folder: Path) -> contextlib.AbstractContextManager[str]:
        return postgres_tools.scratch(self.address, self._server.conninfo())

    def close(self) -> None:
        self._server.close()
        if self._replica is not None:
            self._replica.close()

    def _begin(self, begin: str) -> str:
        return (f"{begin}; SET LOCAL statement_timeout = '{self._settings.statement_timeout_seconds}s';"
                f" SET LOCAL lock_timeout = '{self._settings.lock_timeout_seconds}s'")

    @contextlib.contextmanager
    def _transaction(self, begin: str, then: str = "") -> Iterator[PostgresConnection]:
        with self._server.begun(f"{self._begin(begin)}{then}") as (raw, _):
            try:
                yield PostgresConnection(raw, self._server.conninfo)
            except StoreUnavailable as error:
                if begin == _WRITE and isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
                    # The server is a replica now; a new connection looks for the primary one.
                    raw.close()
                if raw.closed:
                    # It was not asked to commit.
                    raise TransactionUndone(error.reason) from error.__cause__
                raise
            if begin != _READ:
                _commit(raw)

    def _check_version(self) -> None:
        if self._version_checked:
            return
        self.schema_state().check(finishing=self._finishing)
        self._version_checked = True


def _commit(raw: Raw) -> None:
    # COMMIT of a transaction that failed is a ROLLBACK and no error.
    if raw.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
        with translated():
            raise psycopg.errors.InFailedSqlTransaction
    warnings: list[str] = []

    def warned(diagnostic: psycopg.errors.Diagnostic) -> None:
        warnings.append(diagnostic.message_primary or "")

    raw.add_notice_handler(warned)
    try:
        with translated():
            raw.execute("COMMIT")
    except StoreUnavailable as error:
        if isinstance(error, TransactionUndone) or not raw.closed:
            raise
        raise OutcomeUnknown(error.reason) from error.__cause__
    finally:
        raw.remove_notice_handler(warned)
    if warnings:
        # It is committed, but a replica that it had to wait for may not have it.
        raise OutcomeUnknown(f"PostgreSQL warns of a commit: {warnings[0]}")


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
    return f"; SELECT pg_advisory_xact_lock_shared({everybody}); {_lock_of(principal)}"


def _lock_of(principal: str) -> str:
    return f"SELECT pg_advisory_xact_lock({_key(f'/{principal}')})"


def _key(name: str) -> int:
    """A lock's number of 64 bits; two names of one number would wait for each other, nothing worse."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def _state(connection: PostgresConnection) -> SchemaState:
    exists = connection.run("SELECT to_regclass('schema_migration')", {})[0][0] is not None
    return state_of((number, name) for number, name in connection.run(
        "SELECT number, name FROM schema_migration", {})) if exists else state_of([])
