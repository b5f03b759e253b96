"""What happens, counted for Prometheus (https://prometheus.io).

``prometheus_client`` is loaded when something is counted first: processes that share their counts have to say so, by
the environment variable ``PROMETHEUS_MULTIPROC_DIR``, before that.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_first = threading.Lock()
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class PrometheusMeter:
    """Counts in this process, together with others if they share a folder."""

    def request(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered."""
        counts = _counts()
        counts.requests.labels(operation, str(status)).inc()
        counts.request_seconds.labels(operation).observe(seconds)

    def booked(self) -> None:
        """A booking was made."""
        _counts().bookings.inc()

    def refused(self, rule: str) -> None:
        """A start was refused by ``rule``, one of ``domain.slots.RULES``."""
        _counts().refusals.labels(rule).inc()

    def waited(self, seconds: float) -> None:
        """A write has waited for its turn."""
        _counts().write_waits.observe(seconds)


def exposition() -> bytes:
    """Everything that was counted, in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest, multiprocess

    if not os.environ.get(SHARED_FOLDER):
        return bytes(generate_latest(_counts().registry))
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return bytes(generate_latest(shared))


@dataclass(frozen=True)
class _Counts:
    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    bookings: Counter
    refusals: Counter
    write_waits: Histogram


def _counts() -> _Counts:
    # Several threads may count first, and a registry takes each name once.
    with _first:
        return _made()


@cache
def _made() -> _Counts:
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    return _Counts(
        registry,
        Counter("booking_requests", "Requests answered.", ["operation", "status"], registry=registry),
        Histogram("booking_request_seconds", "How long requests took.", ["operation"], buckets=_SECONDS,
                  registry=registry),
        Counter("booking_bookings", "Bookings made.", registry=registry),
        Counter("booking_refusals", "Starts refused.", ["rule"], registry=registry),
        Histogram("booking_write_wait_seconds", "How long writes waited for their turn.", buckets=_SECONDS,
                  registry=registry))
