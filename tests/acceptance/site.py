"""A configured site with the host ``anna``, and what her calendar program does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import caldav
import psycopg
import pytest

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.services import accounts, event_types

PASSWORD = "correct horse"
ZONE = ZoneInfo("Europe/Berlin")
#: Marks a test of SQLite's file; the ``site`` of any other is on each of the two databases.
sqlite_only = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


def new_database(request: pytest.FixtureRequest, engine: str, folder: Path) -> str:
    """Its address; of SQLite a file below ``folder``, where a site has it by default."""
    if engine == "sqlite":
        return f"sqlite://{folder}/data/booking.sqlite"
    address: str = request.getfixturevalue("postgres_server").create(request.getfixturevalue("postgres_template"))
    return address


@contextmanager
def connected(database: str) -> Iterator[Any]:
    """A connection to the database of that address, for statements that both engines know; committed in the end."""
    address, is_file = database.removeprefix("sqlite://"), database.startswith("sqlite://")
    with closing(sqlite3.connect(address) if is_file else psycopg.connect(address)) as connection, connection:
        yield connection


@dataclass(frozen=True)
class SiteFiles:
    """``config`` is the configuration file; ``database`` the address of what it names."""

    config: Path
    database: str


def make_site(folder: Path, database: str = "") -> SiteFiles:
    """A site in ``folder`` with the bookable host ``anna`` and her event type ``intro-call`` of 30 minutes.

    On ``database``, by default SQLite's file in the data folder.
    """
    config = folder / "booking.ini"
    database = database or f"sqlite://{folder}/data/booking.sqlite"
    # A program that asks without a password at first is not to wait until it is refused.
    config.write_text(f"[auth]\ndelay = 0\n[guard]\nbookings_per_address = 0\n[storage]\ndatabase = {database}\n"
                      f"[booking]\ndata_folder = {folder}/data\n", encoding="utf-8")
    # Not by the commands, which tests/cli tries: to start Python for each takes longer than most tests.
    made = wiring.load(config)
    try:
        accounts.add_user(made.app, "anna", "anna@example.org", "Europe/Berlin", PASSWORD, host=True)
        event_types.add(made.app, EventType("anna", "intro-call", "Intro call", timedelta(minutes=30)))
    finally:
        wiring.release(made.app)
    return SiteFiles(config, database)


def add_users(config: Path, *names: str, host: bool = False) -> None:
    """Users in Berlin with mail addresses at example.org."""
    made = wiring.load(config)
    try:
        for name in names:
            accounts.add_user(made.app, name, f"{name}@example.org", "Europe/Berlin", PASSWORD, host=host)
    finally:
        wiring.release(made.app)


def monday() -> datetime:
    """09:00 in Berlin on a Monday at least three days ahead."""
    today = datetime.now(ZONE).date()
    return datetime.combine(today + timedelta(days=(7 - today.weekday()) % 7 or 7), time(9), ZONE) + timedelta(
        days=7 if today.weekday() in (4, 5, 6) else 0)


@contextmanager
def calendar_program(url: str, user: str = "anna") -> Iterator[caldav.Principal]:
    """A CalDAV client that is logged in."""
    with caldav.DAVClient(url=f"{url}/", username=user, password=PASSWORD) as client:
        yield client.principal()


def calendar(principal: caldav.Principal, name: str) -> caldav.Calendar:
    """The calendar with the display name ``name``."""
    return next(found for found in principal.calendars() if found.get_display_name() == name)


def event(uid: str, summary: str, start: datetime, length: timedelta, *lines: str) -> str:
    """A calendar object with one event, in UTC."""
    stamps = [f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}" for instant in (start, start + length)]
    return "\r\n".join([
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}",
        "DTSTAMP:20260101T000000Z", f"DTSTART:{stamps[0]}", f"DTEND:{stamps[1]}", f"SUMMARY:{summary}", *lines,
        "END:VEVENT", "END:VCALENDAR", ""])


def shown(instant: datetime) -> str:
    """``instant`` as links of the pages write it."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
