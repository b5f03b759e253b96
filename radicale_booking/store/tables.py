"""Whole tables, to be carried from one database to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    def count(self, table: str) -> int:
        return int(self._connection.run(f"SELECT count(*) FROM {table}", {})[0][0])  # noqa: S608 - one of KEYS

    def pages(self, table: str) -> Iterator[Sequence[Row]]:
        """All rows, some hundred at a time."""
        key = KEYS[table]
        page = f"SELECT DISTINCT {key} FROM {table} WHERE {key} > :after ORDER BY {key} LIMIT :most"  # noqa: S608
        after = -1
        while True:
            upto = self._connection.run(f"SELECT max({key}) FROM ({page}) AS page",  # noqa: S608
                                        {"after": after, "most": _PAGE})[0][0]
            if upto is None:
                return
            yield self._connection.run(
                f"SELECT * FROM {table} WHERE {key} > :after AND {key} <= :upto ORDER BY {key}",  # noqa: S608
                {"after": after, "upto": upto})
            after = upto

    def add(self, table: str, rows: Sequence[Row]) -> None:
        names = [f"c{number}" for number in range(len(rows[0]))]
        values = ", ".join(f":{name}" for name in names)
        self._connection.change_many(f"INSERT INTO {table} VALUES ({values})",  # noqa: S608
                                     [dict(zip(names, row, strict=True)) for row in rows])

    def digest(self, table: str) -> Digest:
        digest = Digest()
        for rows in self.pages(table):
            digest = digest.plus(rows)
        return digest

    def clear(self) -> None:
        """Remove what a new database holds: the root collection."""
        self._connection.change("DELETE FROM collection WHERE path = ''", {})

    def renumber(self) -> None:
        """Let new rows have numbers above those that were added; SQLite does so by itself."""
        if self._connection.engine != "postgres":
            return
        for table in (table for table, key in KEYS.items() if key == "id"):
            self._connection.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"  # noqa: S608
                                 f" coalesce((SELECT max(id) FROM {table}), 0) + 1, false)", {})
