"""The occurrences of a calendar object as components of their own (RFC 4791 §9.6.5)."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from radicale_booking.domain import civil
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import Component, Instance, expand
from radicale_booking.ical.reader import component, read_calendar

_TIMES = ("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "EXRULE")


def expanded(text: str, frame: Interval, floating_zone: tzinfo) -> str:
    """``text`` with its occurrences in ``frame`` instead of its series, in UTC; empty where there are none.

    Raises ``InvalidCalendar`` when a time cannot be read or there are too many to find them.
    """
    calendar = read_calendar(text)
    sources = [one for one in calendar.subcomponents if one.name in ("VEVENT", "VTODO", "VJOURNAL")]
    if not sources or any("DTSTART" not in one for one in sources):
        # What has no start does not recur.
        return text
    components = [component(_with_end(source)) for source in sources]
    by_component = {id(one): source for one, source in zip(components, sources, strict=True)}
    recurring = any(one.rules or one.rdates or one.recurrence_id for one in components)
    found = [one for one in expand(components, frame, floating_zone).instances if _overlaps(one, frame)]
    calendar.subcomponents = [_occurrence(by_component[id(one.component)], one, floating_zone, recurring)
                              for one in found]
    return calendar.to_ical().decode() if found else ""


def _with_end(source: Any) -> Any:
    """A task ends when it is due."""
    if "DUE" not in source:
        return source
    event = copy.copy(source)
    event["DTEND"] = source["DUE"]
    return event


def _overlaps(instance: Instance, frame: Interval) -> bool:
    if instance.start == instance.end:
        return frame.start <= instance.start < frame.end
    return instance.start < frame.end and instance.end > frame.start


def _occurrence(source: Any, instance: Instance, floating_zone: tzinfo, recurring: bool) -> Any:
    occurrence = copy.deepcopy(source)
    for name in _TIMES:
        occurrence.pop(name, None)
    occurrence.add("DTSTART", _written(instance, instance.start, floating_zone))
    for name in ("DTEND", "DUE"):
        if name in source:
            occurrence.add(name, _written(instance, instance.end, floating_zone))
    if recurring:
        occurrence.add("RECURRENCE-ID", _written(instance, _original(instance, floating_zone), floating_zone))
    return occurrence


def _written(instance: Instance, instant: datetime, floating_zone: tzinfo) -> date | datetime:
    return civil.wall(instant, floating_zone).date() if instance.component.all_day else instant.astimezone(UTC)


def _original(instance: Instance, floating_zone: tzinfo) -> datetime:
    """The start that the series has for it, in UTC."""
    override: Component = instance.component
    if override.recurrence_id is None:
        return instance.start
    zone = override.zone or floating_zone
    moved = civil.to_utc(override.start, zone) - civil.to_utc(override.recurrence_id, zone)
    return instance.start - moved
