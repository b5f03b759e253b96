"""The starts of bookings that are made together."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from radicale_booking.domain import civil


@dataclass(frozen=True, slots=True)
class Repetition:
    """``interval`` days, weeks or months (``every``) apart at one wall time in ``zone``."""

    every: str
    interval: int
    zone: ZoneInfo

    def covering(self, wanted: Sequence[datetime]) -> list[datetime]:
        """All starts from the first of ``wanted`` (in order, aware UTC) to the last; none where one of them is not
        among these, or where the wall clock does not tell the first from another."""
        first, last = wanted[0], wanted[-1]
        found = [first]
        while found[-1] < last:
            found = starts(first, self.zone, self.every, self.interval, len(found) + 1)
        return found if set(wanted) <= set(found) and not first.astimezone(self.zone).fold else []


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
