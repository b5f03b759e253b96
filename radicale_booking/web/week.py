"""A week as the page shows it: seven days, each with its free starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Column:
    """A day and its free ``starts`` in the visitor's zone."""

    date: date
    starts: Sequence[datetime]
    today: bool


def first_of(day: date, first_weekday: int) -> date:
    """The first day of the week of ``day``; Monday is weekday 0."""
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def frame(first: date, zone: ZoneInfo) -> Interval:
    """The instants of the week that begins with ``first`` in ``zone``."""
    return Interval(*(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
                      for day in (first, first + _WEEK)))


def columns(first: date, starts: Mapping[date, Sequence[datetime]], today: date) -> list[Column]:
    """The days from ``first`` on."""
    return [Column(day, starts.get(day, ()), day == today) for day in (first + number * _DAY for number in range(7))]
