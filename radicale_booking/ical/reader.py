"""iCalendar text to the components that recurrence works on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import icalendar

from radicale_booking.domain import civil
from radicale_booking.domain.recurrence import Component, Period
from radicale_booking.domain.rule import parse
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.empty_until import repaired
from radicale_booking.ical.exact_duration import nominal_days
from radicale_booking.ical.zone_names import unambiguous

_TIME_PROPERTIES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}


def read_calendar(text: str) -> icalendar.Calendar:
    """The calendar object in ``text``. Raises ``InvalidCalendar``."""
    try:
        calendar = icalendar.Calendar.from_ical(unambiguous(repaired(text)))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OSError) as error:
        # The library looks for files that are called as zones are.
        raise InvalidCalendar("iCalendar", "", f"cannot be read: {error}", "write it again") from None
    assert isinstance(calendar, icalendar.Calendar | icalendar.Component)  # noqa: S101 - from_ical(multiple=False)
    return calendar


def read_components(text: str) -> list[Component]:
    """The VEVENTs in ``text``. Raises ``InvalidCalendar`` where a time cannot be read."""
    return [component(event) for event in read_calendar(text).walk("VEVENT")]


def component(event: Any, addresses: Collection[str] = ()) -> Component:
    """One VEVENT of the ``icalendar`` library, or an AVAILABLE, which has the same, as it concerns the owner of
    ``addresses``. Raises ``InvalidCalendar``."""
    for name, problem in event.errors:
        if name is None or name.upper() in _TIME_PROPERTIES:
            raise InvalidCalendar(name or event.name, "", f"cannot be read: {problem}", "correct the event")
    if "DTSTART" not in event:
        raise InvalidCalendar("DTSTART", "", "is missing", "give the event a start")
    try:
        return _component(event, addresses)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InvalidCalendar(event.name, str(event.get("UID", "")), f"cannot be read: {error}",
                              "correct the event") from None


def _component(event: Any, addresses: Collection[str]) -> Component:
    start = event["DTSTART"].dt
    _check_zones(event)
    all_day = not isinstance(start, datetime)
    zone = None if all_day else start.tzinfo
    recurrence_id = event.get("RECURRENCE-ID")
    exdates: set[datetime] = set()
    exdays: set[date] = set()
    for value in _dates(event, "EXDATE"):
        if isinstance(value, datetime) or all_day:
            exdates.add(_wall(value, zone))
        else:
            exdays.add(value)
    return Component(
        uid=str(event.get("UID", "")), start=_wall(start, zone), zone=zone,
        duration=length(start, _dt(event, "DTEND"), _dt(event, "DURATION")),
        days=nominal_days(event["DURATION"]) if "DURATION" in event and "DTEND" not in event else 0,
        all_day=all_day, moment=not all_day and "DTEND" not in event and not event.get("DURATION", _NONE).dt,
        rules=tuple(parse(rule.to_ical().decode(), zone) for rule in _many(event, "RRULE")),
        rdates=tuple(_period(value, zone) for value in _dates(event, "RDATE")), exdates=frozenset(exdates),
        exdays=frozenset(exdays),
        recurrence_id=_wall(recurrence_id.dt, zone) if recurrence_id is not None else None,
        this_and_future=recurrence_id is not None and
        str(recurrence_id.params.get("RANGE", "")).upper() == "THISANDFUTURE",
        status=str(event.get("STATUS", "")).strip().upper(),
        transparent=str(event.get("TRANSP", "")).strip().upper() == "TRANSPARENT",
        summary=str(event.get("SUMMARY", "")), categories=_categories(event), partstat=_partstat(event, addresses))


def _partstat(event: Any, addresses: Collection[str]) -> str:
    """What one of ``addresses`` answered to somebody else's invitation (RFC 5545 §3.2.12); empty where it has none."""
    if not addresses or "ATTENDEE" not in event or str(event.get("ORGANIZER", "")).strip().lower() in addresses:
        return ""
    return next((str(attendee.params.get("PARTSTAT", "NEEDS-ACTION")).upper() for attendee in _many(event, "ATTENDEE")
                 if str(attendee).strip().lower() in addresses), "")


def _check_zones(event: Any) -> None:
    """A local time in a zone that nobody knows may be any instant."""
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID", "RDATE", "EXDATE"):
        for value in _many(event, name):
            zone = value.params.get("TZID")
            moments = [entry.dt for entry in value.dts] if hasattr(value, "dts") else [value.dt]
            if zone is None or all(_is_placed(moment) for moment in moments):
                continue
            raise InvalidCalendar(name, str(zone), "is in a zone that nobody defines", "choose a zone in the calendar")


def _is_placed(moment: Any) -> bool:
    moment = moment[0] if isinstance(moment, tuple) else moment
    return not isinstance(moment, datetime) or moment.tzinfo is not None


def length(start: date | datetime, end: date | datetime | None, duration: timedelta | None) -> timedelta:
    """RFC 5545 §3.6.1: a date lasts a day, a date-time nothing, where neither DTEND nor DURATION says more.

    Raises ``InvalidCalendar`` where the end is before the start.
    """
    if end is not None:
        if isinstance(start, datetime) and isinstance(end, datetime) and start.tzinfo and end.tzinfo:
            elapsed = end.astimezone(UTC) - start.astimezone(UTC)
            # A time inside a gap may seem to end before it starts; it still takes the time on the wall.
            on_wall = end.replace(tzinfo=None) - start.replace(tzinfo=None)
            if max(elapsed, on_wall) < timedelta():
                raise InvalidCalendar("DTEND", str(end), "is before the start", "correct the event")
            return elapsed if elapsed > timedelta() else max(on_wall, timedelta())
        zone = start.tzinfo if isinstance(start, datetime) else None
        return max(_wall(end, zone) - _wall(start, zone), timedelta() if isinstance(start, datetime) else _DAY)
    if duration is not None:
        return max(duration, timedelta())
    return timedelta() if isinstance(start, datetime) else _DAY


_DAY = timedelta(days=1)
_NONE = icalendar.vDDDTypes(timedelta())


def _wall(value: date | datetime, zone: tzinfo | None) -> datetime:
    """``value`` as a naive wall time in ``zone``."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - wall times are naive
    if value.tzinfo is None:
        return value
    if zone is None:
        return civil.wall(value, UTC)
    return value.replace(tzinfo=None) if value.tzinfo is zone else civil.wall(value, zone)


def _dt(event: Any, name: str) -> Any:
    return event[name].dt if name in event else None


def _many(event: Any, name: str) -> list[Any]:
    value = event.get(name, [])
    return value if isinstance(value, list) else [value]


def _dates(event: Any, name: str) -> list[Any]:
    return [entry.dt for value in _many(event, name) for entry in value.dts]


def _period(value: Any, zone: tzinfo | None) -> Period:
    if not isinstance(value, tuple):
        return Period(_wall(value, zone))
    start, end = value
    length = end if isinstance(end, timedelta) else _wall(end, zone) - _wall(start, zone)
    return Period(_wall(start, zone), max(length, timedelta()))


def _categories(event: Any) -> tuple[str, ...]:
    return tuple(str(category) for value in _many(event, "CATEGORIES") for category in value.cats)
