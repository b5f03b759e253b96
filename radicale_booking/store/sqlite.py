"""SQLite as the store: one file, WAL, every commit durable."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from radicale_booking.errors import BookingError, StoreUnavailable
from radicale_booking.postgres_cluster import Receiver
from radicale_booking.store import sql
from radicale_booking.store.group_commit import GroupCommit
from radicale_booking.store.schema import SchemaState, failed, state_of
from radicale_booking.store.unit_of_work import OverlapRefused, Row, UnitOfWork

BUSY_TIMEOUT_SECONDS = 20
_READ = "BEGIN"

#: SQLite's result code -> what the sysadmin reads.
_REASONS = {
    sqlite3.SQLITE_FULL: "disk full: the database cannot grow; free space on its disk",
    sqlite3.SQLITE_READONLY: "the database file is read-only; let the server's user write it and its folder",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged; restore a backup",
    sqlite3.SQLITE_NOTADB: "the database file is not an SQLite database; check [storage] database or restore a backup",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened; check that its folder exists and may be written",
    sqlite3.SQLITE_IOERR: "reading or writing the database file failed; check the disk",
    sqlite3.SQLITE_BUSY: "the database is busy; try again",
    sqlite3.SQLITE_LOCKED: "the database is busy; try again",
}


def _translate(error: sqlite3.Error) -> BookingError:
    if "occupancy_overlap" in str(error):
        return OverlapRefused()
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary in _REASONS:
        return StoreUnavailable(_REASONS[primary])
    raise error


def _close_to_others(path: Path) -> None:
    """SQLite lets everybody read a file that it makes, and gives those beside it the same rights."""
    # Why it cannot be made is what SQLite says next.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))


class SqliteConnection:
    """A connection of one thread at a time, outside Python's own transaction handling."""

    engine = "sqlite"

    def __init__(self, path: Path) -> None:
        _close_to_others(path)
        try:
            self.raw = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None,
                                       check_same_thread=False, cached_statements=512)
            self.raw.row_factory = sqlite3.Row
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON",
                           "cache_size = -32768", "temp_store = MEMORY", "mmap_size = 268435456"):
                self.raw.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise _translate(error) from error
        weakref.finalize(self, self.raw.close)

    @property
    def in_transaction(self) -> bool:
        return self.raw.in_transaction

    def run(self, statement: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        try:
            return self.raw.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise _translate(error) from error

    def change(self, statement: str, parameters: Mapping[str, object]) -> int:
        try:
            return self.raw.execute(statement, parameters).rowcount
        except sqlite3.Error as error:
            raise _translate(error) from error

    def change_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        try:
            self.raw.executemany(statement, rows)
        except sqlite3.Error as error:
            raise _translate(error) from error

    def hold(self, principal: str) -> None:
        """Who writes is alone."""

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        values = ", ".join("?" * len(rows[0]))
        try:
            self.raw.executemany(f"INSERT INTO {table} VALUES ({values})", rows)  # noqa: S608 - a name of ours
        except sqlite3.Error as error:
            raise _translate(error) from error

    def clear(self, tables: Sequence[str]) -> None:
        for table in tables:
            self.change(f"DELETE FROM {table}", {})  # noqa: S608 - a name of ours

    def copy_to(self, target: Path) -> None:
        """Write what the open transaction sees, else what is there now, into the new file ``target``."""
        _close_to_others(target)
        copy = sqlite3.connect(target)
        try:
            self.raw.backup(copy)
        except sqlite3.Error as error:
            raise _translate(error) from error
        finally:
            copy.close()

    def script(self, text: str) -> None:
        """Run the statements of ``text`` one by one inside the open transaction."""
        statement = ""
        for line in text.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                self.change(statement, {})
                statement = ""


class _Transaction:
    """Every read goes through one, so it is a plain class: a generator would cost as much as the query."""

    def __init__(self, connection: SqliteConnection, begin: str, actor: str, clock: Callable[[], datetime]) -> None:
        self._connection, self._begin, self._actor, self._clock = connection, begin, actor, clock

    def __enter__(self) -> UnitOfWork:
        self._connection.change(self._begin, {})
        return UnitOfWork(self._connection, actor=self._actor, now=self._clock(), snapshot=self._begin == _READ)

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        try:
            if kind is None:
                self._connection.change("COMMIT", {})
        finally:
            if self._connection.raw.in_transaction:
                self._connection.raw.rollback()


class SqliteStore:
    """The file at ``path``; its folder must exist. Each thread that reads has a connection, all that write have one."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime],
                 waited: Callable[[float], None] = lambda seconds: None) -> None:
        self.path = path
        self._clock = clock
        self._waited = waited
        self._local = threading.local()
        self._connections: weakref.WeakSet[SqliteConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._finishing = False
        # SQLite's own waiting polls; threads of one process queue here instead.
        self._writer = GroupCommit(self._open)

    def read(self, *, at_replica: bool = False) -> AbstractContextManager[UnitOfWork]:
        return self._transaction(_READ, "")

    def look(self, noun: str, name: str, /, *, at_replica: bool = False, **parameters: object) -> Row | None:
        rows = self._connection().run(sql.load(noun, SqliteConnection.engine)[name], parameters)
        return rows[0] if rows else None

    @contextlib.contextmanager
    def write(self, *, actor: str = "", principal: str = "") -> Iterator[UnitOfWork]:
        began = time.perf_counter()
        with self._writer.transaction() as connection:
            self._waited(time.perf_counter() - began)
            yield UnitOfWork(connection, actor=actor, now=self._clock())

    def _transaction(self, begin: str, actor: str) -> _Transaction:
        return _Transaction(self._connection(), begin, actor, self._clock)

    def _connection(self) -> SqliteConnection:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open()
        return connection

    def _open(self) -> SqliteConnection:
        connection = SqliteConnection(self.path)
        self._check_version(connection)
        with self._lock:
            self._connections.add(connection)
        return connection

    def _check_version(self, connection: SqliteConnection) -> None:
        state = _state(connection)
        copies = sorted(self.path.parent.glob(f"{self.path.name}.schema-{state.known}.*.backup"))
        try:
            state.check(*([f"put {copies[-1]} in its place, as it was before the upgrade"] if copies else []),
                        finishing=self._finishing)
        except StoreUnavailable:
            connection.raw.close()
            raise

    @contextlib.contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        place = self.path.resolve()
        lock = place.with_name(f"{place.name}-{task}.lock")
        try:
            file = os.open(lock, os.O_RDONLY | os.O_CREAT)
        except OSError as error:
            raise StoreUnavailable(f"{lock}: {error.strerror}") from error
        try:
            # What a command of root's makes must be of use to the server's user.
            with contextlib.suppress(PermissionError):
                os.fchmod(file, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alone = True
            except BlockingIOError:
                alone = False
            yield alone
        finally:
            os.close(file)

    def accept_unfinished(self) -> None:
        self._finishing = True

    def migrate(self) -> list[str]:
        connection = self._connection()
        with self._transaction("BEGIN IMMEDIATE", "migration") as unit_of_work:
            applied = _state(connection).applied
            pending = [(number, name, file) for number, name, file in sql.migrations() if number > applied]
            for number, name, file in pending:
                try:
                    for text in sql.texts(file, connection.engine):
                        connection.script(text)
                except (sqlite3.Error, BookingError) as error:
                    raise failed(name, error) from error
                connection.change("INSERT INTO schema_migration (number, name, applied_epoch) VALUES (:n, :name, :now)",
                                  {"n": number, "name": name, "now": unit_of_work.now_epoch})
            if not applied and pending:
                connection.change("INSERT INTO collection (path, incarnation, modified_epoch)"
                                  " VALUES ('', :incarnation, :now)",
                                  {"incarnation": uuid.uuid4().hex, "now": unit_of_work.now_epoch})
        return [name for _, name, _ in pending]

    def schema_state(self) -> SchemaState:
        return _state(self._connection())

    def check(self) -> list[str]:
        connection = self._connection()
        problems = [str(row[0]) for row in connection.run("PRAGMA integrity_check", {}) if row[0] != "ok"]
        problems += [f"table {row[0]}, row {row[1]}: refers to a missing row of {row[2]}"
                     for row in connection.run("PRAGMA foreign_key_check", {})]
        problems += [f"principal {row[0]}: live occupancies {row[1]} and {row[2]} overlap"
                     for row in connection.run(sql.load("check", "sqlite")["overlapping_occupancies"], {})]
        return problems

    def tidy(self, *, vacuum: bool) -> None:
        connection = self._connection()
        with self._writer.alone():
            # A thousand entries of each index say enough; whoever writes waits for as long as it takes to read them.
            for statement in ("PRAGMA analysis_limit = 1000", "ANALYZE", *(["VACUUM"] if vacuum else []),
                              "PRAGMA optimize",
                              # What was written goes from the log into the file, and the log gets short again; not
                              # where somebody reads it, as a continuous copy does: nobody could write meanwhile.
                              "PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)",
                              f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}"):
                connection.run(statement, {})

    def size_octets(self) -> int:
        try:
            log = self.path.with_name(f"{self.path.name}-wal")
            return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)
        except OSError as error:
            raise StoreUnavailable(f"{self.path}: {error.strerror}") from error

    def backup(self, target: Path) -> None:
        self._connection().copy_to(target)

    def copy_cluster(self, folder: Path) -> AbstractContextManager[tuple[UnitOfWork, dict[str, str]]]:
        raise StoreUnavailable("an SQLite file has no server to copy")

    def receive_log(self, folder: Path) -> Receiver:
        raise StoreUnavailable("an SQLite file has no server to receive from")

    def restore(self, source: Path) -> None:
        copy = sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)
        try:
            with self._writer.alone():
                copy.backup(self._connection().raw)
        except sqlite3.Error as error:
            raise _translate(error) from error
        finally:
            copy.close()

    @contextlib.contextmanager
    def scratch(self, folder: Path) -> Iterator[str]:
        file = folder / "scratch.sqlite"
        yield f"sqlite://{file}"
        for name in (file, *(file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))):
            name.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            for connection in self._connections:
                connection.raw.close()
            self._connections = weakref.WeakSet()
        self._local = threading.local()
        self._writer = GroupCommit(self._open)


def _state(connection: SqliteConnection) -> SchemaState:
    exists = connection.run("SELECT 1 FROM sqlite_master WHERE name = 'schema_migration'", {})
    return state_of((number, name) for number, name in connection.run(
        "SELECT number, name FROM schema_migration", {})) if exists else state_of([])
