"""A calendar far larger than PostgreSQL believes costs what is in the range that is asked for, not its square."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from radicale_booking.store import sql
from radicale_booking.store.postgres_sql import convert
from tests.postgres import Server

_SIZE, _ASKED = 2000, 200
#: A hundred small calendars are what the statistics are of; then comes the large one, of an event an hour.
_FILL = f"""
INSERT INTO principal (name, host, created_epoch) SELECT 'p' || n, 1, 0 FROM generate_series(1, 100) AS n;
INSERT INTO collection (parent_id, principal_id, path, tag, incarnation, modified_epoch)
    SELECT 1, id, name, 'VCALENDAR', 'x', 0 FROM principal;
CREATE FUNCTION fill(calendar BIGINT, size INTEGER) RETURNS void LANGUAGE sql AS $$
    INSERT INTO item (collection_id, href, uid, etag, name, component, text, size_octets, first_epoch, last_epoch,
            sequence, modified_epoch)
        SELECT calendar, n || '.ics', n, 'e', 'VCALENDAR', 'VEVENT', 'x', 1, n * 3600, n * 3600 + 1800, n, 0
        FROM generate_series(1, size) AS n;
    INSERT INTO instance (item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day,
            moment)
        SELECT id, collection_id, first_epoch, last_epoch, 0, 'BUSY', 0, 0, 0 FROM item WHERE collection_id = calendar;
$$;
SELECT fill(id, 5) FROM collection WHERE path NOT IN ('', 'p7');
ANALYZE;
SELECT fill(id, {_SIZE}) FROM collection WHERE path = 'p7';
"""
_RANGE = {"range_start": 360_000, "range_end": 360_000 + _ASKED * 3600}
_QUERIES = [("item", "in_range"), ("instance", "busy"), ("instance", "busy_spans"), ("instance", "all_day"),
            ("listing", "busy")]


@pytest.fixture(scope="module")
def filled(postgres_server: Server, postgres_template: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_server.create(postgres_template), autocommit=True) as connection:
        connection.execute(_FILL.encode())
        yield connection


def handled(plan: dict[str, Any]) -> Iterator[float]:
    """How many rows each step gave or threw away."""
    thrown = sum(plan.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Join Filter", "Index Recheck"))
    yield plan["Actual Loops"] * (plan["Actual Rows"] + thrown)
    for part in plan.get("Plans", ()):
        yield from handled(part)


@pytest.mark.parametrize(("noun", "name"), _QUERIES, ids=[f"{noun}-{name}" for noun, name in _QUERIES])
def test_no_row_is_looked_at_again_and_again(filled: psycopg.Connection[Any], noun: str, name: str) -> None:
    [[calendar, owner]] = filled.execute("SELECT id, principal_id FROM collection WHERE path = 'p7'").fetchall()
    statement = convert(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql.load(noun, 'postgres')[name]}")
    row = filled.execute(statement.encode(), {"collection_id": calendar, "principal_id": owner, "component": "VEVENT",
                                              **_RANGE}).fetchone()
    assert row is not None
    assert max(handled(row[0][0]["Plan"])) <= 2 * _SIZE
