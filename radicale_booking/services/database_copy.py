"""Carry everything from one database to another, whatever engines they are of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from radicale_booking.errors import InvalidInput
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


def copy(source: Adapters, target: Adapters,
         advance: Callable[[int, int], None] = lambda done, total: None) -> dict[str, int]:
    """Copy a snapshot of ``source`` into the new database ``target`` in one transaction; table -> number of rows.

    Every row is read again from the target and compared before anything is kept. ``advance(done, total)`` counts rows.
    Raises ``InvalidInput`` when ``source`` is of an older schema, or ``target`` holds data already.
    """
    if source.store.schema_state().pending:
        raise InvalidInput("source", source.settings.database, "is of an older schema", "run db migrate on it first")
    target.store.migrate()
    with source.store.read() as theirs, target.store.write(actor="command") as ours:
        _refuse_data(target, ours)
        total = sum(theirs.tables.count(table) for table in theirs.tables.names)
        ours.tables.clear()
        copied: dict[str, int] = {}
        for table in theirs.tables.names:
            copied[table] = 0
            for rows in _copy_table(theirs, ours, table):
                copied[table] += rows
                advance(sum(copied.values()), total)
        ours.tables.renumber()
        return copied


def _refuse_data(target: Adapters, uow: UnitOfWork) -> None:
    # A new database has its root collection.
    if any(uow.tables.count(table) > (table == "collection") for table in uow.tables.names):
        raise InvalidInput("target", target.settings.database, "holds data already", "give a new, empty database")


def _copy_table(theirs: UnitOfWork, ours: UnitOfWork, table: str) -> Iterator[int]:
    """Gives the number of rows of each page that was written."""
    for rows in theirs.tables.pages(table):
        ours.tables.add(table, rows)
        yield len(rows)
    if ours.tables.digest(table) != theirs.tables.digest(table):
        raise InvalidInput("table", table, "came out other than it is in the source", "nothing was copied; report this")
