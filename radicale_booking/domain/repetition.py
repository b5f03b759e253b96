"""The starts of bookings that are made together."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta, tzinfo

from radicale_booking.domain import civil


def starts(first: datetime, zone: tzinfo, every: str, interval: int, count: int) -> list[datetime]:
    """``count`` starts in aware UTC from ``first`` (aware) on: at the same wall time in ``zone``, ``interval`` days,
    weeks or months (``every``) apart; months without the day are left out, as in RFC 5545 §3.3.10."""
    local = civil.wall(first, zone)
    found: list[datetime] = []
    step = 0
    while len(found) < count:
        on = _moved(local, every, step * interval)
        if on is not None:
            found.append(civil.to_utc(on, zone))
        step += 1
    # The first is an instant, not a wall time: in a fold it may be the second.
    return [first, *found[1:]]


def _moved(local: datetime, every: str, count: int) -> datetime | None:
    if every in ("day", "week"):
        return local + timedelta(days=count * (7 if every == "week" else 1))
    year, month = divmod(local.year * 12 + local.month - 1 + count, 12)
    if local.day > calendar.monthrange(year, month + 1)[1]:
        return None
    return local.replace(year=year, month=month + 1)
