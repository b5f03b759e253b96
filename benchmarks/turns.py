"""Durations that can be compared: who is measured takes turns, so that whatever else the machine does meets all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

#: Prepares round ``number``, which is not measured, and gives what is.
Prepared = Callable[[int], Callable[[], object]]


def seconds(compared: Sequence[Prepared], rounds: int) -> tuple[float, ...]:
    """The median duration of each of ``compared``; the first round warms up and does not count."""
    measured: list[list[float]] = [[] for _ in compared]
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + 1):
            for prepare, durations in zip(compared, measured, strict=True):
                operation = prepare(number)
                began = time.perf_counter()
                operation()
                durations.append(time.perf_counter() - began)
    finally:
        gc.enable()
    return tuple(statistics.median(durations[1:]) for durations in measured)
