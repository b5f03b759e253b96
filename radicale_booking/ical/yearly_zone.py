"""A time zone by yearly rules: of lists of changes Outlook understands but the first date (MS-OXCICAL 2.1.3.1.1.19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar

_DAY, _WEEK, _MINUTE = timedelta(days=1), timedelta(days=7), timedelta(minutes=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def write(zone: ZoneInfo, year: int) -> icalendar.Timezone:
    """The VTIMEZONE (RFC 5545 §3.6.5) of ``zone``, right for ``year`` and those beside it, and after them as far as
    its rules stay."""
    written = icalendar.Timezone()
    written.add("TZID", zone.key)
    past, present, coming = (_changes(zone, year + step) for step in (-1, 0, 1))
    if not past + present + coming:
        written.add_component(_observance(zone, datetime(year - 1, 1, 1, tzinfo=UTC)))
    rules = [_rule(zone, same) for same in zip(past, present, coming, strict=False)]
    if len(past) == len(present) == len(coming) and all(rules):
        for change, rule in zip(past, rules, strict=True):
            observance = _observance(zone, change)
            observance.add("RRULE", rule)
            written.add_component(observance)
    else:
        for change in past + present + coming:
            written.add_component(_observance(zone, change))
    return written


def _changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """When its clocks are changed, in UTC."""
    found = []
    day, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while day < end:
        if _offset(zone, day) != _offset(zone, day + _DAY):
            before, after = day, day + _DAY
            while after - before > _MINUTE:
                middle = before + (after - before) // 2
                before, after = (before, middle) if _offset(zone, middle) != _offset(zone, before) else (middle, after)
            found.append(after.replace(second=0, microsecond=0))
        day += _DAY
    return found


def _rule(zone: ZoneInfo, changes: Sequence[datetime]) -> dict[str, object]:
    """On which weekday of a month all of ``changes``, one of each year, are; none where they are not on one."""
    days = [_onset(zone, change) for change in changes]
    if len({(day.month, day.weekday(), day.time()) for day in days}) > 1:
        return {}
    ordinals = {(day.day - 1) // 7 + 1 for day in days}
    if all((day + _WEEK).month != day.month for day in days):
        ordinals = {-1}
    return {"FREQ": "YEARLY", "BYMONTH": days[0].month,
            "BYDAY": f"{ordinals.pop()}{_WEEKDAYS[days[0].weekday()]}"} if len(ordinals) == 1 else {}


def _observance(zone: ZoneInfo, change: datetime) -> icalendar.TimezoneStandard | icalendar.TimezoneDaylight:
    before, after = _offset(zone, change - _MINUTE), _offset(zone, change)
    observance = icalendar.TimezoneDaylight() if after > before else icalendar.TimezoneStandard()
    observance.add("DTSTART", _onset(zone, change))
    observance.add("TZOFFSETFROM", before)
    observance.add("TZOFFSETTO", after)
    return observance


def _onset(zone: ZoneInfo, change: datetime) -> datetime:
    """What the clocks show at ``change``, before they are changed."""
    return (change + _offset(zone, change - _MINUTE)).replace(tzinfo=None)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
