"""The services behind the pages, in memory: states of a reservation that are hard to reach are set here directly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.location import Location
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.slots import Slot
from radicale_booking.errors import LinkExpired, NotFound, SlotTaken
from radicale_booking.guard_settings import GuardSettings
from radicale_booking.mail_settings import MailSettings
from radicale_booking.page_settings import PageSettings
from radicale_booking.services import booking

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ADA = Principal("ada", "ada@example.org", "Ada Lovelace", "Mathematics, engines & <poetry>.\nI answer within a day.",
                "Europe/Berlin", True)
TALK = EventType("ada", "first-talk", "First talk", timedelta(minutes=30), "To get to know each other.",
                 locations=(Location("in_person", "Room 4, Analytical Engine House"),))
REVIEW = EventType("ada", "design-review", "Design review", timedelta(minutes=90), "Bring drawings.")


class FakeBooking:
    """Weekdays 9:00 to 12:00 in Berlin are open from tomorrow until ``last_day``."""

    def __init__(self) -> None:
        self.taken: set[datetime] = set()
        self.moved: list[str] = []
        self.reservations: dict[str, Reservation] = {}
        self.keys: dict[str, Reservation] = {}
        self.last_day = NOW.date() + timedelta(days=40)
        self.frames: list[Interval] = []
        self.event_types = [TALK, REVIEW]

    def host_page(self, app: Any, host: str) -> booking.HostPage:
        if host != "ada":
            raise NotFound("host", host)
        return booking.HostPage(ADA, self.event_types)

    def event_type(self, app: Any, host: str, slug: str, link: str | None = None) -> EventType:
        for event_type in self.event_types:
            if (host, slug) == (event_type.host, event_type.slug):
                return event_type
        raise NotFound("event type", slug)

    def open_slots(self, app: Any, host: str, slug: str, frame: Interval, duration: timedelta | None = None,
                   link: str | None = None) -> list[Slot]:
        self.frames.append(frame)
        event_type = self.event_type(app, host, slug)
        found = []
        day = NOW.date() + timedelta(days=1)
        while day <= self.last_day:
            opened = datetime(day.year, day.month, day.day, 9, tzinfo=BERLIN).astimezone(UTC)
            for index in range(int(timedelta(hours=3) / event_type.duration)):
                start = opened + index * event_type.duration
                if day.weekday() < 5 and frame.start <= start < frame.end and start not in self.taken:
                    found.append(Slot(start, start + event_type.duration, 1))
            day += timedelta(days=1)
        return found

    def reserve(self, app: Any, request: booking.BookingRequest, actor: str) -> Reservation:
        event_type = self.event_type(app, request.host, request.slug)
        if request.idempotency_key in self.keys:
            return self.keys[request.idempotency_key]
        if request.start in self.taken:
            raise SlotTaken(request.start, [request.start + timedelta(minutes=30), request.start + timedelta(days=1)])
        self.taken.add(request.start)
        reservation = Reservation(
            request.host, request.slug, event_type.title, f"uid-{len(self.reservations)}",
            "pending" if event_type.confirmation else "confirmed", request.start, request.start + event_type.duration,
            request.name, request.email, NOW, NOW, invitee_timezone=request.timezone, language=request.language,
            note=request.note, location=event_type.locations[0].value if event_type.locations else "",
        )
        self.reservations[reservation.uid] = reservation
        if request.idempotency_key:
            self.keys[request.idempotency_key] = reservation
        return reservation

    def cancel(self, app: Any, uid: str, actor: str, reason: str = "") -> Reservation:
        cancelled = replace(self.reservations[uid], status="cancelled", reason=reason)
        self.reservations[uid] = cancelled
        return cancelled

    def reschedule(self, app: Any, uid: str, start: datetime, actor: str) -> Reservation:
        self.moved.append(uid)
        former = self.reservations[uid]
        self.reservations[uid] = replace(former, start=start, end=start + (former.end - former.start))
        return self.reservations[uid]

    def manage_url(self, app: Any, reservation: Reservation) -> str:
        return f"https://book.example.org/booking/{reservation.uid}/"

    def answers_of(self, app: Any, reservation: Reservation) -> list[tuple[str, str]]:
        return [("Why?", "<curious>")] if reservation.answers else []

    def owner_of(self, app: Any, reservation: Reservation) -> str:
        return reservation.host

    def series_of(self, app: Any, reservation: Reservation) -> list[Reservation]:
        return [reservation]

    def subject(self, app: Any, host: str, slug: str, link: str | None = None, *,
                booked: bool = False) -> tuple[Principal, EventType]:
        return self.host_page(app, host).principal, self.event_type(app, host, slug)

    def slots_to_move(self, app: Any, reservation: Reservation, frame: Interval) -> list[Slot]:
        return self.open_slots(app, reservation.host, reservation.slug, frame)

    def refused_by(self, app: Any, host: str, slug: str, start: datetime, duration: timedelta | None = None,
                   moving: Reservation | None = None) -> str:
        return "occupancy" if start in self.taken else "grid"

    def for_invitee(self, app: Any, reservation: Reservation) -> str:
        return f"BEGIN:VCALENDAR\r\nURL:{self.manage_url(app, reservation)}\r\n"

    def by_token(self, app: Any, token: str) -> Reservation:
        if token == "expired":
            raise LinkExpired("manage", "expired")
        if token not in self.reservations:
            raise NotFound("link", token)
        return self.reservations[token]


def fake_adapters(store: Any = None, page: PageSettings = PageSettings(),  # noqa: B008 - frozen
                  mail: MailSettings = MailSettings()) -> Any:  # noqa: B008 - frozen
    """Adapters as far as the pages use them."""
    return SimpleNamespace(
        store=store,
        mailer=None,
        clock=lambda: NOW,
        links=SimpleNamespace(sign=lambda purpose, value, expires=None: f"{purpose}-key-for-tests"),
        settings=SimpleNamespace(public_url="http://book.example.org", page=page, guard=GuardSettings(), mail=mail,
                                 contacts=(("administrator", "Grace, +49 30 1234"),)),
    )
