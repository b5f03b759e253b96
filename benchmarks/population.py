"""Many hosts with their calendars and bookings, written by the database itself: a million items in about a minute.

What no measurement looks at is left out, such as parsing: each host has bookable hours for seven weeks, events around
today of which a tenth recurs for some weeks, a tenth for ever and a tenth are bookings, and what the outbox and the
audit trail keep of those.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
from rich.console import Console
from rich.progress import track

from benchmarks.site import TODAY
from radicale_booking.domain.item_index import LAST_EPOCH
from radicale_booking.store.tables import KEYS

#: Hosts that are written in one go.
_CHUNK = 500
_WINDOWS = 49
_TIMES = 10
_STAMPS = {"sqlite": "strftime('%Y%m%dT%H%M%SZ', {}, 'unixepoch')",
           "postgres": "to_char(to_timestamp({}) AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"')"}
#: ``member``: what every item of a host is made of; ``number`` holds the numbers from 0 on.
_STATEMENTS = """
INSERT INTO principal (id, name, email, timezone, host, auto_schedule, created_epoch)
SELECT {first} + n, 'host-' || ({first} + n), 'host-' || ({first} + n) || '@example.org', 'Europe/Berlin', 1,
    'automatic', {today}
FROM number WHERE n < {hosts};

INSERT INTO collection (id, parent_id, principal_id, path, tag, role, transparent, props, incarnation, sequence,
    modified_epoch)
SELECT 3 * id - 1, 1, id, name, '', NULL, 0, '{{}}', 'population', 0, {today} FROM principal WHERE id >= {first};
INSERT INTO collection (id, parent_id, principal_id, path, tag, role, transparent, props, incarnation, sequence,
    modified_epoch)
SELECT 3 * id, 3 * id - 1, id, name || '/calendar', 'VCALENDAR', 'default', 0,
    '{{"C:supported-calendar-component-set": "VEVENT", "tag": "VCALENDAR"}}', 'population', {items}, {today}
FROM principal WHERE id >= {first};
INSERT INTO collection (id, parent_id, principal_id, path, tag, role, transparent, props, incarnation, sequence,
    modified_epoch)
SELECT 3 * id + 1, 3 * id - 1, id, name || '/bookable', 'VCALENDAR', 'bookable', 1,
    '{{"C:supported-calendar-component-set": "VEVENT", "tag": "VCALENDAR"}}', 'population', {items}, {today}
FROM principal WHERE id >= {first};

INSERT INTO event_type (id, principal_id, slug, title, duration_minutes, horizon_days)
SELECT id, id, 'talk', 'Talk', 30, 365 FROM principal WHERE id >= {first};

CREATE TEMPORARY TABLE member AS
SELECT ({first} + host.n - 1) * {items} + item.n + 1 AS id, {first} + host.n AS host,
    CASE WHEN item.n = 0 THEN 'hours' ELSE 'event-' || ({first} + host.n) || '-' || item.n END AS uid, item.n AS n,
    CASE WHEN item.n = 0 THEN {today} + 28800
        ELSE {today} + (item.n - {items} / 2) * 86400 + 36000 + item.n % 7 * 3600 END AS start_epoch,
    CASE WHEN item.n = 0 THEN 36000 ELSE 1800 END AS length,
    CASE WHEN item.n = 0 THEN {windows} WHEN item.n % 10 = 0 THEN {times} WHEN item.n % 10 = 5 THEN 2 ELSE 1 END
        AS times,
    CASE WHEN item.n = 0 THEN 1 WHEN item.n % 10 = 5 THEN 364 ELSE 7 END * 86400 AS apart
FROM number AS host CROSS JOIN number AS item WHERE host.n < {hosts} AND item.n < {items};

INSERT INTO item (id, collection_id, href, uid, etag, name, component, text, size_octets, first_epoch, last_epoch,
    expanded_from_epoch, expanded_until_epoch, sequence, modified_epoch)
