"""A server in this process with the host anna, the users bob and carl, and who sends requests to it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.principal import Principal
from radicale_booking.services import accounts, event_types
from radicale_booking.services.adapters import Adapters
from tests.compat.conftest import configuration, no_pages
from tests.compat.dav_client import Client

#: 09:00 UTC on a Tuesday some weeks ahead; nothing here depends on which.
NINE = (datetime.now(UTC) + timedelta(days=(8 - datetime.now(UTC).weekday()) % 7 + 14)).replace(
    hour=9, minute=0, second=0, microsecond=0)
HALF_HOUR = timedelta(minutes=30)
USERS = ("anna", "bob", "carl")


@dataclass(frozen=True)
class Site:
    """``clients`` by user; ``app`` is what the server works with."""

    app: Adapters
    clients: dict[str, Client]

    def __getitem__(self, user: str) -> Client:
        return self.clients[user]


@pytest.fixture
def site(tmp_path: Path, database: str) -> Iterator[Site]:
    """On each engine."""
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    config = configuration(tmp_path / "data", type="radicale_booking.plugins.storage", database=database)
    users = tmp_path / "users"
    users.write_text("".join(f"{name}:anna\n" for name in USERS), encoding="utf-8")
    config.update({"rights": {"type": "owner_only"}, "auth": {
        "type": "htpasswd", "htpasswd_filename": str(users), "htpasswd_encryption": "plain", "delay": "0"},
        "server": {"delay_on_error": "0"}},
        "test", privileged=True)
    app = wiring.storage_adapters(config)
    with app.store.write() as uow:
        for name in USERS:
            host = name == "anna"
            added = uow.principals.add(Principal(name, f"{name}@example.org", host=host,
                                                 auto_schedule="automatic" if host else "none"))
            uow.collections.add(name)
            accounts.default_calendar(uow, added)
            if host:
                accounts.make_collections(uow, added)
    event_types.add(app, EventType("anna", "intro-call", "Intro call", HALF_HOUR))
    application = BookingApplication(config, no_pages)
    yield Site(app, {name: Client(application, name) for name in USERS})
    wiring.close()


def event(uid: str, start: datetime, *lines: str, length: timedelta = HALF_HOUR, summary: str = "Meeting") -> str:
    """A calendar object with one event; ``lines`` are further content lines."""
    body = "".join(f"{line}\r\n" for line in lines)
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{start:%Y%m%dT%H%M%SZ}\r\n"
            f"DTEND:{start + length:%Y%m%dT%H%M%SZ}\r\nSUMMARY:{summary}\r\n{body}END:VEVENT\r\nEND:VCALENDAR\r\n")


def invitation(uid: str, start: datetime, organizer: str, *attendees: str, lines: tuple[str, ...] = (),
               length: timedelta = HALF_HOUR) -> str:
    """An event of ``organizer`` (a user) with ``attendees`` (users or e-mail addresses)."""
    addresses = [name if "@" in name else f"{name}@example.org" for name in attendees]
    return event(uid, start, f"ORGANIZER:mailto:{organizer}@example.org",
                 f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{organizer}@example.org",
                 *(f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{address}" for address in addresses), *lines,
                 length=length)
