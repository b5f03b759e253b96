"""Half-open intervals ``[start, end)`` of aware UTC instants, and the algebra on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, order=True, slots=True)
class Interval:
    """``[start, end)``, both aware UTC, ``start < end``. Raises ``ValueError`` otherwise."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError(f"interval ends must be UTC: {self.start!r}, {self.end!r}")
        if self.start >= self.end:
            raise ValueError(f"interval must not be empty: {self.start} .. {self.end}")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: Interval) -> bool:
        return self.start <= other.start and other.end <= self.end


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same instants as disjoint, non-adjacent intervals in order."""
    merged: list[Interval] = []
    for interval in sorted(intervals):
        if merged and interval.start <= merged[-1].end:
            if interval.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, interval.end)
        else:
            merged.append(interval)
    return merged


def intersect(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """The instants in both, merged."""
    lefts, rights = merge(left), merge(right)
    common: list[Interval] = []
    i = j = 0
    while i < len(lefts) and j < len(rights):
        start, end = max(lefts[i].start, rights[j].start), min(lefts[i].end, rights[j].end)
        if start < end:
            common.append(Interval(start, end))
        if lefts[i].end <= rights[j].end:
            i += 1
        else:
            j += 1
    return common


def subtract(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """The instants in ``left`` and not in ``right``, merged."""
    holes = merge(right)
    rest: list[Interval] = []
    j = 0
    for interval in merge(left):
        while j < len(holes) and holes[j].end <= interval.start:
            j += 1
        start, k = interval.start, j
        while k < len(holes) and holes[k].start < interval.end:
            if start < holes[k].start:
                rest.append(Interval(start, holes[k].start))
            start = max(start, holes[k].end)
            k += 1
        if start < interval.end:
            rest.append(Interval(start, interval.end))
    return rest
