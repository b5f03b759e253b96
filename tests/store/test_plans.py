"""No query reads a table from end to end on either engine, but for those that are named here with the reason.

PostgreSQL plans by what is in its tables, so they are filled: an index is used where it is of use. SQLite plans by the
schema alone, as long as nobody has analysed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import psycopg
import pytest

from radicale_booking.store import sql
from radicale_booking.store.engine import Store
from radicale_booking.store.postgres import PostgresStore
from radicale_booking.store.sqlite import SqliteStore
from tests.postgres import Server
from tests.services.conftest import Clock

#: 1 000 hosts with 10 events and bookings each, and of all else as much as a year leaves.
_FILL = """
INSERT INTO principal (name, email, created_epoch)
    SELECT 'p' || n, 'p' || n || '@example.org', 0 FROM generate_series(1, 1000) AS n;
INSERT INTO collection (parent_id, principal_id, path, tag, role, incarnation, modified_epoch)
    SELECT 1, id, name || '/calendar', 'VCALENDAR', 'default', 'x', 0 FROM principal;
INSERT INTO item (collection_id, href, uid, etag, name, component, text, size_octets, first_epoch, last_epoch,
        expanded_until_epoch, sequence, modified_epoch)
    SELECT collection.id, n || '.ics', n, 'e', 'VCALENDAR', 'VEVENT', 'x', 1, n * 3600, n * 3600 + 1800,
        CASE WHEN n = 1 THEN 1000000 + collection.id END, n, 0
    FROM collection CROSS JOIN generate_series(1, 10) AS n WHERE path <> '';
INSERT INTO tombstone (collection_id, href, sequence, modified_epoch)
    SELECT collection_id, 'x' || href, sequence, 0 FROM item;
INSERT INTO instance (item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day, moment)
    SELECT id, collection_id, first_epoch, last_epoch, 0, 'BUSY', 0, 0, 0 FROM item;
INSERT INTO window_problem (item_id, line, reason, remedy) SELECT id, 'x', 'x', 'x' FROM item;
INSERT INTO event_type (principal_id, slug, title, duration_minutes) SELECT id, 'talk', 'Talk', 30 FROM principal;
INSERT INTO event_type_host (event_type_id, principal_id, position) SELECT id, principal_id, 1 FROM event_type;
INSERT INTO booking_link (event_type_id, token_hash, single_use, created_epoch)
    SELECT id, 'hash ' || id, 1, 0 FROM event_type;
INSERT INTO reservation (principal_id, event_type_id, uid, status, start_epoch, end_epoch, invitee_name, invitee_email,
        created_epoch, modified_epoch, idempotency_key, series, recurrence_epoch)
    SELECT principal_id, id, id || '-' || n, 'confirmed', n * 3600, n * 3600 + 1800, 'Eve', id || '@example.org', 0, 0,
        'k' || n, CASE WHEN n < 3 THEN 's' || id END, CASE WHEN n < 3 THEN n END
    FROM event_type CROSS JOIN generate_series(1, 10) AS n;
INSERT INTO occupancy (reservation_id, principal_id, start_epoch, end_epoch, live)
    SELECT id, principal_id, start_epoch, end_epoch, 1 FROM reservation;
INSERT INTO seat (reservation_id, name, email, status, created_epoch, uid, idempotency_key)
    SELECT id, 'Eve', invitee_email, 'confirmed', 0, 'seat ' || uid, 'k' FROM reservation;
INSERT INTO outbox (kind, delivery_key, recipient, payload, due_epoch, created_epoch, status, reservation_id)
    SELECT 'mail', uid, uid, '{}', 0, 0, CASE WHEN id % 1000 = 0 THEN 'queued' ELSE 'sent' END, id FROM reservation;
INSERT INTO webhook (principal_id, url, secret, created_epoch) SELECT id, 'x', 'x', 0 FROM principal;
INSERT INTO webhook_attempt (outbox_id, at_epoch, milliseconds) SELECT id, 0, 1 FROM outbox;
INSERT INTO token (principal_id, name, token_hash, scope, created_epoch) SELECT id, 'x', name, 'full', 0 FROM principal;
INSERT INTO inbound (message_id, recipient, sender, status, received_epoch)
    SELECT uid, 'x', uid, 'done', start_epoch FROM reservation;
