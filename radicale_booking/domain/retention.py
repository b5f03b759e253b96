"""Which of many archives are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """The newest ``last``, and the newest of each of the newest so many days, weeks (ISO 8601) and months, in UTC."""

    last: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0

    def kept(self, instants: Collection[datetime]) -> frozenset[datetime]:
        """Those of ``instants`` (aware) to keep. The newest is always among them."""
        newest_first = sorted(set(instants), reverse=True)
        found = set(newest_first[:max(self.last, 1)])
        for most, period in ((self.daily, _day), (self.weekly, _week), (self.monthly, _month)):
            found |= _newest_of_each(newest_first, most, period)
        return frozenset(found)


def _newest_of_each(newest_first: Collection[datetime], most: int,
                    period: Callable[[datetime], tuple[int, ...]]) -> set[datetime]:
    seen: dict[tuple[int, ...], datetime] = {}
    for instant in newest_first:
        seen.setdefault(period(instant.astimezone(UTC)), instant)
    return set(list(seen.values())[:most])


def _day(instant: datetime) -> tuple[int, ...]:
    return (instant.year, instant.month, instant.day)


def _week(instant: datetime) -> tuple[int, ...]:
    return tuple(instant.isocalendar()[:2])


def _month(instant: datetime) -> tuple[int, ...]:
    return (instant.year, instant.month)
