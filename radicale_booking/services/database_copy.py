"""Carry everything from one database to another, whatever engines they are of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.errors import InvalidInput
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(slots=True)
class _Bar:
    """How far the copy is."""

    advance: Callable[[int, int], None]
    total: int
    done: int = 0

    def add(self, rows: int) -> None:
        self.done += rows
        self.advance(self.done, self.total)


def copy(source: Adapters, target: Adapters,
         advance: Callable[[int, int], None] = lambda done, total: None) -> dict[str, int]:
    """Copy a snapshot of ``source`` into ``target``, a new database or an unfinished copy; table -> number of rows.

    Each page is a transaction, so that a copy that was interrupted goes on with what is missing. The target is nobody
    else's until every row was read from it again and compared. ``advance(done, total)`` counts each row twice: when it
    is there, and when it was compared.
    Raises ``InvalidInput`` when ``source`` is of another schema, or ``target`` holds data that no copy has begun.
    """
    state = source.store.schema_state()
    if state.pending or state.unknown:
        raise InvalidInput("source", source.settings.database, "is of another schema than this program's",
                           "run db migrate on it first, with the newest version")
    target.store.accept_unfinished()
    target.store.migrate()
    if target.store.schema_state().unknown:
        raise InvalidInput("target", target.settings.database, "is of another schema than this program's",
                           "give a new, empty database")
    with source.store.read() as theirs:
        bar = _Bar(advance, 2 * sum(theirs.tables.count(table) for table in theirs.tables.names))
        _begin(theirs, target, bar)
        _fill(theirs, target, bar)
        copied = _verified(theirs, target, bar)
    _finish(target)
    # A database that has never looked at its tables plans as if they were empty.
    target.store.tidy(vacuum=False)
    return copied


def _begin(theirs: UnitOfWork, target: Adapters, bar: _Bar) -> None:
    """Leave in the target what is still so in the source, all or nothing."""
    unfinished = target.store.schema_state().unfinished
    with target.store.write(actor="command") as ours:
        if not unfinished:
            _refuse_data(target, ours)
            ours.tables.begin()
        elif all(ours.tables.digest(table) == theirs.tables.digest(table, ours.tables.last(table), bar.add)
                 for table in ours.tables.names):
            return
        bar.add(-bar.done)
        ours.tables.clear()


def _refuse_data(target: Adapters, uow: UnitOfWork) -> None:
    # A new database has its root collection.
    if any(uow.tables.count(table) > (table == "collection") for table in uow.tables.names):
        raise InvalidInput("target", target.settings.database, "holds data already", "give a new, empty database")


def _fill(theirs: UnitOfWork, target: Adapters, bar: _Bar) -> None:
    with target.store.read() as ours:
        last = {table: ours.tables.last(table) for table in ours.tables.names}
    for table in theirs.tables.names:
        for rows in theirs.tables.pages(table, last[table]):
            _add(target, table, rows)
            bar.add(len(rows))


@again.if_undone
def _add(target: Adapters, table: str, rows: Sequence[Row]) -> None:
    with target.store.write(actor="command") as ours:
        ours.tables.add(table, rows)


@again.if_undone
def _finish(target: Adapters) -> None:
    with target.store.write(actor="command") as ours:
        ours.tables.renumber()
        ours.tables.finish()


def _verified(theirs: UnitOfWork, target: Adapters, bar: _Bar) -> dict[str, int]:
    with target.store.read() as ours:
        found = {}
        for table in ours.tables.names:
            digest = theirs.tables.digest(table, read=bar.add)
            if ours.tables.digest(table) != digest:
                raise InvalidInput("table", table, "came out other than it is in the source",
                                   "the copy stays unfinished; run it again, and report this if it stays so")
            found[table] = digest.rows
        return found
