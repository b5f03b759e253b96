"""How many bookings a second one process makes, against the durable commits that SQLite makes here at the same time.

The process keeps to one processor: threads of one Python hinder each other when they are moved between several.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import site
from radicale_booking.services import booking
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.booking import BookingRequest
from radicale_booking.store.sqlite import SqliteConnection

TARGET = 0.4
_BATCH = 200
_SLOTS_A_DAY = 20


def commits(connection: SqliteConnection) -> float:
    """Durable one-row transactions a second."""
    began = time.perf_counter()
    for number in range(_BATCH):
        connection.change("BEGIN IMMEDIATE", {})
        connection.change("INSERT INTO row (text) VALUES (:text)", {"text": f"row {number}" * 20})
        connection.change("COMMIT", {})
    return _BATCH / (time.perf_counter() - began)


def slot(number: int) -> datetime:
    """The start of ada's slot ``number``, from tomorrow on."""
    return site.TODAY + timedelta(days=1 + number // _SLOTS_A_DAY, hours=8) + number % _SLOTS_A_DAY * site.HALF_HOUR


def bookings(app: Adapters, pool: ThreadPoolExecutor, first: int) -> float:
    """Bookings a second, of the slots from number ``first`` on."""
    def book(number: int) -> None:
        booking.reserve(app, BookingRequest("ada", "talk", slot(number), "Bob", "bob@example.org"))

    began = time.perf_counter()
    list(pool.map(book, range(first, first + _BATCH)))
    return _BATCH / (time.perf_counter() - began)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks reserve", description=__doc__)
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with site.host(0, 0) as app, ThreadPoolExecutor(options.threads) as pool:
        connection = SqliteConnection(Path(app.settings.data_folder) / "commits.sqlite")
        connection.change("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)", {})
        pairs = [(commits(connection), bookings(app, pool, number * _BATCH)) for number in range(options.batches)]
        connection.raw.close()
    commit_rate = statistics.median(rate for rate, _ in pairs)
    booking_rate = statistics.median(rate for _, rate in pairs)
    share = statistics.median(booked / committed for committed, booked in pairs)
    print("| threads | durable commits a second | bookings a second | share |")
    print("|---:|---:|---:|---:|")
    mark = "" if share >= TARGET else f" (target {TARGET:.0%})"
    print(f"| {options.threads} | {commit_rate:.0f} | {booking_rate:.0f} | {share:.0%}{mark} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
