"""The titles and descriptions of the windows in a calendar object."""

from __future__ import annotations

from datetime import datetime

from radicale_booking.domain.booked_event import WindowText
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import read_calendar


def read(text: str) -> list[WindowText]:
    """The windows in ``text``; all-day and cancelled events are none, what cannot be read has none."""
    try:
        events = read_calendar(text).walk("VEVENT")
    except InvalidCalendar:
        return []
    found = []
    for event in events:
        start = event.get("DTSTART")
        timed = isinstance(getattr(start, "dt", None), datetime)
        if timed and str(event.get("STATUS", "")).strip().upper() != "CANCELLED":
            found.append(WindowText(str(event.get("SUMMARY", "")), str(event.get("DESCRIPTION", ""))))
    return found
