"""The store: a database that hands out transactions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from radicale_booking.errors import InvalidSetting
from radicale_booking.postgres_cluster import Receiver
from radicale_booking.postgres_settings import SCHEME as POSTGRES_SCHEME
from radicale_booking.postgres_settings import PostgresSettings, without_password
from radicale_booking.store.schema import SchemaState
from radicale_booking.store.sqlite import SqliteStore
from radicale_booking.store.unit_of_work import Row, UnitOfWork


class Store(Protocol):
    """A database. Every method raises ``StoreUnavailable`` when it cannot be used."""

    def read(self, *, at_replica: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A snapshot: what it sees does not change while it is open, and everything committed before is in it.

        ``at_replica``: it reads much, so a replica may answer where there is one. Its failure is ``TransactionUndone``.
        """

    def look(self, noun: str, name: str, /, *, at_replica: bool = False, **parameters: object) -> Row | None:
        """The first row of one named query, which sees what ``read`` would, without a transaction around it."""

    def write(self, *, actor: str = "", principal: str = "") -> AbstractContextManager[UnitOfWork]:
        """A write transaction of ``actor`` on the data of ``principal``; commits at the end, an exception undoes it.

        No other write of the same principal goes on at the same time, and none at all where ``principal`` is ''.
        ``NOBODY``: it changes only what workers claim of the outbox, and waits for nobody.
        """

    def alone(self, task: str) -> AbstractContextManager[bool]:
        """Whether nobody else does ``task`` (a word) for this database, in whatever process or on whatever machine.

        If so, nobody begins it until the block ends, or the process does.
        """

    def accept_unfinished(self) -> None:
        """From now on this object, and it alone, may write to an unfinished copy, so that it can be finished."""

    def migrate(self) -> list[str]:
        """Bring the schema up to date, in one transaction; the names of the migrations applied."""

    def schema_state(self) -> SchemaState:
        """How far the schema is."""

    def check(self) -> list[str]:
        """Problems found in the database, each a sentence; empty when it is sound."""

    def tidy(self, *, vacuum: bool) -> None:
        """Let the database look at its tables anew; with ``vacuum``, give room that is not used back to the disk."""

    def size_octets(self) -> int:
        """How much room the database takes."""

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the database to ``target`` while it is in use: a file, or a dump of PostgreSQL."""

    def copy_cluster(self, folder: Path) -> AbstractContextManager[tuple[UnitOfWork, dict[str, str]]]:
        """Write all of the PostgreSQL server to ``base.tar`` and ``wal`` in ``folder``, complete when the block ends.

        The snapshot is what there is when they are followed to the LSN ``end`` of the second value, as ``user`` finds
        it in the ``database``. An SQLite file has no such copy.
        """

    def receive_log(self, folder: Path) -> Receiver:
        """Write PostgreSQL's log to ``folder`` from now on. An SQLite file has none."""

    def restore(self, source: Path) -> None:
        """Replace everything by the copy ``source``, all or nothing; whoever reads meanwhile sees one or the other."""

    def scratch(self, folder: Path) -> AbstractContextManager[str]:
        """The address of a new, empty database of this engine, in ``folder`` if it is a file; gone at the end."""

    def close(self) -> None:
        """Close every connection."""


def open_store(database_url: str, *, clock: Callable[[], datetime],
               postgres: PostgresSettings = PostgresSettings(),  # noqa: B008 - frozen
               waited: Callable[[float], None] = lambda seconds: None) -> Store:
    """The store behind ``sqlite:///absolute/path`` or ``postgresql://…``; ``clock`` gives aware UTC. ``waited`` is told
    the seconds that each write has waited for its turn.

    Raises ``InvalidSetting`` for another kind of address.
    """
    if database_url.startswith(POSTGRES_SCHEME) and database_url != POSTGRES_SCHEME:
        # Its driver takes a while to load, and most sites do not need it.
        from radicale_booking.store.postgres import PostgresStore

        return PostgresStore(database_url, clock=clock, settings=postgres, waited=waited)
    prefix = "sqlite:///"
    if not database_url.startswith(prefix) or len(database_url) == len(prefix):
        raise InvalidSetting("[storage] database", without_password(database_url), "is not an address of a database",
                             "write sqlite:///absolute/path/to/file.db or postgresql://user@host/name")
    return SqliteStore(Path("/", database_url.removeprefix(prefix)), clock=clock, waited=waited)
