"""Recurrence: the occurrences of an event (RFC 5545 §3.8.5), in bounded time and memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from radicale_booking.domain import civil
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.rule import Rule
from radicale_booking.errors import InvalidCalendar

#: A series up to this many occurrences is expanded whole, wherever it lies.
WHOLE_SERIES = 1_000
#: More occurrences in a frame, overrides or dates than this are refused.
LIMIT = 20_000
#: RFC 5545 §3.8.5.3 asks for one rule at most.
MOST_RULES = 10


@dataclass(frozen=True, slots=True)
class Period:
    """An extra occurrence: naive local ``start``; ``duration`` None means that of the event."""

    start: datetime
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One VEVENT. Wall times are naive, in ``zone`` (None: floating); an all-day event starts at midnight.

    ``days``: how much of ``duration`` are days on the wall. ``moment``: without an end. ``exdates`` and
    ``recurrence_id`` are naive in ``zone`` too; ``exdays`` exclude all of a local day. ``partstat``: what the
    calendar's owner answered to the invitation (RFC 5545 §3.2.12), if it is one.
    """

    uid: str
    start: datetime
    zone: tzinfo | None
    duration: timedelta
    days: int = 0
    all_day: bool = False
    moment: bool = False
    rules: tuple[Rule, ...] = ()
    rdates: tuple[Period, ...] = ()
    exdates: frozenset[datetime] = frozenset()
    exdays: frozenset[date] = frozenset()
    recurrence_id: datetime | None = None
    this_and_future: bool = False
    status: str = ""
    transparent: bool = False
    summary: str = ""
    categories: tuple[str, ...] = ()
    partstat: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """An occurrence ``[start, end)`` in aware UTC, empty when both are equal, as ``component`` describes it."""

    start: datetime
    end: datetime
    component: Component


@dataclass(frozen=True, slots=True)
class Expansion:
    """``complete``: no occurrence lies outside the frame asked for. ``last`` None: endless."""

    instances: tuple[Instance, ...]
    complete: bool
    first: datetime | None
    last: datetime | None


def expand(components: Sequence[Component], frame: Interval, floating_zone: tzinfo) -> Expansion:
    """The occurrences of one calendar object, all of them for short series, else those that overlap ``frame``.

    Floating and all-day times are of ``floating_zone``. Raises ``InvalidCalendar`` when it costs too much.
    """
    overrides = [component for component in components if component.recurrence_id is not None]
    if len(overrides) > LIMIT:
        raise InvalidCalendar("RECURRENCE-ID", str(len(overrides)), "too many changed occurrences",
                              f"at most {LIMIT} are read")
    instances = [_instance(override, override.start, None, floating_zone) for override in overrides]
    complete, endless = True, False
    for master in components:
        if master.recurrence_id is None:
            found, whole = _series(master, overrides, frame, floating_zone)
            instances += found
            complete &= whole
            if len(instances) > LIMIT:
                raise InvalidCalendar("VEVENT", str(len(instances)), "too many occurrences",
                                      f"at most {LIMIT} are read")
            endless |= not whole
    starts = [instance.start for instance in instances]
    if not complete:
        starts += [civil.to_utc(master.start, master.zone or floating_zone) for master in components]
    return Expansion(
        instances=tuple(sorted(instances, key=lambda instance: (instance.start, instance.end))), complete=complete,
        first=min(starts, default=None),
        last=None if endless else max((instance.end for instance in instances), default=None))


def _series(master: Component, overrides: Sequence[Component], frame: Interval,
            floating_zone: tzinfo) -> tuple[list[Instance], bool]:
    """The master's occurrences that no override replaces, and whether they are all."""
    zone = master.zone or floating_zone
    walls, whole = _walls(master, frame, zone)
    replaced = {_original(override, zone, floating_zone) for override in overrides}
    following = sorted((override for override in overrides if override.this_and_future),
                       key=lambda override: _original(override, zone, floating_zone))
    turns = [_original(override, zone, floating_zone) for override in following]
    instances = []
    for period in walls:
        if period.start in replaced or period.start in master.exdates or period.start.date() in master.exdays:
            continue
        turn = bisect_right(turns, period.start)
        if turn:
            component = following[turn - 1]
            shift = component.start - (component.recurrence_id or component.start)
            moved = _shown(period.start, zone, component.zone or floating_zone) + shift
            instances.append(_instance(component, moved, None, floating_zone))
        else:
            instances.append(_instance(master, period.start, period.duration, floating_zone))
    if not whole:
        instances = [one for one in instances if one.start < frame.end and one.end >= frame.start]
    return instances, whole


def _original(override: Component, zone: tzinfo, floating_zone: tzinfo) -> datetime:
    """Which start in ``zone`` it replaces: it may stand in another zone than the series."""
    return _shown(override.recurrence_id or override.start, override.zone or floating_zone, zone)


def _shown(wall: datetime, zone: tzinfo, other: tzinfo) -> datetime:
    """What a clock in ``other`` shows when one in ``zone`` shows ``wall``."""
    return wall if zone == other else civil.wall(civil.to_utc(wall, zone), other)


def _walls(master: Component, frame: Interval, zone: tzinfo) -> tuple[list[Period], bool]:
    """Every start of the series as wall time, once each; framed when the series is long."""
    extra = {master.start: Period(master.start)} | {period.start: period for period in master.rdates}
    if len(extra) > LIMIT or len(master.exdates) > LIMIT:
        raise InvalidCalendar("RDATE/EXDATE", str(max(len(extra), len(master.exdates))), "too many dates",
                              f"at most {LIMIT} are read")
    if len(master.rules) > MOST_RULES:
        raise InvalidCalendar("RRULE", str(len(master.rules)), "too many rules", f"at most {MOST_RULES} are read")
    whole = True
    for rule in master.rules:
        series = _whole_series(rule, master.start) if rule.finite else None
        if series is None:
            whole = False
            longest = max([master.duration, *(period.duration or timedelta() for period in master.rdates)])
            series = _framed_series(rule, master.start, civil.wall(frame.start, zone) - longest - timedelta(days=2),
                                    civil.wall(frame.end, zone) + timedelta(days=2))
        for start in series:
            extra.setdefault(start, Period(start))
    return sorted(extra.values(), key=lambda period: period.start), whole


def _whole_series(rule: Rule, start: datetime) -> list[datetime] | None:
    """All starts of a finite rule, or None when it is long."""
    found = []
    for occurrence in rule.starts(start):
        found.append(occurrence)
        if len(found) > WHOLE_SERIES:
            return None
    return found


def _framed_series(rule: Rule, start: datetime, low: datetime, high: datetime) -> list[datetime]:
    found = []
    for occurrence in _bounded(rule.starts(start, low)):
        if occurrence > high:
            break
        if occurrence >= low:
            found.append(occurrence)
    return found


def _bounded(starts: Iterator[datetime]) -> Iterator[datetime]:
    for number, start in enumerate(starts):
        if number >= LIMIT:
            raise InvalidCalendar("RRULE", "", "recurs too often to be expanded",
                                  f"at most {LIMIT} occurrences are read")
        yield start


def _instance(component: Component, start: datetime, duration: timedelta | None, floating_zone: tzinfo) -> Instance:
    zone = component.zone or floating_zone
    length = component.duration if duration is None else duration
    begins = civil.to_utc(start, zone)
    # Days are counted on the wall, hours elapse (RFC 5545 §3.3.6).
    days = length if component.all_day else timedelta(days=component.days if duration is None else 0)
    ends = (civil.to_utc(start + days, zone) if days else begins) + (length - days)
    return Instance(begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC), component)
