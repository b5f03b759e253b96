"""The invariant of the whole system, read from the database itself."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import psycopg

_OVERLAPS = """
SELECT one.id, other.id FROM occupancy AS one JOIN occupancy AS other
ON one.principal_id = other.principal_id AND one.id < other.id
WHERE one.live = 1 AND other.live = 1 AND one.start_epoch < other.end_epoch AND other.start_epoch < one.end_epoch
"""
_LIVE = """
SELECT count(*) FROM occupancy JOIN reservation ON reservation.id = occupancy.reservation_id
WHERE (occupancy.live = 1) <> (reservation.status IN ('pending', 'confirmed'))
"""


def overlaps(database: str | Path) -> list[tuple[int, int]]:
    """The pairs of live occupancies of one host that overlap; ``database`` is its address, or an SQLite file."""
    with _connected(database) as connection:
        assert connection.execute(_LIVE).fetchone() == (0,)
        return connection.execute(_OVERLAPS).fetchall()


def live_count(database: str | Path) -> int:
    with _connected(database) as connection:
        return int(connection.execute("SELECT count(*) FROM occupancy WHERE live = 1").fetchone()[0])


def _connected(database: str | Path) -> Any:
    address = str(database)
    if address.startswith("postgresql://"):
        return contextlib.closing(psycopg.connect(address))
    # A file that is not there must not be made.
    return contextlib.closing(sqlite3.connect(f"file:{address.removeprefix('sqlite://')}?mode=rw", uri=True))
