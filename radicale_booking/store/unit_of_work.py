"""One transaction with its repositories."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from radicale_booking.errors import Conflict
from radicale_booking.store import sql
from radicale_booking.store.audit import Audit
from radicale_booking.store.booking_links import BookingLinks
from radicale_booking.store.collections import Collections
from radicale_booking.store.event_types import EventTypes
from radicale_booking.store.guard import Guard
from radicale_booking.store.inbound import Inbound
from radicale_booking.store.instances import Instances
from radicale_booking.store.items import Items
from radicale_booking.store.maintenance import Maintenance
from radicale_booking.store.maintenance_mode import MaintenanceModes
from radicale_booking.store.outbox import Outbox
from radicale_booking.store.persons import Persons
from radicale_booking.store.principals import Principals
from radicale_booking.store.reservations import Reservations
from radicale_booking.store.seats import Seats
from radicale_booking.store.tables import Tables
from radicale_booking.store.tokens import Tokens
from radicale_booking.store.webhooks import Webhooks
from radicale_booking.store.window_problems import WindowProblems

#: A row, readable by column name and by position.
Row = Any
Kind = TypeVar("Kind")


class OverlapRefused(Conflict):
    """The database refused two overlapping live occupancies of one principal."""


class Connection(Protocol):
    """What a unit of work needs of an engine's connection."""

    #: ``sqlite`` or ``postgres``: whose companion files of queries hold.
    engine: str

    def run(self, statement: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        """All rows of ``statement``. Raises ``StoreUnavailable`` or ``OverlapRefused``."""

    def change(self, statement: str, parameters: Mapping[str, object]) -> int:
        """The number of rows that ``statement`` changed. Raises the same."""

    def change_many(self, statement: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Run ``statement`` for each of ``rows``. Raises the same."""

    def hold(self, principal: str) -> None:
        """See ``UnitOfWork.hold``. Raises the same."""

    def fill(self, table: str, rows: Sequence[Row]) -> None:
        """Add ``rows``, with a value for each column in order. Raises the same."""

    def clear(self, tables: Sequence[str]) -> None:
        """Remove all rows of ``tables``; one that refers to another stands before it. Raises the same."""

    def copy_to(self, target: Path) -> None:
        """Write the whole database, as the transaction sees it, to the new file ``target``. Raises the same."""


class _Repository(Generic[Kind]):
    """A repository of a unit of work, made when it is first asked for."""

    def __init__(self, kind: Callable[[UnitOfWork], Kind]) -> None:
        self._kind = kind

    def __set_name__(self, owner: type[UnitOfWork], name: str) -> None:
        self._name = name

    def __get__(self, unit_of_work: UnitOfWork, owner: type[UnitOfWork]) -> Kind:
        # What stands in the instance is found before this the next time.
        made = unit_of_work.__dict__[self._name] = self._kind(unit_of_work)
        return made


class UnitOfWork:
    """A transaction: ``actor`` does it, ``now`` (aware UTC) is its one time. One that is a ``snapshot`` asks the
    database for the same row once."""

    principals = _Repository(Principals)
    collections = _Repository(Collections)
    items = _Repository(Items)
    instances = _Repository(Instances)
    event_types = _Repository(EventTypes)
    reservations = _Repository(Reservations)
    outbox = _Repository(Outbox)
    audit = _Repository(Audit)
    booking_links = _Repository(BookingLinks)
    seats = _Repository(Seats)
    guard = _Repository(Guard)
    inbound = _Repository(Inbound)
    tokens = _Repository(Tokens)
    maintenance = _Repository(Maintenance)
    maintenance_mode = _Repository(MaintenanceModes)
    persons = _Repository(Persons)
    window_problems = _Repository(WindowProblems)
    webhooks = _Repository(Webhooks)
    tables = _Repository(Tables)

    def __init__(self, connection: Connection, *, actor: str, now: datetime, snapshot: bool = False) -> None:
        self.connection = connection
        self.actor = actor
        self.now = now
        self._rows: dict[tuple[object, ...], Row | None] | None = {} if snapshot else None

    @property
    def now_epoch(self) -> int:
        return int(self.now.timestamp())

    def query(self, noun: str, name: str, /, **parameters: object) -> Sequence[Row]:
        """All rows of the named query."""
        return self.connection.run(self._statement(noun, name), parameters)

    def one(self, noun: str, name: str, /, **parameters: object) -> Row | None:
        """The first row of the named query, or None."""
        if self._rows is None:
            return self._first(noun, name, parameters)
        asked = (noun, name, *parameters.items())
        if asked not in self._rows:
            self._rows[asked] = self._first(noun, name, parameters)
        return self._rows[asked]

    def _first(self, noun: str, name: str, parameters: Mapping[str, object]) -> Row | None:
        rows = self.connection.run(self._statement(noun, name), parameters)
        return rows[0] if rows else None

    def execute(self, noun: str, name: str, /, **parameters: object) -> int:
        """Run the named statement; the number of rows it changed."""
        return self.connection.change(self._statement(noun, name), parameters)

    def execute_many(self, noun: str, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Run the named statement for each of ``rows``, its parameters."""
        if rows:
            self.connection.change_many(self._statement(noun, name), rows)

    def insert(self, noun: str, name: str, /, **parameters: object) -> int:
        """Run the named insert, which ends with ``RETURNING id``; the new id."""
        return int(self.connection.run(self._statement(noun, name), parameters)[0][0])

    def _statement(self, noun: str, name: str) -> str:
        return sql.load(noun, self.connection.engine)[name]

    def hold(self, principal: str) -> None:
        """Let nobody else write the data of ``principal`` until the end either: what is read of it from now on counts.

        Of two who hold each other up one is undone.
        """
        self.connection.hold(principal)

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of the transaction that an exception undoes alone."""
        self.connection.change("SAVEPOINT attempt", {})
        try:
            yield
        except BaseException:
            self.connection.change("ROLLBACK TO SAVEPOINT attempt", {})
            raise
        finally:
            self.connection.change("RELEASE SAVEPOINT attempt", {})