INSERT INTO rate (name, until_ms) SELECT uid, id FROM reservation;
INSERT INTO blocked (pattern, created_epoch) SELECT name || '.example', 0 FROM principal;
INSERT INTO audit (at_epoch, actor, action, subject) SELECT 0, 'page', 'book', uid FROM reservation;
ANALYZE;
"""
#: What is not a number, by the name of the parameter.
_TEXTS = {
    **dict.fromkeys(("action", "actor", "agenda", "answers", "availability", "calendar_uid", "categories", "content",
                     "description", "detail", "display_name", "error", "etag", "events", "guests", "holidays",
                     "incarnation", "invitee_name", "invitee_timezone", "language", "line", "location", "message",
                     "message_id", "name", "note", "object_uid", "origin", "payload", "prefix", "props", "reason",
                     "recipient", "remedy", "rules", "schedule_tag",
                     "seat", "secret", "sender", "series", "subject", "summary",
                     "tag", "text", "timezone", "title", "token_hash", "unreadable", "url", "worker", "zone",
                     "delivery_key", "pattern", "idempotency_key", "uid"), "x"),
    "after": "y", "above": "p7/calendar0", "below": "p7/calendar/", "auto_schedule": "none", "busy_type": "BUSY",
    "component": "VEVENT", "email": "7@example.org", "host": "p7", "href": "7.ics", "hrefs": '["7.ics", "8.ics"]',
    "invitee_email": "7@example.org", "kind": "mail", "mode": "closed", "path": "p7/calendar", "patterns": '["x"]',
    "role": "default", "scope": "full", "slug": "talk", "status": "confirmed", "user": "p7"}
#: Others are 7.
_NUMBERS = {"range_start": 7200, "range_end": 14400, "start_epoch": 7200, "end_epoch": 9000, "since": 5, "most": 20,
            "limit": 20, "now": 37_000, "now_ms": 1, "until_epoch": 1000, "all_day": 0, "before": 1}
#: Why a query may read a table from end to end -> which.
_COLD = {
    "a command that somebody gives": (
        "audit.newest", "check.overlapping_occupancies", "collection.all", "guard.blocked", "item.count",
        "outbox.list", "outbox.pending", "outbox.retry", "principal.all", "reservation.list", "token.list"),
    "what is known of a person, wherever it stands": (
        "event_type.of_everybody", "maintenance.audit_about", "maintenance.erase_mail_to", "maintenance.items_about",
        "maintenance.mail_to", "maintenance.reservations_of", "maintenance.reservations_with_guest",
        "maintenance.seats_of"),
    "once a night, some rows at a time": (
        "maintenance.forget_audit", "maintenance.forget_mail", "maintenance.forget_tombstones",
        "maintenance.raise_oldest"),
    "numbers, for whoever watches the site": (
        "figures.hosts", "figures.linked_objects", "figures.unreadable", "figures.window_problems",
        "figures.without_object", "figures.wrongly_occupied"),
    "SQLite looks for what refers to a user or event type, which is seldom removed; not when one is added, though its "
    "plan says so": ("event_type.add", "event_type.remove", "principal.add", "principal.remove"),
    "a part of a name, which no index finds": ("principal.search",),
    "as many as the site has told": ("webhook.all",),
}
#: Indexes of what waits or is broken: to read one to its end costs what there is to be done.
_FEW = ("inbound_quarantined", "item_unreadable", "outbox_due", "outbox_failed", "principal_agenda", "seat_expires")
#: A row at most, made-up rows, and rows that were selected before.
_NO_TABLES = ("maintenance_mode", "reach", "wanted", "counted", "said", "title", "(subquery-")


def queries() -> dict[str, list[str]]:
    """Noun -> the names of its queries that are not cold."""
    cold = {name for names in _COLD.values() for name in names}
    found = {}
    for entry in files("radicale_booking.storage").joinpath("queries").iterdir():
        noun, _, rest = entry.name.partition(".")
        if rest == "sql":
            found[noun] = [name for name in sql.load(noun, "sqlite") if f"{noun}.{name}" not in cold]
    return found


def values(statement: str) -> dict[str, object]:
    names = re.findall(r":([a-z_]\w*)", re.sub(r"--[^\n]*|'[^']*'|::", "", statement))
    found: dict[str, object] = {name: _TEXTS.get(name, _NUMBERS.get(name, 7)) for name in names}
    # It is who hosts elsewhere, and of a principal whether it does.
    return found | ({"host": 0} if "free_busy_url" in found else {})


def plan(store: Store, statement: str) -> list[Any]:
    with store.read() as uow:
        word = "EXPLAIN QUERY PLAN" if uow.connection.engine == "sqlite" else "EXPLAIN (FORMAT JSON)"
        return list(uow.connection.run(f"{word} {statement}", values(statement)))


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path_factory.mktemp("plans") / "booking.sqlite", clock=Clock())
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="module")
def postgres(postgres_server: Server, postgres_template: str) -> Iterator[PostgresStore]:
    address = postgres_server.create(postgres_template)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(_FILL.encode())
    store = PostgresStore(address, clock=Clock())
    yield store
    store.close()


def nodes(of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield of
    for part in of.get("Plans", ()):
        yield from nodes(part)


def read_whole(node: dict[str, Any]) -> bool:
    if node["Node Type"] == "Seq Scan":
        return node["Relation Name"] not in _NO_TABLES
    return (node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan") and "Index Cond" not in node
            and node["Index Name"] not in _FEW)


@pytest.mark.parametrize("noun", sorted(queries()))
def test_nothing_is_read_from_end_to_end_on_sqlite(sqlite: SqliteStore, noun: str) -> None:
    whole = {}
    for name in queries()[noun]:
        steps = [row["detail"] for row in plan(sqlite, sql.load(noun, "sqlite")[name])]
        whole[name] = [step for step in steps if step.startswith("SCAN") and not step[5:].startswith(_NO_TABLES)
                       and not step.endswith((*_FEW, "CONSTANT ROW", "CONSTANT ROWS"))]
    assert {name: steps for name, steps in whole.items() if steps} == {}


@pytest.mark.parametrize("noun", sorted(queries()))
def test_nothing_is_read_from_end_to_end_on_postgresql(postgres: PostgresStore, noun: str) -> None:
    whole = {}
    for name in queries()[noun]:
        [[found]] = plan(postgres, sql.load(noun, "postgres")[name])
        whole[name] = [(node["Node Type"], node.get("Relation Name", node.get("Index Name")), node.get("Filter"))
                       for node in nodes(found[0]["Plan"]) if read_whole(node)]
    assert {name: found for name, found in whole.items() if found} == {}


def test_what_is_named_as_an_exception_exists_and_needs_to_be_one(sqlite: SqliteStore, postgres: PostgresStore) -> None:
    for query in (name for names in _COLD.values() for name in names):
        noun, name = query.split(".")
        steps = [row["detail"] for row in plan(sqlite, sql.load(noun, "sqlite")[name])]
        [[found]] = plan(postgres, sql.load(noun, "postgres")[name])
        assert any(step.startswith("SCAN") for step in steps) or any(map(read_whole, nodes(found[0]["Plan"]))), query
