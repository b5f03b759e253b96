"""A month as the page shows it: weeks of days, each with its free starts."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval


@dataclass(frozen=True, slots=True)
class Day:
    """``free`` counts the starts that are offered on it."""

    date: date
    free: int
    selected: bool
    today: bool


def weeks(first: date, starts: Mapping[date, Sequence[datetime]], *, selected: date | None, today: date,
          first_weekday: int) -> list[list[Day | None]]:
    """The weeks of the month of ``first``; None where a week reaches into another month. Monday is weekday 0."""
    return [
        [
            Day(day, len(starts.get(day, ())), day == selected, day == today) if day.month == first.month else None
            for day in week
        ]
        for week in Calendar(first_weekday).monthdatescalendar(first.year, first.month)
    ]


def month_frame(first: date, zone: ZoneInfo) -> Interval:
    """The instants of the month of ``first`` in ``zone``."""
    return Interval(_midnight(first, zone), _midnight(following(first), zone))


def by_day(starts: Sequence[datetime], zone: ZoneInfo) -> dict[date, list[datetime]]:
    """``starts`` in ``zone``, grouped by their local date, in order."""
    days: dict[date, list[datetime]] = {}
    for start in sorted(starts):
        local_start = start.astimezone(zone)
        days.setdefault(local_start.date(), []).append(local_start)
    return days


def following(first: date) -> date:
    """The first day of the next month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def preceding(first: date) -> date:
    """The first day of the month before."""
    return (first.replace(day=1) - timedelta(days=1)).replace(day=1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
