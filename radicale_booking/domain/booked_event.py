"""What the calendar object of a booking is written from, and what a host's edit of it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody who is invited to a booking."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class BookedEvent:
    """What a calendar object is written from.

    ``reservations``: one, or a whole series in order, ``every`` and ``interval`` (domain.repetition) apart on the wall
    clock of ``zone``. ``hosts``: the organizer first. ``guests`` come in addition to the ``invitees``.
    """

    reservations: Sequence[Reservation]
    hosts: Sequence[Principal]
    invitees: Sequence[Invitee]
    guests: Sequence[str]
    description: str
    manage_url: str
    zone: ZoneInfo
    every: str = ""
    interval: int = 1


@dataclass(frozen=True, slots=True)
class EventChange:
    """What an event, or one occurrence of it, says now: times in aware UTC, ``status`` in upper case or empty.

    ``recurrence``: the start that its rule gives it, None where it has none. ``removed``: the host took it out.
    """

    start: datetime
    end: datetime
    status: str
    sequence: int
    recurrence: datetime | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class WindowText:
    """What a window is called, and the text that may hold settings."""

    title: str
    description: str
