"""Calendar objects as a calendar program would write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar


def weekly(uid: str, title: str, days: Sequence[str], hours: tuple[time, time], zone: ZoneInfo, now: datetime,
           note: str = "", weeks_ago: int = 0) -> bytes:
    """An event on ``days`` (RFC 5545 §3.3.10) of every week from the one of ``now`` (aware), or some before it, on;
    ``hours`` are local in ``zone``."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday() + 7 * weeks_ago)
    first = monday + timedelta(days=min(_WEEK.index(day) for day in days))
    event = _event(uid, title, now)
    event.add("DTSTART", datetime.combine(first, hours[0], zone))
    event.add("DTEND", datetime.combine(first, hours[1], zone))
    event.add("RRULE", {"FREQ": "WEEKLY", "BYDAY": list(days)})
    if note:
        event.add("DESCRIPTION", note)
    return _calendar(event)


def whole_day(uid: str, title: str, day: date, now: datetime) -> bytes:
    """An event of one whole day."""
    event = _event(uid, title, now)
    event.add("DTSTART", day)
    event.add("DTEND", day + timedelta(days=1))
    return _calendar(event)


_WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _event(uid: str, title: str, now: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("UID", uid)
    event.add("DTSTAMP", now)
    event.add("SUMMARY", title)
    return event


def _calendar(event: icalendar.Event) -> bytes:
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//radicale-booking//demo//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
