"""Some weeks of an organisation, lived through day by day with a clock of their own: booked, moved, cancelled, told."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import BookingError
from radicale_booking.practice.organisation import INVITEES, NOTES
from radicale_booking.services import booking, event_types, life, upkeep
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.delivery import Delivery
from radicale_booking.services.mail import MailChannel
from radicale_booking.services.requests import BookingRequest

WEEKS = 3
_AHEAD = timedelta(days=12)
_ANSWERS = {"language": ["English"], "about": ["The boiler has been out for three weeks."]}


class Clock:
    """Stands where it is put, in aware UTC."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class _Postman:
    """Takes all mail of the past and brings it to nobody."""

    def send(self, message: EmailMessage, key: str) -> None:
        """Counts as sent."""

    def close(self) -> None:
        """There is nothing to let go of."""


@dataclass
class History:
    """``app`` works with ``clock``; the same ``seed`` on the same day gives the same history."""

    app: Adapters
    clock: Clock
    seed: str
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - a story, not a secret

    def live(self, hosts: list[str]) -> int:
        """Live through the weeks before the clock's present and up to it; how many bookings were made."""
        present, made = self.clock.now, 0
        offered = [found for host in hosts for found in event_types.list(self.app, host)]
        for days in range(7 * WEEKS, -1, -1):
            day = present - timedelta(days=days)
            if day.weekday() < 5:
                self.clock.now = min(present, datetime(day.year, day.month, day.day, 8, 5, tzinfo=UTC))
                made += self._day(offered, decide=days > 1)
        self.clock.now = present
        made += self._open_ends(offered)
        self._deliver()
        return made

    def _open_ends(self, offered: list[EventType]) -> int:
        """Whatever day it is: requests wait for an answer, a group is half full, somebody has just called off."""
        waiting = [one for one in offered if one.confirmation]
        groups = [one for one in offered if one.seats > 1]
        made = sum(self._book(one) for one in (*waiting, *groups * 4))
        coming = [one for one in booking.reservations(self.app, status="confirmed")
                  if one.start > self.clock.now]
        life.cancel(self.app, self._chance.choice(coming).uid, "page", "My train does not run.")
        return made

    def _day(self, offered: list[EventType], *, decide: bool) -> int:
        """A morning: hosts answer what waits, somebody calls off or moves, others book."""
        live = [one for one in booking.reservations(self.app) if one.live and one.end > self.clock.now]
        for waiting in (one for one in live if one.status == "pending" and decide):
            life.decide(self.app, waiting.uid, "decline" if self._chance.random() < 0.2 else "confirm", "command")
        for one in live:
            if one.status == "confirmed" and one.start - self.clock.now > timedelta(hours=6):
                self._change(one)
        made = sum(self._book(self._chance.choice(offered)) for _ in range(self._chance.randint(3, 5)))
        self._deliver()
        return made

    def _change(self, one: Reservation) -> None:
        what = self._chance.random()
        if what < 0.02:
            life.cancel(self.app, one.uid, "page", "I have a cold.")
        elif what < 0.04:
            free = booking.slots_to_move(self.app, one, Interval(self.clock.now, self.clock.now + _AHEAD))
            if free and not one.series:
                life.reschedule(self.app, one.uid, self._chance.choice(free).start, "page")

    def _book(self, wanted: EventType) -> int:
        """Book one time of those offered, for a group rather one that others have taken; how many were booked."""
        frame = Interval(self.clock.now, self.clock.now + _AHEAD)
        free = booking.open_slots(self.app, wanted.host, wanted.slug, frame)
        if not free:
            return 0
        # Most people want it soon.
        start = free[0].start if wanted.seats > 1 else self._chance.choice(free[:max(1, len(free) // 2)]).start
        name, email, language, timezone = self._chance.choice(INVITEES)
        request = BookingRequest(
            wanted.host, wanted.slug, start, name, email, timezone, language, self._chance.choice(NOTES),
            answers={one.key: _ANSWERS[one.key] for one in wanted.questions},
            location=0 if wanted.locations else None,
            occurrences=min(wanted.repeat_most, self._chance.choice((1, 1, 3))))
        try:
            booking.reserve(self.app, request)
        except BookingError:
            return 0  # who has a seat already, or wants several weeks of which one is taken, gives up
        return 1

    def _deliver(self) -> None:
        upkeep.run(self.app)
        post = Delivery(self.app, MailChannel(self.app, _Postman()), "practice", self._chance.random, lambda _: False)
        while post.round().claimed:
            pass
