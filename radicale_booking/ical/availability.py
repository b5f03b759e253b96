"""VAVAILABILITY (RFC 7953): the time that somebody says is available."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from radicale_booking.domain import civil
from radicale_booking.domain.availability import Availability, free
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import component, read_calendar

_BUSY_TYPES = ("BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE")


def available(text: str, frame: Interval, zone: ZoneInfo) -> list[Interval]:
    """The available time in ``frame`` by all VAVAILABILITYs in ``text``; local times without a zone are of ``zone``.

    Raises ``InvalidCalendar`` when a component cannot be read or costs too much.
    """
    return free(read(text, frame, zone), frame)


def read(text: str, frame: Interval, zone: ZoneInfo) -> list[Availability]:
    """Each VAVAILABILITY in ``text`` as far as it reaches into ``frame`` (RFC 7953 §3.1). Raises the same."""
    found = [_availability(part, frame, zone) for part in read_calendar(text).walk("VAVAILABILITY")]
    return [availability for availability in found if availability is not None]


def _availability(part: Any, frame: Interval, zone: ZoneInfo) -> Availability | None:
    start = _instant(part.get("DTSTART"), zone)
    end = _instant(part.get("DTEND"), zone)
    if end is None and start is not None and "DURATION" in part:
        end = start + part["DURATION"].dt
    low, high = max(start or frame.start, frame.start), min(end or frame.end, frame.end)
    if low >= high:
        return None
    span = Interval(low, high)
    busy_type = str(part.get("BUSYTYPE", "BUSY-UNAVAILABLE")).upper()
    try:
        priority = int(part.get("PRIORITY", 0))
    except ValueError:
        raise InvalidCalendar("PRIORITY", str(part.get("PRIORITY")), "is not a number", "use 0 to 9") from None
    return Availability(span, priority, busy_type if busy_type in _BUSY_TYPES else "BUSY-UNAVAILABLE",
                        tuple(_available(part.walk("AVAILABLE"), span, zone)))


def _available(parts: Iterable[Any], span: Interval, zone: ZoneInfo) -> Iterable[Interval]:
    """The occurrences of the AVAILABLEs, which recur as VEVENTs do (RFC 7953 §3.1)."""
    by_uid: dict[str, list[Any]] = {}
    for part in parts:
        by_uid.setdefault(str(part.get("UID", id(part))), []).append(part)
    for components in by_uid.values():
        read_components = [replace(component(part), uid="available") for part in components]
        for instance in expand(read_components, span, zone).instances:
            low, high = max(instance.start, span.start), min(instance.end, span.end)
            if low < high:
                yield Interval(low, high)


def _instant(value: Any, zone: ZoneInfo) -> datetime | None:
    if value is None:
        return None
    moment = value.dt
    if not isinstance(moment, datetime):
        return civil.day(moment, zone).start
    return civil.to_utc(moment, zone) if moment.tzinfo is None else moment.astimezone(UTC)
