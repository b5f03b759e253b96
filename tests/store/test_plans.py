"""The queries that every page and every client asks find their rows by an index on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from radicale_booking.store import sql
from radicale_booking.store.postgres_sql import convert
from tests.postgres import Server

_FILL = """
INSERT INTO principal (name, created_epoch) SELECT 'p' || n, 0 FROM generate_series(1, 200) AS n;
INSERT INTO collection (parent_id, principal_id, path, tag, role, incarnation, modified_epoch)
    SELECT 1, id, name, 'VCALENDAR', 'bookable', 'x', 0 FROM principal;
INSERT INTO item (collection_id, href, uid, etag, name, component, text, size_octets, first_epoch, last_epoch, sequence,
        modified_epoch)
    SELECT collection.id, n || '.ics', n, 'e', 'VCALENDAR', 'VEVENT', 'x', 1, n * 3600, n * 3600 + 1800, n, 0
    FROM collection CROSS JOIN generate_series(1, 100) AS n WHERE path <> '';
INSERT INTO tombstone (collection_id, href, sequence, modified_epoch)
    SELECT collection_id, 'x' || href, sequence, 0 FROM item;
INSERT INTO instance (item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day, moment)
    SELECT id, collection_id, first_epoch, last_epoch, 0, 'BUSY', 0, 0, 0 FROM item;
INSERT INTO event_type (principal_id, slug, title, duration_minutes) SELECT id, 'talk', 'Talk', 30 FROM principal;
INSERT INTO reservation (principal_id, event_type_id, uid, status, start_epoch, end_epoch, invitee_name, invitee_email,
        created_epoch, modified_epoch)
    SELECT principal_id, id, id || '-' || n, 'confirmed', n * 3600, n * 3600 + 1800, 'Eve', 'e@example.org', 0, 0
    FROM event_type CROSS JOIN generate_series(1, 100) AS n;
INSERT INTO occupancy (reservation_id, principal_id, start_epoch, end_epoch, live)
    SELECT id, principal_id, start_epoch, end_epoch, 1 FROM reservation;
INSERT INTO outbox (kind, delivery_key, recipient, payload, due_epoch, created_epoch, status)
    SELECT 'mail', uid, uid, '{}', 0, 0, CASE WHEN id % 1000 = 0 THEN 'queued' ELSE 'sent' END FROM reservation;
ANALYZE;
"""
_FRAME = {"range_start": 36_000, "range_end": 72_000, "earliest": 36_000 - 86_401, "span_class": 0}
#: Noun and name of a query, and its parameters.
_HOT: list[tuple[str, str, dict[str, Any]]] = [
    ("instance", "busy", {"principal_id": 7, **_FRAME}),
    ("instance", "windows", {"principal_id": 7, **_FRAME}),
    ("instance", "blocking_items", {"principal_id": 7, **_FRAME}),
    ("listing", "busy", {"collection_id": 7, **_FRAME}),
    ("listing", "member", {"path": "p7", "href": "7.ics"}),
    ("listing", "some", {"collection_id": 7, "hrefs": '["7.ics", "8.ics"]'}),
    ("item", "changes", {"collection_id": 7, "since": 95}),
    ("item", "has_uid", {"collection_id": 7, "uid": "7"}),
    ("item", "in_range", {"collection_id": 7, "component": "VEVENT", **_FRAME}),
    ("collection", "get", {"path": "p7"}),
    ("reservation", "occupancies", {"host": "p7", **_FRAME}),
    ("reservation", "booked", {"event_type_id": 7, **_FRAME}),
    ("reservation", "get_by_uid", {"uid": "7-7"}),
    ("outbox", "waits", {"kind": "mail", "now": 1}),
    ("item", "behind", {"until_epoch": 1, "most": 1}),
    ("figures", "outbox", {"now": 1}),
    ("figures", "reservations", {"now": 99 * 3600}),
    ("webhook", "of_reservation", {"reservation_id": 7}),
    ("outbox", "claim", {"kind": "mail", "now": 1, "worker": "w", "until": 2, "limit": 20}),
]
#: A look at these costs nothing: they have a row or two for each host.
_SMALL = {"principal", "collection", "event_type", "webhook"}


@pytest.fixture(scope="module")
def filled(postgres_server: Server, postgres_template: str) -> Iterator[psycopg.Connection[Any]]:
    """200 hosts with 100 events and reservations each."""
    with psycopg.connect(postgres_server.create(postgres_template), autocommit=True) as connection:
        connection.execute(_FILL.encode())
        yield connection


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that are read from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for part in plan.get("Plans", ()):
        yield from scanned(part)


@pytest.mark.parametrize(("noun", "name", "parameters"), _HOT, ids=[f"{noun}-{name}" for noun, name, _ in _HOT])
def test_no_large_table_is_read_from_end_to_end(filled: psycopg.Connection[Any], noun: str, name: str,
                                                parameters: dict[str, Any]) -> None:
    statement = convert(f"EXPLAIN (FORMAT JSON) {sql.load(noun, 'postgres')[name]}")
    row = filled.execute(statement.encode(), parameters).fetchone()
    assert row is not None
    assert set(scanned(row[0][0]["Plan"])) <= _SMALL
