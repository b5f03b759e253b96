"""Durations that can be compared: who is measured takes turns, so that whatever else the machine does meets all."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

#: Prepares round ``number``, which is not measured, and gives what is.
Prepared = Callable[[int], Callable[[], object]]


def seconds(compared: Sequence[Prepared], rounds: int, each: int = 1) -> tuple[float, ...]:
    """The median duration of each of ``compared``; the first round warms up and does not count.

    A turn is ``each`` operations, of which the last counts: the others fill the processor's caches again.
    """
    measured: list[list[float]] = [[] for _ in compared]
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds + 1):
            for prepare, durations in zip(compared, measured, strict=True):
                for number in range(turn * each, (turn + 1) * each):
                    operation = prepare(number)
                    began = time.perf_counter()
                    operation()
                    lasted = time.perf_counter() - began
                durations.append(lasted)
    finally:
        gc.enable()
    return tuple(statistics.median(durations[1:]) for durations in measured)
