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
from radicale_booking.services import booking, hours
from radicale_booking.web import chosen, month, week
from radicale_booking.web.current import adapters, now
from radicale_booking.web.languages import locale
from radicale_booking.web.zones import listed_zones, zone_or

_WEEK = timedelta(days=7)
#: So far a page looks for the next free time by itself, which is all of the usual horizon; further when it is asked to.
_GLANCE = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class _Free:
    """``starts`` by their date in the visitor's zone; ``seats`` that are left of each start."""

    starts: dict[date, list[datetime]]
    seats: dict[datetime, int]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is looked at: ``event_type`` has the length chosen; ``period`` is when it can be booked at all, ``today``
    and ``last`` are the days to look at.
    """

    host: Principal
    whole: EventType
    event_type: EventType
    zone: ZoneInfo
    period: tuple[datetime, datetime]
    today: date
    last: date


@dataclass(frozen=True, slots=True)
class _Next:
    """The next ``day`` with a free time; None with ``until``, the last day that was looked at, where only a longer look
    could tell."""

    day: date | None = None
    until: date | None = None


def choose_time(host: str, slug: str) -> str:
    """``?month=YYYY-MM&day=YYYY-MM-DD&tz=ZONE``, by default the first month and day with a free time, in the host's
    zone; with ``view=week`` the week of the day. Where nothing is free ``look=1`` goes on to the next free time,
    however far it is. Raises ``NotFound``.
    """
    principal, whole = chosen.subject(host, slug)
    event_type = chosen.lasting(whole)
    zone = zone_or(request.args.get("tz", ""), principal.timezone)
    today = now().astimezone(zone).date()
    period = bookable_period(event_type, now(), hours.zone_of(principal, event_type))
    last = max(today, (period[1] - timedelta.resolution).astimezone(zone).date())
    choice = _Choice(principal, whole, event_type, zone, period, today, last)
    return _week(choice) if request.args.get("view") == "week" else _month(choice)


def _month(choice: _Choice) -> str:
    zone, today, last = choice.zone, choice.today, choice.last
    asked = _asked_day()
    first = _asked_month() or (asked or today).replace(day=1)
    first = min(max(first, today.replace(day=1)), last.replace(day=1))
    frame = month.month_frame(first, zone)
    free = _free(choice, frame)
    later = _Next() if free.starts else _next(choice, frame)
    if later.day is not None and _may_go_on("month", "day"):
        first, later = later.day.replace(day=1), _Next()
        free = _free(choice, month.month_frame(first, zone))
    day = asked if asked in free.starts else min(free.starts, default=None)
    return render_template(
        "times.html", host=choice.host, event_type=choice.event_type, durations=_durations(choice),
        moved=chosen.moved(), zone=zone, zones=_zones(zone.key), first=first, day=day, seats=free.seats,
        weeks=month.weeks(first, free.starts, selected=day, today=today, first_weekday=locale().first_week_day),
        starts=free.starts.get(day, []) if day else [], later=later,
        before=month.preceding(first) if first > today.replace(day=1) else None,
        after=month.following(first) if first < last.replace(day=1) else None,
    )


def _week(choice: _Choice) -> str:
    weekday = locale().first_week_day
    day = min(max(_asked_day() or choice.today, choice.today), choice.last)
    first = week.first_of(day, weekday)
    frame = week.frame(first, choice.zone)
    free = _free(choice, frame)
    later = _Next() if free.starts else _next(choice, frame)
    if later.day is not None and _may_go_on("day"):
        first, later = week.first_of(later.day, weekday), _Next()
        free = _free(choice, week.frame(first, choice.zone))
    return render_template(
        "week.html", host=choice.host, event_type=choice.event_type, durations=_durations(choice),
        moved=chosen.moved(), zone=choice.zone, zones=_zones(choice.zone.key),
        columns=week.columns(first, free.starts, choice.today), seats=free.seats, later=later,
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


def _next(choice: _Choice, shown: Interval) -> _Next:
    """The first day with a free time after ``shown``, in which there is none."""
    earliest, latest = choice.period
    begin, end = shown.end, max(shown.start, earliest) + _GLANCE
    while begin < latest:
        starts = _free(choice, Interval(begin, min(end, latest))).starts
        if starts:
            return _Next(min(starts))
        if end < latest and not _looking():
            return _Next(until=(end - timedelta.resolution).astimezone(choice.zone).date())
        begin, end = end, end + _GLANCE
    return _Next()


def _looking() -> bool:
    return request.args.get("look") == "1"


def _may_go_on(*places: str) -> bool:
    """Whether the visitor asked for none of the ``places`` that may have nothing free, or to go on from there."""
    return _looking() or not request.args.keys() & set(places)


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
