"""When an effect that failed is tried again."""

from __future__ import annotations

from datetime import timedelta

_LONGEST = timedelta(hours=1)
_DOUBLINGS = 7


def back_off(attempts: int, chance: float, first: timedelta) -> timedelta:
    """How long to wait after ``attempts`` (1, 2, …) failures: ``first``, doubled each time up to an hour.

    ``chance`` in [0, 1) shortens it by up to a half, so that what failed together is not tried again together.
    """
    doublings = min(max(attempts, 1) - 1, _DOUBLINGS)
    return min(first * (1 << doublings), _LONGEST) * (1 - chance / 2)
