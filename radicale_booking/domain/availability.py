"""Available time by several VAVAILABILITYs with priorities (RFC 7953 §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from radicale_booking.domain.interval import Interval, intersect, merge, subtract


@dataclass(frozen=True, slots=True)
class Availability:
    """One VAVAILABILITY: in ``span`` only the ``available`` times are free, the rest is ``busy_type``.

    ``priority``: 1 is the highest, 9 the lowest, 0 lower still (none given).
    """

    span: Interval
    priority: int
    busy_type: str
    available: tuple[Interval, ...]

    @property
    def rank(self) -> int:
        """Grows with the priority."""
        return -self.priority if self.priority else -10


def free(availabilities: Iterable[Availability], frame: Interval) -> list[Interval]:
    """The time in ``frame`` that is available, merged: in each instant the highest priority that spans it decides,
    and among equal ones every one that makes it free; what none spans is available."""
    found = [frame]
    ranked = sorted(availabilities, key=lambda availability: availability.rank)
    for _, equals in groupby(ranked, key=lambda availability: availability.rank):
        together = list(equals)
        spanned = intersect((availability.span for availability in together), [frame])
        opened = [part for availability in together for part in intersect(availability.available, [availability.span])]
        found = merge([*subtract(found, spanned), *intersect(opened, spanned)])
    return found
