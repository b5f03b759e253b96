"""The instances of an invitation with their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.itip import InstanceId, When
from radicale_booking.domain.recurrence import Instance, expand
from radicale_booking.ical.reader import read_components
from radicale_booking.ical.scheduling_object import SchedulingText

_MOMENT = timedelta(seconds=1)


def occurrences(text: str, frame: Interval, floating_zone: tzinfo, most: int) -> list[tuple[InstanceId, Interval]]:
    """At most ``most`` instances of the event in ``text`` that overlap ``frame``, in order; their intervals in UTC.

    An event that does not recur is the instance None. ``floating_zone`` is that of local times without one.
    Raises ``InvalidCalendar`` where a time cannot be read or the rule costs too much.
    """
    source = SchedulingText.parse(text)
    single = source.view.master is not None and not {"RRULE", "RDATE"} & source.view.master.properties.keys()
    overridden = {_moment(one.start, floating_zone): one.instance for one in source.view.components
                  if one.instance is not None}
    found: list[tuple[InstanceId, Interval]] = []
    for one in expand(read_components(text), frame, floating_zone).instances:
        interval = Interval(one.start, max(one.end, one.start + _MOMENT))
        if one.component.status == "CANCELLED" or not interval.overlaps(frame):
            continue
        name = None if single else overridden.get(one.start, _named(one, floating_zone))
        found.append((name, interval))
        if len(found) == most:
            break
    return found


def _named(one: Instance, floating_zone: tzinfo) -> When:
    """The start in the form in which the series tells its instances apart."""
    if one.component.all_day:
        return one.start.astimezone(floating_zone).date()
    if one.component.zone is None:
        return one.start.astimezone(floating_zone).replace(tzinfo=None)
    return one.start


def _moment(value: object, floating_zone: tzinfo) -> datetime | None:
    """A start as the instant that expansion gives it."""
    if not isinstance(value, datetime):
        return None
    return (value.replace(tzinfo=floating_zone) if value.tzinfo is None else value).astimezone(UTC)
