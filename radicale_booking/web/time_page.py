"""A month with its free days, and the free times of one day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import render_template, request

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.slots import bookable_period
from radicale_booking.services import booking
from radicale_booking.web import chosen, month
from radicale_booking.web.current import adapters, now
from radicale_booking.web.languages import locale
from radicale_booking.web.zones import listed_zones, zone_or


def choose_time(host: str, slug: str) -> str:
    """``?month=YYYY-MM&day=YYYY-MM-DD&tz=ZONE``, by default the first month and day with a free time, in the host's
    zone. Raises ``NotFound``.
    """
    principal, whole = chosen.subject(host, slug)
    event_type = chosen.lasting(whole)
    zone = zone_or(request.args.get("tz", ""), principal.timezone)
    today = now().astimezone(zone).date()
    last = max(today, bookable_period(event_type, now(), zone)[1].astimezone(zone).date())
    asked = _asked_day()
    first = _asked_month() or (asked or today).replace(day=1)
    first = min(max(first, today.replace(day=1)), last.replace(day=1))
    starts = _starts(event_type, first, zone)
    next_free = None
    if not starts:
        next_free, later = _next_free_month(event_type, first, last, zone)
        if next_free is not None and not {"month", "day"} & request.args.keys():
            first, starts, next_free = next_free, later, None
    day = asked if asked in starts else min(starts, default=None)
    return render_template(
        "times.html", host=principal, event_type=event_type, durations=whole.durations,
        moved=chosen.moved(), zone=zone, zones=_zones(zone.key), first=first, day=day,
        weeks=month.weeks(first, starts, selected=day, today=today, first_weekday=locale().first_week_day),
        starts=starts.get(day, []) if day else [], next_free=next_free,
        before=month.preceding(first) if first > today.replace(day=1) else None,
        after=month.following(first) if first < last.replace(day=1) else None,
    )


def _starts(event_type: EventType, first: date, zone: ZoneInfo) -> dict[date, list[datetime]]:
    frame, moving = month.month_frame(first, zone), chosen.moved()
    slots = (booking.slots_to_move(adapters(), moving, frame) if moving is not None else
             booking.open_slots(adapters(), event_type.host, event_type.slug, frame, event_type.duration,
                                request.args.get("link")))
    return month.by_day([slot.start for slot in slots], zone)


def _next_free_month(event_type: EventType, first: date, last: date,
                     zone: ZoneInfo) -> tuple[date | None, dict[date, list[datetime]]]:
    """The first month after ``first`` and up to ``last`` with a free time, and its free times."""
    later = month.following(first)
    while later <= last:
        starts = _starts(event_type, later, zone)
        if starts:
            return later, starts
        later = month.following(later)
    return None, {}


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
