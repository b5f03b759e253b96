"""VAVAILABILITY (RFC 7953 §3.1), as clients write it into ``calendar-availability``, to domain values."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, tzinfo
from typing import Any

from radicale_booking.domain import civil
from radicale_booking.domain.availability import BUSY_TYPES, Availability
from radicale_booking.domain.interval import Interval, intersect
from radicale_booking.domain.recurrence import LIMIT, Component, expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import component, read_calendar

#: More VAVAILABILITYs than this are refused: a server must limit what they cost (RFC 7953 §8).
MOST = 100


def read_availabilities(text: str, frame: Interval, floating_zone: tzinfo) -> list[Availability]:
    """The VAVAILABILITYs in ``text``, with what they have available in ``frame``.

    Floating times and dates are of ``floating_zone``, though RFC 7953 §3.1 allows neither. Raises ``InvalidCalendar``
    where there is none, or where one cannot be read or costs too much to expand.
    """
    sources = read_calendar(text).walk("VAVAILABILITY")
    if not sources:
        raise InvalidCalendar("VAVAILABILITY", "", "is missing", "give the calendar at least one")
    if len(sources) > MOST:
        raise InvalidCalendar("VAVAILABILITY", str(len(sources)), "too many", f"at most {MOST} are read")
    return [_availability(source, frame, floating_zone) for source in sources]


def _availability(source: Any, frame: Interval, floating_zone: tzinfo) -> Availability:
    try:
        start, end = _span(source, floating_zone)
        return Availability(start, end, int(source.get("PRIORITY", 0)), _busy_type(source),
                            _available(source, frame, floating_zone))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InvalidCalendar("VAVAILABILITY", str(source.get("UID", "")), f"cannot be read: {error}",
                              "correct the availability") from None


def _span(source: Any, floating_zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    start = _instant(source["DTSTART"].dt, floating_zone) if "DTSTART" in source else None
    if "DTEND" in source:
        return start, _instant(source["DTEND"].dt, floating_zone)
    if "DURATION" not in source:
        return start, None
    if start is None:
        raise InvalidCalendar("DURATION", "", "has no DTSTART to count from", "give the availability a start")
    return start, start + source["DURATION"].dt


def _instant(value: date | datetime, floating_zone: tzinfo) -> datetime:
    wall = value if isinstance(value, datetime) else datetime.combine(value, time())
    return civil.to_utc(wall.replace(tzinfo=None), wall.tzinfo or floating_zone)


def _busy_type(source: Any) -> str:
    """A type nobody knows is BUSY, as RFC 5545 §3.2.9 has it."""
    name = str(source.get("BUSYTYPE", "BUSY-UNAVAILABLE")).strip().upper()
    return name if name in BUSY_TYPES else "BUSY"


def _available(source: Any, frame: Interval, floating_zone: tzinfo) -> tuple[Interval, ...]:
    # An override belongs to the AVAILABLE of its own UID: their starts may be the same.
    series: defaultdict[str, list[Component]] = defaultdict(list)
    for available in source.walk("AVAILABLE"):
        read = component(available)
        series[read.uid].append(read)
    found: list[Interval] = []
    for components in series.values():
        found += [Interval(instance.start, instance.end)
                  for instance in expand(components, frame, floating_zone).instances
                  if instance.start < instance.end and instance.component.status != "CANCELLED"]
        if len(found) > LIMIT:
            raise InvalidCalendar("AVAILABLE", "", "too many available times", f"at most {LIMIT} are read")
    return tuple(intersect(found, [frame]))
