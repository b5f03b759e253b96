"""A month with its free days and the free times of one day, or a week with all of its free times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, request

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.slots import bookable_period
from radicale_booking.services import booking
from radicale_booking.web import chosen, month, week
from radicale_booking.web.current import adapters, now
from radicale_booking.web.languages import locale
from radicale_booking.web.zones import listed_zones, zone_or

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Free:
    """``starts`` by their date in the visitor's zone; ``seats`` that are left of each start."""

    starts: dict[date, list[datetime]]
    seats: dict[datetime, int]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is looked at: ``event_type`` has the length chosen; ``today`` and ``last`` bound what can be booked."""

    host: Principal
    whole: EventType
    event_type: EventType
    zone: ZoneInfo
    today: date
    last: date


def choose_time(host: str, slug: str) -> str:
    """``?month=YYYY-MM&day=YYYY-MM-DD&tz=ZONE``, by default the first month and day with a free time, in the host's
    zone; with ``view=week`` the week of the day. Raises ``NotFound``.
    """
    principal, whole = chosen.subject(host, slug)
    event_type = chosen.lasting(whole)
    zone = zone_or(request.args.get("tz", ""), principal.timezone)
    today = now().astimezone(zone).date()
    last = max(today, bookable_period(event_type, now(), zone)[1].astimezone(zone).date())
    choice = _Choice(principal, whole, event_type, zone, today, last)
    return _week(choice) if request.args.get("view") == "week" else _month(choice)


def _month(choice: _Choice) -> str:
    zone, today, last = choice.zone, choice.today, choice.last
    asked = _asked_day()
    first = _asked_month() or (asked or today).replace(day=1)
    first = min(max(first, today.replace(day=1)), last.replace(day=1))
    free = _free(choice, month.month_frame(first, zone))
    next_free = None
    if not free.starts:
        next_free, later = _next_free_month(choice, first)
        if next_free is not None and not {"month", "day"} & request.args.keys():
            first, free, next_free = next_free, later, None
    day = asked if asked in free.starts else min(free.starts, default=None)
    return render_template(
        "times.html", host=choice.host, event_type=choice.event_type, durations=_durations(choice),
        moved=chosen.moved(), zone=zone, zones=_zones(zone.key), first=first, day=day, seats=free.seats,
        weeks=month.weeks(first, free.starts, selected=day, today=today, first_weekday=locale().first_week_day),
        starts=free.starts.get(day, []) if day else [], next_free=next_free,
        before=month.preceding(first) if first > today.replace(day=1) else None,
        after=month.following(first) if first < last.replace(day=1) else None,
    )


def _week(choice: _Choice) -> str:
    weekday = locale().first_week_day
    day = min(max(_asked_day() or choice.today, choice.today), choice.last)
    first = week.first_of(day, weekday)
    free = _free(choice, week.frame(first, choice.zone))
    next_free = None if free.starts else _next_free_day(choice, first + _WEEK)
    if next_free is not None and "day" not in request.args:
        first = week.first_of(next_free, weekday)
        free, next_free = _free(choice, week.frame(first, choice.zone)), None
    return render_template(
        "week.html", host=choice.host, event_type=choice.event_type, durations=_durations(choice),
        moved=chosen.moved(), zone=choice.zone, zones=_zones(choice.zone.key),
        columns=week.columns(first, free.starts, choice.today), seats=free.seats, next_free=next_free,
        before=max(first - _WEEK, choice.today) if first > choice.today else None,
        after=first + _WEEK if first + _WEEK <= choice.last else None,
    )


def _durations(choice: _Choice) -> tuple[timedelta, ...]:
    """The lengths that can be chosen, the shortest first; a booking that is moved keeps its own."""
    return () if chosen.moved() is not None else tuple(sorted(choice.whole.durations))


def _free(choice: _Choice, frame: Interval) -> _Free:
    event_type, moving = choice.event_type, chosen.moved()
    slots = (booking.slots_to_move(adapters(), moving, frame) if moving is not None else
             booking.open_slots(adapters(), event_type.host, event_type.slug, frame, event_type.duration,
                                request.args.get("link")))
    return _Free(month.by_day([slot.start for slot in slots], choice.zone),
                 {slot.start: slot.seats_left for slot in slots})


def _next_free_month(choice: _Choice, first: date) -> tuple[date | None, _Free]:
    """The first month after ``first`` with a free time, and what is free in it."""
    later = month.following(first)
    while later <= choice.last:
        free = _free(choice, month.month_frame(later, choice.zone))
        if free.starts:
            return later, free
        later = month.following(later)
    return None, _Free({}, {})


def _next_free_day(choice: _Choice, day: date) -> date | None:
    """The first day from ``day`` on with a free time."""
    this_month = month.month_frame(day.replace(day=1), choice.zone)
    rest = [found for found in _free(choice, this_month).starts if found >= day]
    if rest:
        return min(rest)
    _, free = _next_free_month(choice, day.replace(day=1))
    return min(free.starts, default=None)


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def _asked_month() -> date | None:
    try:
        return date.fromisoformat(request.args.get("month", "") + "-01")
    except ValueError:
        return None


def _zones(chosen: str) -> tuple[str, ...]:
    listed = listed_zones()
    return listed if chosen in listed else (chosen, *listed)