SELECT id, 3 * host + CASE WHEN n = 0 THEN 1 ELSE 0 END, uid || '.ics', uid, '"' || id || '"', 'VCALENDAR', 'VEVENT',
    'BEGIN:VCALENDAR{line}VERSION:2.0{line}PRODID:-//population//EN{line}BEGIN:VEVENT{line}UID:' || uid
    || '{line}DTSTAMP:20260101T000000Z{line}DTSTART:' || {begins} || '{line}DTEND:' || {ends}
    || CASE WHEN n = 0 THEN '{line}SUMMARY:Bookable{line}RRULE:FREQ=DAILY;COUNT={windows}'
        WHEN n % 10 = 5 THEN '{line}SUMMARY:Event ' || n || '{line}RRULE:FREQ=WEEKLY;INTERVAL=52'
        WHEN times > 1 THEN '{line}SUMMARY:Event ' || n || '{line}RRULE:FREQ=WEEKLY;COUNT={times}'
        ELSE '{line}SUMMARY:Event ' || n || '{line}DESCRIPTION:Some words about what is to be spoken of.' END
    || '{line}END:VEVENT{line}END:VCALENDAR{line}',
    300, start_epoch, CASE WHEN n % 10 = 5 THEN {last} ELSE start_epoch + (times - 1) * apart + length END,
    CASE WHEN n % 10 = 5 THEN {today} - 366 * 86400 END, CASE WHEN n % 10 = 5 THEN {today} + 731 * 86400 END,
    n + 1, {today}
FROM member ORDER BY id;

INSERT INTO instance (item_id, collection_id, start_epoch, end_epoch, span_class, busy_type, cancelled, all_day, moment,
    summary)
SELECT id, 3 * host + CASE WHEN member.n = 0 THEN 1 ELSE 0 END, start_epoch + number.n * apart,
    start_epoch + number.n * apart + length, 0, 'BUSY', 0, 0, 0, CASE WHEN member.n = 0 THEN 'Bookable' END
FROM member JOIN number ON number.n < member.times ORDER BY id, number.n;

INSERT INTO reservation (id, principal_id, event_type_id, uid, status, start_epoch, end_epoch, invitee_name,
    invitee_email, created_epoch, modified_epoch)
SELECT id, host, host, uid, 'confirmed', start_epoch, start_epoch + length, 'Bob', 'bob-' || id || '@example.org',
    {today}, {today}
FROM member WHERE n % 10 = 1 ORDER BY id;

INSERT INTO occupancy (id, reservation_id, principal_id, start_epoch, end_epoch, live)
SELECT id, id, host, start_epoch, start_epoch + length, 1 FROM member WHERE n % 10 = 1 ORDER BY id;

INSERT INTO outbox (kind, delivery_key, reservation_id, recipient, payload, status, due_epoch, created_epoch,
    sent_epoch)
SELECT 'mail', 'mail/' || uid, id, 'bob-' || id || '@example.org', '{{"event": "confirmed"}}', 'sent', {today}, {today},
    {today}
FROM member WHERE n % 10 = 1 ORDER BY id;

INSERT INTO audit (at_epoch, actor, action, subject)
SELECT {today}, 'page', 'reserve', uid FROM member WHERE n % 10 = 1 ORDER BY id;

DROP TABLE member;
"""


def fill(address: str, hosts: int, items: int) -> None:
    """Put hosts ``host-1`` … with so many ``items`` each into the migrated, empty database."""
    opened = _sqlite(address) if address.startswith("sqlite://") else _postgres(address)
    with closing(opened[0]):
        engine, run = opened[1:]
        run("CREATE TEMPORARY TABLE number AS WITH RECURSIVE counted (n) AS"
            f" (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n < {max(items, _CHUNK, _WINDOWS)})"
            " SELECT n FROM counted")
        for first in track(range(1, hosts + 1, _CHUNK), f"{hosts} hosts, {engine}", console=Console(stderr=True)):
            run(_statements(engine, first, min(_CHUNK, hosts + 1 - first), items))
        if engine == "postgres":
            for table in (table for table, key in KEYS.items() if key == "id"):
                run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING count(*) > 0")


def _statements(engine: str, first: int, hosts: int, items: int) -> str:
    stamp = _STAMPS[engine]
    return _STATEMENTS.format(first=first, hosts=hosts, items=items, today=int(TODAY.timestamp()), windows=_WINDOWS,
                              times=_TIMES, last=LAST_EPOCH, line="\r\n", begins=stamp.format("start_epoch"),
                              ends=stamp.format("start_epoch + length"))


def _sqlite(address: str) -> tuple[sqlite3.Connection, str, Callable[[str], object]]:
    """Nothing of a database that is being made has to be kept, so nothing is waited for."""
    connection = sqlite3.connect(Path(address.removeprefix("sqlite://")), isolation_level=None)
    for pragma in ("synchronous = OFF", "cache_size = -500000", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return connection, "sqlite", lambda text: connection.executescript(f"BEGIN; {text}; COMMIT")


def _postgres(address: str) -> tuple[psycopg.Connection[object], str, Callable[[str], object]]:
    """References are right by construction; to check each of them is most of the work."""
    connection = psycopg.connect(address, autocommit=True)
    connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    return connection, "postgres", lambda text: connection.execute(text.encode())
