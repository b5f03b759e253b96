"""The availability that a person keeps in the scheduling inbox (RFC 7953 §7.2.4)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from radicale_booking.domain.availability import Combined, Unavailable
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidCalendar
from radicale_booking.services.adapters import Adapters

#: What ``explain`` names as a cause.
CAUSE = "calendar-availability"


def within(app: Adapters, principal: Principal, frame: Interval) -> Combined | None:
    """What it says of ``frame``; None where there is none. One that cannot be read leaves no time at all."""
    try:
        return app.calendar.availability(principal.availability, frame, ZoneInfo(principal.timezone))
    except InvalidCalendar:
        return Combined((), (Unavailable(frame, "BUSY-UNAVAILABLE"),))


def problem(app: Adapters, principal: Principal, frame: Interval) -> str:
    """Why it cannot be read, empty where it can."""
    try:
        app.calendar.availability(principal.availability, frame, ZoneInfo(principal.timezone))
    except InvalidCalendar as error:
        return f"{CAUSE}: {error}"
    return ""
