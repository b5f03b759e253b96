"""A site whose time stands still, served by this process: what its pages show is the same on every day."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from radicale_booking import web, wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.location import Location
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.question import Question
from radicale_booking.domain.reservation import Reservation
from radicale_booking.guard_settings import GuardSettings
from radicale_booking.services import accounts, booking, event_types
from radicale_booking.services.adapters import Adapters
from radicale_booking.serving import HttpServer
from radicale_booking.settings import Settings
from radicale_booking.web.current import EXTENSION

#: A Tuesday, 09:00 in Berlin.
NOW = datetime(2026, 11, 3, 8, tzinfo=UTC)
_HALF_HOUR = timedelta(minutes=30)
_HOUR = timedelta(hours=1)
_VIDEO = Location("link", "https://meet.example.org/ada")
_HOURS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\nBEGIN:VEVENT\r\nUID:hours\r\nSUMMARY:Bookable\r\n"
    "DTSTAMP:20261001T000000Z\r\nDTSTART:20261005T080000Z\r\nDTEND:20261005T150000Z\r\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
_BUSY = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\nBEGIN:VEVENT\r\nUID:busy\r\nSUMMARY:Away\r\n"
    "DTSTAMP:20261001T000000Z\r\nDTSTART:20261111T080000Z\r\nDTEND:20261113T170000Z\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n")

QUESTIONS = (
    Question("company", "Company", "text", help="As it is to stand on the invoice."),
    Question("topic", "What is it about?", "long_text", required=True),
    Question("language", "Language of the talk", "choice", required=True, choices=("English", "Deutsch", "Français")),
    Question("interests", "Interests", "choices", choices=("Looms", "Programs", "Poetry")),
    Question("people", "How many people come", "number"),
    Question("phone", "Telephone", "phone"),
    Question("second", "A second address", "email"),
    Question("site", "Your site", "url"),
    Question("terms", "I have read the terms", "checkbox", required=True),
)

_EVENT_TYPES = (
    EventType("ada", "first-talk", "First talk", _HALF_HOUR, other_durations=(timedelta(minutes=15), _HOUR),
              description="We get to know each other and see what I can do for you.", locations=(_VIDEO,),
              reminders=(timedelta(days=1),)),
    EventType("ada", "workshop", "Workshop: weaving with programs", timedelta(hours=2), seats=8,
              description="For up to eight people. Bring a loom if you have one.",
              locations=(Location("in_person", "12 St James's Square, London"),)),
    EventType("ada", "consulting", "Consulting", _HOUR, confirmation=True, questions=QUESTIONS,
              locations=(Location("in_person", "12 St James's Square, London"), Location("call_invitee"), _VIDEO)),
    EventType("ada", "lesson", "Weekly lesson", _HALF_HOUR, repeat_every="week", repeat_most=6,
              locations=(Location("phone", "+44 20 7946 0000"),)),
    EventType("ada", "once", "One at a time", _HALF_HOUR, limit_per_invitee=1, hidden=True),
    EventType("ada", "far", "Next year", _HALF_HOUR, hidden=True, notice=timedelta(days=40)),
    EventType("ada", "guests-only", "For invited guests", _HALF_HOUR, private=True),
    EventType("long", "wort", "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz besprechen", _HALF_HOUR,
              description="https://example.org/" + "sehrlangerpfad" * 12),
    EventType("closed", "old", "A talk of old times", _HALF_HOUR, closed=True),
    EventType("nobody-in", "talk", "Talk", _HALF_HOUR),
    EventType("nobody-in", "far", "Talk in a year", _HALF_HOUR, hidden=True, horizon=timedelta(days=365)),
)
_HOSTS = (
    Principal("ada", "ada@example.org", "Ada Lovelace", "Programs for engines, and poetry of numbers.",
              "Europe/Berlin", host=True),
    Principal("long", "long@example.org", "Karl-Theodor Maria Nikolaus Johann Jacob Philipp von und zu "
              "Donaudampfschifffahrtsgesellschaft", timezone="Europe/Berlin", host=True),
    Principal("nobody-in", "nobody@example.org", "Charles Babbage", "At work on an engine.", "Europe/Berlin",
              host=True),
    Principal("closed", "closed@example.org", "Mary Somerville", timezone="Europe/London", host=True),
)


@dataclass
class Clock:
    """Time that stands still."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let it be ``moment`` meanwhile."""
        before, self.now = self.now, moment
        try:
            yield
        finally:
            self.now = before


#: How browsers call the server, which they reach as a proxy.
SITE = "http://calendar.example.org"


@dataclass
class Stage:
    """A server that knows itself as ``SITE`` and that browsers reach by ``proxy``."""

    flask: Flask
    proxy: str
    clock: Clock
    serial: int = 0

    @property
    def app(self) -> Adapters:
        """What the pages work with."""
        found: Adapters = self.flask.extensions[EXTENSION]
        return found

    @contextmanager
    def settings(self, **changed: Any) -> Iterator[None]:
        """Let the site be configured otherwise meanwhile."""
        before = self.app
        self.flask.extensions[EXTENSION] = replace(before, settings=replace(before.settings, **changed))
        try:
            yield
        finally:
            self.flask.extensions[EXTENSION] = before

    def booked(self, slug: str = "first-talk", start: datetime | None = None, **given: Any) -> Reservation:
        """A booking of ada's, by default at a free time in two weeks; ``given`` as ``BookingRequest`` takes it."""
        self.serial += 1
        return booking.reserve(self.app, booking.BookingRequest("ada", slug, start or self.free(slug), **{
            "name": "Grace Hopper", "email": f"grace{self.serial}@example.org", "timezone": "Europe/Berlin",
            **given}))  # type: ignore[arg-type]

    def free(self, slug: str, begin: datetime = NOW + timedelta(days=14)) -> datetime:
        """The first free time from ``begin`` on."""
        return booking.open_slots(self.app, "ada", slug, Interval(begin, begin + timedelta(days=21)))[0].start

    def manage(self, reservation: Reservation) -> str:
        """The address of the reservation's page."""
        return booking.manage_url(self.app, reservation)


@contextmanager
def stage(folder: Path, database: str) -> Iterator[Stage]:
    """The site in ``folder``, on the ``database`` of that address, until the block ends."""
    clock = Clock()
    app = wiring.adapters(Settings(
        database=database, data_folder=folder, public_url=SITE,
        secret_file=folder / "secret", users_file=folder / "users",
        guard=GuardSettings(bookings_per_address=0)), clock=clock)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        app.store.migrate()
        _furnish(app)
        flask = web.create_app(app)
        server = HttpServer(flask, [listening], threads=4, largest_body_octets=1_000_000)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Stage(flask, f"http://127.0.0.1:{listening.getsockname()[1]}", clock)
        finally:
            server.stop()
            thread.join()
            app.store.close()


def _furnish(app: Adapters) -> None:
    with app.store.write(actor="tests") as uow:
        for host in _HOSTS:
            added = uow.principals.add(host)
            default = accounts.make_collections(uow, added)
            bookable = uow.collections.by_role(added.id, "bookable")
            for collection, text in ((bookable, _HOURS), (default, _BUSY)):
                if host.name in ("ada", "long"):
                    uow.items.store(collection.id, href=f"{collection.id}.ics", uid=f"{collection.id}", text=text,
                                    name="VCALENDAR", component="VEVENT",
                                    index=app.calendar.index(text, now=uow.now, owner=added))
    for event_type in _EVENT_TYPES:
        event_types.add(app, event_type)
