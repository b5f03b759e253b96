"""The same operations on SQLite and on PostgreSQL, side by side; both make every commit durable."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks import engines, reserve, site, storage, turns
from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.domain.interval import Interval
from radicale_booking.services import booking
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.booking import BookingRequest


def requests(folder: Path, addresses: Sequence[str], count: int,
             rounds: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """``(operation, seconds on each of addresses)``: whole requests to a calendar of ``count`` items."""
    try:
        servers = [storage.Server(BookingApplication(wiring.load(engines.configuration(folder, address)).configuration,
                                                     storage.no_pages), count) for address in addresses]
        for server in servers:
            server.fill()
        for name, operation in storage.operations().items():
            yield name, storage.seconds(servers, name, operation, rounds * storage.MORE_ROUNDS.get(name, 1))
    finally:
        wiring.close()


def open_slots(app: Adapters, number: int) -> Callable[[], object]:
    frame = Interval(site.TODAY + timedelta(days=1), site.TODAY + timedelta(days=31))
    return lambda: booking.open_slots(app, "ada", "talk", frame)


def booked(app: Adapters, number: int) -> Callable[[], object]:
    wish = BookingRequest("ada", "talk", reserve.slot(number), "Bob", "bob@example.org")
    return lambda: booking.reserve(app, wish)


def bookings(full: Sequence[str], empty: Sequence[str], count: int,
             rounds: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """``(operation, seconds on each)``: what is free in the databases ``full`` of ``count`` events, and bookings."""
    with ExitStack() as stack:
        apps = [stack.enter_context(site.host(count, 0, address)) for address in full]
        yield "open slots, 30 days", turns.seconds([partial(open_slots, app) for app in apps], rounds * 10)
    with ExitStack() as stack:
        apps = [stack.enter_context(site.host(0, 0, address)) for address in empty]
        yield "booking", turns.seconds([partial(booked, app) for app in apps], rounds * 20)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks databases", description=__doc__)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args(arguments)
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    with engines.both(3) as (folder, found):
        if len(found) < 2:
            return 0
        calendars, full, empty = zip(*found.values(), strict=True)
        print(f"a calendar of {options.items} items, 10 % recurring, in this process\n")
        print("| operation | SQLite ms | PostgreSQL ms | PostgreSQL / SQLite |")
        print("|---|---:|---:|---:|")
        for measured in (requests(folder, calendars, options.items, options.rounds),
                         bookings(full, empty, options.items, options.rounds)):
            for name, (sqlite, postgres) in measured:
                print(f"| {name} | {sqlite * 1e3:.2f} | {postgres * 1e3:.2f} | {postgres / sqlite:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
