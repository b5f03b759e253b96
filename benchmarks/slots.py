"""How long it takes to say what is free: 30 days of half hours, in process and as the whole page over HTTP."""

from __future__ import annotations

import argparse
import gc
import http.client
import statistics
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from waitress.server import create_server

from benchmarks import site
from radicale_booking.domain.interval import Interval
from radicale_booking.services import booking
from radicale_booking.services.adapters import Adapters
from radicale_booking.web.factory import create_app

RECURRING = 200
TARGETS_MS = {"open slots": 3.0, "page": 15.0}


def milliseconds(operation: Callable[[], object], runs: int) -> float:
    """The median; the first three runs warm up."""
    measured = []
    gc.collect()
    for _ in range(runs + 3):
        began = time.perf_counter()
        operation()
        measured.append(time.perf_counter() - began)
    return statistics.median(measured[3:]) * 1e3


def open_slots(app: Adapters, runs: int) -> float:
    frame = Interval(site.TODAY + timedelta(days=1), site.TODAY + timedelta(days=31))
    return milliseconds(lambda: booking.open_slots(app, "ada", "talk", frame), runs)


def page(app: Adapters, runs: int) -> float:
    server = create_server(create_app(app), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", int(server.effective_port))  # type: ignore[union-attr]  # one address, one socket
    month = f"{site.TODAY + timedelta(days=31):%Y-%m}"

    def get() -> None:
        connection.request("GET", f"/book/ada/talk/?month={month}")
        answer = connection.getresponse()
        if b"talk" not in answer.read().lower() or answer.status != 200:
            raise RuntimeError(f"the page answers {answer.status}")

    try:
        return milliseconds(get, runs)
    finally:
        connection.close()
        server.task_dispatcher.shutdown()
        server.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks slots", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[100, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=100)
    options = parser.parse_args(arguments)
    print(f"30 days of 30-minute slots, {RECURRING} recurring events besides\n")
    print("| events | open slots ms | page over HTTP ms |")
    print("|---:|---:|---:|")
    for events in options.events:
        with site.host(events, RECURRING) as app:
            measured = {"open slots": open_slots(app, options.runs), "page": page(app, options.runs)}
        cells = [f"{value:.2f}" + ("" if value <= TARGETS_MS[name] else f" (target {TARGETS_MS[name]:.0f})")
                 for name, value in measured.items()]
        print(f"| {events} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
