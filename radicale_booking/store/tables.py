"""Whole tables, to be carried from one database to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radicale_booking.store.schema import UNFINISHED

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork

#: Table -> the whole number that its rows are read by; one that refers to another stands after it.
KEYS = {
    "principal": "id", "collection": "id", "item": "id", "tombstone": "collection_id", "instance": "item_id",
    "event_type": "id", "event_type_host": "event_type_id", "booking_link": "id", "window_problem": "id",
    "rate": "id", "token": "id", "blocked": "id",
    "reservation": "id", "occupancy": "id", "seat": "id", "outbox": "id", "webhook": "id",
    "webhook_attempt": "id", "inbound": "id", "maintenance_mode": "id", "audit": "id",
}
_PAGE = 500
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Digest:
    """How many rows there are, and a number that tells their contents apart, whatever their order is."""

    rows: int = 0
    sum: int = 0

    def plus(self, rows: Sequence[Row]) -> Digest:
        hashes = (hashlib.sha256(json.dumps(tuple(row)).encode()).digest() for row in rows)
        total = sum(int.from_bytes(found, "big") for found in hashes)
        return Digest(self.rows + len(rows), (self.sum + total) % (1 << 256))


class Tables:
    """All rows as they are. The columns have one order in every database, that of the migrations."""

    #: In an order in which they can be written.
    names = tuple(KEYS)

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._connection = unit_of_work.connection
        self._now_epoch = unit_of_work.now_epoch

    def count(self, table: str) -> int:
        return int(self._connection.run(f"SELECT count(*) FROM {table}", {})[0][0])  # noqa: S608 - one of KEYS

    def last(self, table: str) -> int:
        """The greatest key of the rows that there are, -1 without any."""
        return int(self._connection.run(f"SELECT coalesce(max({KEYS[table]}), -1) FROM {table}", {})[0][0])  # noqa: S608

    def pages(self, table: str, after: int = -1, last: int = _LAST) -> Iterator[Sequence[Row]]:
        """The rows with keys above ``after`` up to ``last``, some hundred at a time, those of one key together."""
        key = KEYS[table]
        page = (f"SELECT DISTINCT {key} FROM {table} WHERE {key} > :after AND {key} <= :last"  # noqa: S608
                f" ORDER BY {key} LIMIT :most")
        while True:
            upto = self._connection.run(f"SELECT max({key}) FROM ({page}) AS page",  # noqa: S608
                                        {"after": after, "last": last, "most": _PAGE})[0][0]
            if upto is None:
                return
            yield self._connection.run(
                f"SELECT * FROM {table} WHERE {key} > :after AND {key} <= :upto ORDER BY {key}",  # noqa: S608
                {"after": after, "upto": upto})
            after = upto

    def add(self, table: str, rows: Sequence[Row]) -> None:
        self._connection.fill(table, rows)

    def digest(self, table: str, last: int = _LAST, read: Callable[[int], None] = lambda rows: None) -> Digest:
        """Of the rows with keys up to ``last``; ``read`` is told of each page how many rows it has."""
        digest = Digest()
        for rows in self.pages(table, last=last):
            digest = digest.plus(rows)
            read(len(rows))
        return digest

    def clear(self) -> None:
        self._connection.clear(tuple(reversed(self.names)))

    def begin(self) -> None:
        """Mark the database as an unfinished copy: nobody else uses it until ``finish``."""
        number, name = UNFINISHED
        self._connection.change("INSERT INTO schema_migration (number, name, applied_epoch) VALUES (:n, :name, :now)",
                                {"n": number, "name": name, "now": self._now_epoch})

    def finish(self) -> None:
        self._connection.change("DELETE FROM schema_migration WHERE number = :n", {"n": UNFINISHED[0]})

    def renumber(self) -> None:
        """Let new rows have numbers above those that were added; SQLite does so by itself."""
        if self._connection.engine != "postgres":
            return
        for table in (table for table, key in KEYS.items() if key == "id"):
            self._connection.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"  # noqa: S608
                                 f" coalesce((SELECT max(id) FROM {table}), 0) + 1, false)", {})
