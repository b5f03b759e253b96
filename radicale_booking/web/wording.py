"""Dates, times and lengths in the visitor's language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from babel.units import format_unit
from flask import request
from flask_babel import gettext

from radicale_booking.domain.location import Location
from radicale_booking.web.languages import locale

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_YEAR = re.compile(r"[\s,،]*('de'\s*)?y+")
# Far from both ends of the calendar, so that a zone or a few days added to an instant never leave it.
_YEARS = range(1970, 9000)


def instant(moment: datetime) -> str:
    """``moment`` for a URL or a form field: ``2026-11-24T09:00:00Z``."""
    return moment.astimezone(UTC).strftime(_INSTANT)


def read_instant(text: str) -> datetime | None:
    """The aware UTC instant that ``instant`` wrote, or None; also None far outside of anybody's calendar."""
    try:
        moment = datetime.strptime(text, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.year in _YEARS else None


def month_name(day: date) -> str:
    """``November 2026``."""
    return str(format_skeleton("yMMMM", _noon(day), locale=locale()))


def long_day(day: date) -> str:
    """``Tuesday, November 24, 2026``."""
    return str(format_date(day, "full", locale=locale()))


def short_day(day: date) -> str:
    """``Tuesday, November 24``."""
    # CLDR has no such form for every language; its full date without the year reads right in ours.
    return str(format_date(day, _YEAR.sub("", locale().date_formats["full"].pattern), locale=locale()))


def weekdays() -> list[tuple[str, str]]:
    """Short and full names in the order of the locale's week."""
    names = locale().days["stand-alone"]
    order = [(locale().first_week_day + offset) % 7 for offset in range(7)]
    return [(names["abbreviated"][weekday], names["wide"][weekday]) for weekday in order]


def column_day(day: date) -> str:
    """``Tue 24``."""
    return str(format_skeleton("Ed", _noon(day), locale=locale()))


def hours_in_day() -> int:
    """12 or 24: what the visitor chose by ``?clock=``, else what is usual in the language and region."""
    asked = request.args.get("clock")
    if asked in ("12", "24"):
        return int(asked)
    return 12 if "a" in locale().time_formats["short"].pattern else 24


def clock_time(moment: datetime, zone: tzinfo) -> str:
    """``9:00 AM`` or ``09:00`` in ``zone``."""
    usual = locale().time_formats["short"].pattern
    fits = ("a" in usual) == (hours_in_day() == 12)
    pattern = "short" if fits else "h:mm a" if hours_in_day() == 12 else "HH:mm"
    return str(format_time(moment.astimezone(zone).timetz(), pattern, locale=locale()))


def clock_times(moments: Sequence[datetime], zone: tzinfo) -> list[tuple[datetime, str]]:
    """Each with its time in ``zone``; where clocks go back, the two that read alike carry the zone's name."""
    read = [(moment, clock_time(moment, zone)) for moment in moments]
    count = Counter(text for _, text in read)
    return [(moment, f"{text} {moment.astimezone(zone):%Z}" if count[text] > 1 else text) for moment, text in read]


def zone_title(moment: datetime, zone: tzinfo) -> str:
    """``Central European Standard Time``, as it is called at ``moment``."""
    return str(get_timezone_name(moment.astimezone(zone), width="long", locale=locale()))


def length(duration: timedelta, width: Literal["long", "short"] = "long") -> str:
    """``1 hour 30 minutes``, or ``1 hr 30 min`` where it is short."""
    hours, minutes = divmod(int(duration.total_seconds()) // 60, 60)
    parts = [(hours, "duration-hour"), (minutes, "duration-minute")]
    return " ".join(format_unit(count, unit, width, locale=locale()) for count, unit in parts if count)


def place_name(place: Location) -> str:
    """Where it takes place, before it is booked."""
    shown: str = {"link": gettext("Web conference"), "jitsi": gettext("Web conference"),
                  "call_invitee": gettext("Phone call to you"), "invitee_choice": gettext("You say where"),
                  "phone": gettext("By telephone: %(number)s", number=place.value)}.get(place.kind, place.value)
    return shown


def _noon(day: date) -> datetime:
    # A skeleton formats a datetime only, and as UTC.
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
