"""When an effect that failed is tried again, and what is heard of one that was taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

_LONGEST = timedelta(hours=1)
_DOUBLINGS = 7


def back_off(attempts: int, chance: float, first: timedelta) -> timedelta:
    """How long to wait after ``attempts`` (1, 2, …) failures: ``first``, doubled each time up to an hour.

    ``chance`` in [0, 1) shortens it by up to a half, so that what failed together is not tried again together.
    """
    doublings = min(max(attempts, 1) - 1, _DOUBLINGS)
    return min(first * (1 << doublings), _LONGEST) * (1 - chance / 2)


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that was taken and could not be delivered: ``envelope_id`` as we named it (RFC 3461 §4.4), and why."""

    envelope_id: str
    reason: str
