"""Availability (RFC 7953): when a person can be met at all, before any event takes its time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from radicale_booking.domain.interval import Interval, intersect, merge, subtract

#: The values of BUSYTYPE, the strongest first (RFC 7953 §4).
BUSY_TYPES = ("BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE")
_LOWEST_PRIORITY = 9


@dataclass(frozen=True, slots=True)
class Availability:
    """One VAVAILABILITY: ``[start, end)`` in aware UTC, None where unbounded, is busy but for ``available``.

    ``available`` are the occurrences of its AVAILABLEs in some frame, in any order; parts outside of ``[start, end)``
    do not count. ``priority``: 1 is the highest, 9 the lowest, and 0, which means none, is lower still.
    ``busy_type`` is one of ``BUSY_TYPES``. Raises ``ValueError`` for anything else.
    """

    start: datetime | None = None
    end: datetime | None = None
    priority: int = 0
    busy_type: str = "BUSY-UNAVAILABLE"
    available: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        if any(bound is not None and bound.tzinfo is not UTC for bound in (self.start, self.end)):
            raise ValueError(f"its bounds must be UTC: {self.start!r}, {self.end!r}")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError(f"it must not end before it starts: {self.start} .. {self.end}")
        if not 0 <= self.priority <= _LOWEST_PRIORITY:
            raise ValueError(f"its priority must be from 0 to {_LOWEST_PRIORITY}: {self.priority}")
        if self.busy_type not in BUSY_TYPES:
            raise ValueError(f"its busy type must be one of {', '.join(BUSY_TYPES)}: {self.busy_type}")

    @property
    def rank(self) -> int:
        """The smaller, the higher the priority."""
        return self.priority or _LOWEST_PRIORITY + 1

    def within(self, frame: Interval) -> list[Interval]:
        """The part of ``frame`` that it covers: one interval or none."""
        start, end = max(self.start or frame.start, frame.start), min(self.end or frame.end, frame.end)
        return [Interval(start, end)] if start < end else []


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Time that is not available, with its FBTYPE (RFC 5545 §3.2.9), one of ``BUSY_TYPES``."""

    interval: Interval
    busy_type: str


@dataclass(frozen=True, slots=True)
class Combined:
    """A frame as its availabilities have it: ``available`` and ``unavailable`` are disjoint and in order.

    Time in neither is outside every availability: nothing is said of it, and for free-busy it is free (RFC 7953 §5).
    """

    available: tuple[Interval, ...]
    unavailable: tuple[Unavailable, ...]


def combine(availabilities: Iterable[Availability], frame: Interval) -> Combined:
    """What ``availabilities`` together say of ``frame``, whatever their order (RFC 7953 §4).

    A higher priority replaces all lower ones in its span, their available time too. Among equal priorities, what one
    has available is available (§5, step 3); of what is left, the strongest busy type counts (§4).
    """
    available: list[Interval] = []
    busy: dict[str, list[Interval]] = {busy_type: [] for busy_type in BUSY_TYPES}
    decided: list[Interval] = []
    for _, level in groupby(sorted(availabilities, key=_rank), key=_rank):
        equals = list(level)
        undecided = subtract(_covered(equals, frame), decided)
        decided = merge([*decided, *undecided])
        free = intersect(undecided, [part for one in equals for part in intersect(one.available, one.within(frame))])
        available += free
        rest = subtract(undecided, free)
        for busy_type, parts in busy.items():
            found = intersect(rest, _covered([one for one in equals if one.busy_type == busy_type], frame))
            parts += found
            rest = subtract(rest, found)
    return Combined(tuple(merge(available)), tuple(sorted(
        (Unavailable(part, busy_type) for busy_type, parts in busy.items() for part in merge(parts)),
        key=lambda one: one.interval)))


def _rank(availability: Availability) -> int:
    return availability.rank


def _covered(availabilities: Sequence[Availability], frame: Interval) -> list[Interval]:
    return [part for one in availabilities for part in one.within(frame)]
