"""Civil time: wall clocks in time zones, their gaps and folds, and the instants they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidInput

_SECOND = timedelta(seconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
#: No zone has two changes of offset as near as this.
_PIECE = timedelta(days=1)


def zone(name: str) -> ZoneInfo:
    """The IANA zone ``name``; raises ``InvalidInput`` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("timezone", name, "is not a known time zone", "use a name like Europe/Berlin") from None


def to_utc(wall: datetime, tz: tzinfo) -> datetime:
    """Naive ``wall`` in ``tz`` as aware UTC: in a gap by the offset before it, in a fold the first (RFC 5545 §3.3.5).

    A wall time whose instant lies outside years 1 to 9999 becomes the nearest instant inside.
    """
    offset = wall.replace(tzinfo=tz, fold=0).utcoffset() or timedelta()
    try:
        return wall.replace(tzinfo=UTC, fold=0) - offset
    except OverflowError:
        return _FIRST if offset > timedelta() else _LAST


def instants(wall: datetime, tz: tzinfo) -> list[datetime]:
    """Every instant (aware UTC, in order) at which a clock in ``tz`` shows naive ``wall``: none, one or two."""
    found = {wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(instant for instant in found if instant.astimezone(tz).replace(tzinfo=None, fold=0) == wall)


def wall(instant: datetime, tz: tzinfo) -> datetime:
    """What a clock in ``tz`` shows at aware ``instant``, naive."""
    return instant.astimezone(tz).replace(tzinfo=None, fold=0)


def day(on: date, tz: tzinfo) -> Interval | None:
    """All of the local day ``on`` in ``tz``, 23 to 25 hours where clocks change; None where ``tz`` left it out, as
    Samoa did with 30 December 2011."""
    start, end = midnight(on, tz), midnight(on + timedelta(days=1), tz)
    return Interval(start, end) if start < end else None


def midnight(on: date, tz: tzinfo) -> datetime:
    """The first instant (aware UTC) of the local day ``on`` in ``tz``."""
    return to_utc(datetime.combine(on, time()), tz)


def pieces(interval: Interval, tz: tzinfo) -> list[tuple[Interval, timedelta]]:
    """``interval`` cut where ``tz`` changes its offset from UTC: consecutive parts, each with its offset."""
    parts: list[tuple[Interval, timedelta]] = []
    start = interval.start
    while start < interval.end:
        end = min(interval.end, start + _PIECE)
        offset = _offset(start, tz)
        if _offset(end - _SECOND, tz) != offset:
            end = _change(start, end, tz)
        if parts and parts[-1][1] == offset:
            parts[-1] = (Interval(parts[-1][0].start, end), offset)
        else:
            parts.append((Interval(start, end), offset))
        start = end
    return parts


def _offset(instant: datetime, tz: tzinfo) -> timedelta:
    return instant.astimezone(tz).utcoffset() or timedelta()


def _change(low: datetime, high: datetime, tz: tzinfo) -> datetime:
    """The first whole second after ``low`` at which the offset is not that of ``low``."""
    offset = _offset(low, tz)
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle <= low:
            break
        if _offset(middle, tz) == offset:
            low = middle
        else:
            high = middle
    return high
