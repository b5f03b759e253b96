"""Calendar objects with a part only of what changes a series or of what is busy (RFC 4791 §9.6.6, §9.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

import icalendar

from radicale_booking.domain.interval import Interval
from radicale_booking.ical.content_lines import Block, Line, parse
from radicale_booking.ical.time_range import ObjectTimes


def with_overrides(text: str, frame: Interval, floating_zone: tzinfo) -> str:
    """``text`` with those changed instances alone that are or were to be in ``frame``.

    An object that has no others stays as it is. Raises ``InvalidCalendar`` where it cannot be read.
    """
    calendar, times = parse(text), ObjectTimes(text, floating_zone)
    parts = [item for item in calendar.items if isinstance(item, Block) and item.name != "VTIMEZONE"]
    unwanted = [part for number, part in enumerate(parts) if part.line("RECURRENCE-ID") is not None
                and not times.overlaps(number, frame) and not times.original_overlaps(number, frame)]
    if not unwanted or len(unwanted) == len(parts):
        return text
    calendar.drop(lambda item: any(item is one for one in unwanted))
    return calendar.text()


def with_free_busy(text: str, frame: Interval) -> str:
    """``text`` with those periods of its FREEBUSY lines alone that overlap ``frame``.

    Raises ``InvalidCalendar`` where it cannot be read.
    """
    calendar = parse(text)
    for part in calendar.blocks("VFREEBUSY"):
        part.change("FREEBUSY", lambda line: _limited(line, frame))
        part.drop(lambda item: isinstance(item, Line) and item.name == "FREEBUSY" and not item.value)
    return calendar.text()


def _limited(line: Line, frame: Interval) -> Line:
    kept = [period for period in line.value.split(",") if _overlaps(period, frame)]
    return Line.make(line.name, ",".join(kept), line.parameters)


def _overlaps(period: str, frame: Interval) -> bool:
    try:
        start, end = icalendar.vPeriod.from_ical(period)  # type: ignore[no-untyped-call]
    except ValueError:
        return True
    first = start.astimezone(UTC)
    last: datetime = end.astimezone(UTC) if isinstance(end, datetime) else first + end
    return frame.start < last and frame.end > first
