"""What ``serve`` with 1, 2 and 4 processes answers over HTTP: calendar programs and visitors of many hosts at once.

The clients are processes of the same machine and take their part of it. A booking is what a visitor does: the form of a
time that is free, its submission, and the page that confirms it.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import engines, population, storage
from benchmarks.populated import CTAG, FREE_DAYS, MONTH, SYNC, frame, morning
from benchmarks.site import HALF_HOUR
from radicale_booking import wiring
from tests.acceptance import server
from tests.acceptance.visitor import Visitor

_TIMEOUT_SECONDS = 30
_HOSTS, _ITEMS = 200, 100
#: Times of each host that can be booked.
_TURNS = FREE_DAYS * 4
#: What calendar programs ask, in hundredths: they look often and rarely change something.
_SHARES = {"ctag": 40, "sync": 25, "get": 15, "month": 5, "put": 12, "delete": 3}


class Program:
    """A calendar program that serves many users over one connection."""

    def __init__(self, url: str, client: int) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_SECONDS)
        self._random = random.Random(client)
        self._client = client
        self._put: list[tuple[str, str]] = []

    def once(self, number: int) -> None:
        user = f"host-{self._random.randrange(_HOSTS) + 1}"
        calendar = f"/{user}/calendar/"
        [kind] = self._random.choices(list(_SHARES), list(_SHARES.values()))
        if kind == "delete" and self._put:
            user, path = self._put.pop()
            self._ask(user, "DELETE", path)
        elif kind == "put":
            name = f"{self._client}-{number}"
            self._put.append((user, f"{calendar}{name}.ics"))
            self._ask(user, "PUT", self._put[-1][1], storage.whole(number, f"-{name}"))
        elif kind == "get":
            self._ask(user, "GET", f"{calendar}event-{user.removeprefix('host-')}-{1 + number % (_ITEMS - 1)}.ics")
        elif kind == "month":
            self._ask(user, "REPORT", calendar, MONTH.format(frame(30)))
        elif kind == "sync":
            self._ask(user, "REPORT", calendar, SYNC.format(""))
        else:
            self._ask(user, "PROPFIND", calendar, CTAG)

    def _ask(self, user: str, method: str, path: str, body: str = "") -> None:
        self._connection.request(method, path, body.encode(), {
            "X-Remote-User": user, "Content-Type": "text/calendar", "Depth": "1" if method == "REPORT" else "0"})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201, 204, 207):
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")


class Visitors:
    """Visitors one after another; of ``clients`` at once each takes times that no other does."""

    def __init__(self, url: str, client: int, clients: int) -> None:
        self._url, self._client, self._clients = url, client, clients

    def once(self, number: int) -> None:
        turn, host = divmod(number * self._clients + self._client, _HOSTS)
        start = morning(1 + turn % FREE_DAYS) + turn // FREE_DAYS * HALF_HOUR
        visitor = Visitor()
        form = visitor.get(f"{self._url}/book/host-{host + 1}/talk/?start={start:%Y-%m-%dT%H:%M:%SZ}&tz=Europe/Berlin")
        if form.status != 200:
            raise RuntimeError(f"{form.url}: {form.status}")
        page = visitor.submit(form, name="Guest", email=f"guest-{number}-{self._client}@example.org")
        if page.status != 200 or "/booking/" not in page.url:
            raise RuntimeError(f"{page.url}: {page.status}")


def durations(url: str, kind: str, clients: int, first: int, seconds: float, client: int) -> list[float]:
    """Of what one client of ``kind`` did in so many seconds, from number ``first`` on; the first second does not
    count."""
    does = Program(url, client) if kind == "programs" else Visitors(url, client, clients)
    began = time.monotonic()
    found: list[float] = []
    for number in itertools.count(first):
        before = time.monotonic()
        if before > began + 1 + seconds:
            return found
        try:
            does.once(number)
        except OSError as error:
            raise RuntimeError(f"{kind}: no answer within {_TIMEOUT_SECONDS} s: {error}") from error
        if before > began + 1:
            found.append(time.monotonic() - before)
    raise AssertionError("counting does not end")


def served(config: Path, processes: int, pool: Pool, clients: int, first: int, seconds: float) -> Iterator[str]:
    """Cells of the table: how many a second, and the 95th percentile of the milliseconds, of each kind of client."""
    with server.serve(config, "--workers", str(processes)) as running:
        for kind in ("programs", "visitors"):
            work = partial(durations, running.url, kind, clients, first, seconds)
            patience = seconds + 2 * _TIMEOUT_SECONDS
            try:
                found = list(itertools.chain(*pool.map_async(work, range(clients), 1).get(patience)))
            except multiprocessing.TimeoutError:
                raise RuntimeError(f"{kind}: clients are not done after {patience:.0f} s") from None
            yield f"{len(found) / seconds:.0f}"
            yield f"{statistics.quantiles(found, n=20)[-1] * 1e3:.0f}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks nodes", description=__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4, help="for each number")
    options = parser.parse_args(arguments)
    # They are there before anything else is, so that forking them is safe.
    with multiprocessing.get_context("fork").Pool(options.clients) as pool, engines.both() as (folder, found):
        print(f"{_HOSTS} hosts of {_ITEMS} items, {options.clients} clients, {os.cpu_count()} cores\n")
        print("| database | processes | CalDAV requests a second | 95 % in ms | bookings a second | 95 % in ms |")
        print("|---|---:|---:|---:|---:|---:|")
        for engine, [address] in found.items():
            config = engines.configuration(folder, address)
            wiring.load(config)
            wiring.close()
            population.fill(address, _HOSTS, _ITEMS)
            bookings = _TURNS * _HOSTS // options.clients // len(options.processes)
            for part, processes in enumerate(options.processes):
                cells = served(config, processes, pool, options.clients, part * bookings, options.seconds)
                print(f"| {engine} | {processes} | {' | '.join(cells)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
