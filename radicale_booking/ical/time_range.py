"""Whether the components of a calendar object overlap a time (RFC 4791 §9.9)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import Component, Instance, expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical import alarm_times
from radicale_booking.ical.exact_duration import marked
from radicale_booking.ical.reader import component, read_calendar

#: What open ends of a time asked for stand for: no object is so old or so far ahead.
EARLIEST, LATEST = datetime(1000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_RECURRING = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_DAY = timedelta(days=1)


class ObjectTimes:
    """When the components in ``text`` are, floating times in ``floating_zone``.

    Components are told apart by their place among those of the object that are no time zones. What cannot be read
    may be at any time and so overlaps every one.
    """

    def __init__(self, text: str, floating_zone: tzinfo) -> None:
        self._text, self._zone = text, floating_zone

    def overlaps(self, number: int, frame: Interval) -> bool:
        """Whether the component, or an instance that it describes, overlaps ``frame``."""
        def decide() -> bool:
            source = self._sources[number]
            if source.name == "VFREEBUSY":
                return self._free_busy_overlaps(source, frame)
            if source.name not in _RECURRING:
                return True
            if not _is_timed(source):
                return source.name == "VTODO" and self._untimed_overlaps(source, frame)
            condition = _CONDITIONS[source.name]
            return any(condition(source, one, frame) for one in self._instances(number, frame))
        return _decided(decide)

    def original_overlaps(self, number: int, frame: Interval) -> bool:
        """Whether the instance that an override replaces would overlap ``frame``; so do all that it may change."""
        def decide() -> bool:
            changed = self._components[number]
            if changed is None or changed.recurrence_id is None or changed.this_and_future:
                return True
            series = next((one for one in self._components if one is not None and one.recurrence_id is None), changed)
            former = replace(changed, start=changed.recurrence_id, duration=series.duration, recurrence_id=None)
            return any(_event(None, one, frame) for one in expand([former], frame, self._zone).instances)
        return _decided(decide)

    def alarm_overlaps(self, number: int, alarm: int, frame: Interval) -> bool:
        """Whether the alarm, by its place in the component, goes off in ``frame``."""
        def decide() -> bool:
            source = self._sources[number]
            found = alarm_times.Alarm.read(source.subcomponents[alarm], self._zone)
            if found is None:
                return False
            if found.moment is not None:
                return found.goes_off(found.moment, frame)
            if not _is_timed(source):
                return False
            near = found.reach(frame)
            return any(found.goes_off(one.end if found.from_end else one.start, frame)
                       for one in self._instances(number, near))
        return _decided(decide)

    def property_overlaps(self, number: int, name: str, place: int, frame: Interval) -> bool:
        """Whether the ``place``-th property called ``name`` has a day or an instant in ``frame``."""
        def decide() -> bool:
            values = self._sources[number].get(name, [])
            value = (values if isinstance(values, list) else [values])[place]
            return any(self._value_overlaps(getattr(one, "dt", None), frame) for one in getattr(value, "dts", [value]))
        return _decided(decide)

    @cached_property
    def _sources(self) -> list[Any]:
        """What the library reads. Raises ``InvalidCalendar``."""
        return [one for one in read_calendar(marked(self._text)).subcomponents if one.name != "VTIMEZONE"]

    @cached_property
    def _components(self) -> list[Component | None]:
        return [component(_as_event(one)) if one.name in _RECURRING and _is_timed(one) else None
                for one in self._sources]

    def _instances(self, number: int, frame: Interval) -> Iterator[Instance]:
        """The instances that the component describes, near ``frame`` at least."""
        described = self._components[number]
        assert described is not None  # noqa: S101 - it is timed
        if frame.end >= LATEST and not all(rule.finite for rule in described.rules):
            # Counting up to the end of time is not needed to know that a series gets there.
            frame = Interval(frame.start, max(frame.start, _instant(described.start, described.zone or self._zone))
                             + 10 * 366 * _DAY)
        timed = [one for one in self._components if one is not None]
        return (one for one in expand(timed, frame, self._zone).instances if one.component is described)

    def _untimed_overlaps(self, source: Any, frame: Interval) -> bool:
        """The lines of the table for tasks that have neither DTSTART nor DUE."""
        completed, created = (_instant(source[name].dt, self._zone) if name in source else None
                              for name in ("COMPLETED", "CREATED"))
        if completed is None:
            return created is None or frame.end > created
        first, last = min(completed, created or completed), max(completed, created or completed)
        return frame.start <= last and frame.end >= first

    def _free_busy_overlaps(self, source: Any, frame: Interval) -> bool:
        if "DTSTART" in source and "DTEND" in source:
            start, end = (_instant(source[name].dt, self._zone) for name in ("DTSTART", "DTEND"))
            return frame.start <= end and frame.end > start
        return any(frame.start < period.end and frame.end > period.start for period in periods(source))

    def _value_overlaps(self, value: Any, frame: Interval) -> bool:
        if isinstance(value, tuple):
            value = value[0]
        if not isinstance(value, date):
            return False
        moment = _instant(value, self._zone)
        if isinstance(value, datetime):
            return frame.start <= moment < frame.end
        return frame.start < moment + _DAY and frame.end > moment


def periods(source: Any) -> Iterator[Any]:
    """The periods of a VFREEBUSY of the library."""
    values = source.get("FREEBUSY", [])
    yield from values if isinstance(values, list) else [values]


def _decided(decide: Callable[[], bool]) -> bool:
    try:
        return decide()
    except (InvalidCalendar, ValueError, OverflowError, AttributeError, IndexError):
        return True


def _is_timed(source: Any) -> bool:
    return "DTSTART" in source or (source.name == "VTODO" and "DUE" in source)


def _as_event(source: Any) -> Any:
    """A task begins when it is due where it says nothing else, and ends then."""
    if source.name != "VTODO" or "DUE" not in source:
        return source
    event = copy.copy(source)
    event["DTEND"] = source["DUE"]
    event.setdefault("DTSTART", source["DUE"])
    return event


def _instant(value: date, zone: tzinfo | None) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, datetime.min.time())
    return (value.replace(tzinfo=zone) if value.tzinfo is None else value).astimezone(UTC)


def _event(_: Any, one: Instance, frame: Interval) -> bool:
    if one.start == one.end and one.component.moment:
        return frame.start <= one.start < frame.end
    return frame.start < one.end and frame.end > one.start


def _task(source: Any, one: Instance, frame: Interval) -> bool:
    if "DURATION" in source:
        return frame.start <= one.end and (frame.end > one.start or frame.end >= one.end)
    if "DUE" not in source:
        return frame.start <= one.start < frame.end
    if "DTSTART" not in source:
        return frame.start < one.start <= frame.end
    return (frame.start < one.end or frame.start <= one.start) and (frame.end > one.start or frame.end >= one.end)


def _journal(_: Any, one: Instance, frame: Interval) -> bool:
    if not one.component.all_day:
        return frame.start <= one.start < frame.end
    return frame.start < one.end and frame.end > one.start


_CONDITIONS: dict[str, Callable[[Any, Instance, Interval], bool]] = {
    "VEVENT": _event, "VTODO": _task, "VJOURNAL": _journal}
