"""The starts of bookings that are made together."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import count as steps
from itertools import islice
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
        found = []
        for start in _endless(first, self.zone, self.every, self.interval):
            found.append(start)
            if start >= last:
                break
        return found if set(wanted) <= set(found) and not first.astimezone(self.zone).fold else []


def starts(first: datetime, zone: tzinfo, every: str, interval: int, count: int) -> list[datetime]:
    """``count`` starts in aware UTC from ``first`` (aware) on: at the same wall time in ``zone``, ``interval`` days,
    weeks or months (``every``) apart; months without the day are left out, as in RFC 5545 §3.3.10."""
    return list(islice(_endless(first, zone, every, interval), count))


def _endless(first: datetime, zone: tzinfo, every: str, interval: int) -> Iterator[datetime]:
    # The first is an instant, not a wall time: in a fold it may be the second.
    yield first
    local = civil.wall(first, zone)
    for step in steps(1):
        on = _moved(local, every, step * interval)
        if on is not None:
            yield civil.to_utc(on, zone)


def _moved(local: datetime, every: str, count: int) -> datetime | None:
    if every in ("day", "week"):
        return local + timedelta(days=count * (7 if every == "week" else 1))
    year, month = divmod(local.year * 12 + local.month - 1 + count, 12)
    if local.day > calendar.monthrange(year, month + 1)[1]:
        return None
    return local.replace(year=year, month=month + 1)
