"""Invitees book and cancel while the host moves, cancels and deletes in a calendar program, from several processes.

``python -m tests.acceptance.test_soak CONFIG SEED STEPS`` is one process of them.
"""

from __future__ import annotations

import base64
import contextlib
import io
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from radicale_booking import wiring, wsgi
from radicale_booking.errors import IllegalTransition, SlotTaken
from radicale_booking.ical import reservation_event
from radicale_booking.services import booking, life
from radicale_booking.services.booking import BookingRequest
from tests.acceptance.server import run
from tests.acceptance.site import PASSWORD, SiteFiles, event, monday
from tests.services.overlaps import live_count, overlaps

PROCESSES = 2
THREADS = 3
STEP = timedelta(minutes=15)
GRID = 24
ROOT = Path(__file__).resolve().parents[2]
AUTHORIZATION = "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()


class Crowd:
    """One process: everybody acts on the same site, each thread with its own chance."""

    def __init__(self, config: Path) -> None:
        self._application = wsgi.build(config, logged=False)
        self._app = wiring.load(config).app
        self._start = monday().astimezone(UTC)

    def act(self, seed: int, steps: int) -> Counter[str]:
        """Do ``steps`` random deeds; how often each ended how."""
        chance = random.Random(seed)
        deeds = [*[self.book] * 8, *[self.move] * 6, self.cancel, self.withdraw, self.delete, self.keep_busy]
        outcomes: Counter[str] = Counter()
        for _ in range(steps):
            deed = chance.choice(deeds)
            outcomes[f"{deed.__name__} {deed(chance)}"] += 1
        return outcomes

    def book(self, chance: random.Random) -> str:
        try:
            booking.reserve(self._app, BookingRequest("anna", chance.choice(["intro-call", "padded"]),
                                                      self._instant(chance), "Guest", "guest@example.org"))
        except SlotTaken:
            return "taken"
        return "done"

    def cancel(self, chance: random.Random) -> str:
        known = booking.reservations(self._app, "anna", "confirmed")
        if not known:
            return "nothing"
        try:
            life.cancel(self._app, chance.choice(known).uid, "invitee")
        except IllegalTransition:
            return "too late"
        return "done"

    def move(self, chance: random.Random) -> str:
        return self._put(chance, self._instant(chance), chance.choice([15, 30, 60]))

    def withdraw(self, chance: random.Random) -> str:
        return self._put(chance, self._instant(chance), 30, "STATUS:CANCELLED")

    def delete(self, chance: random.Random) -> str:
        known = booking.reservations(self._app, "anna", "confirmed")
        return self.request("DELETE", f"calendar/{chance.choice(known).uid}") if known else "nothing"

    def keep_busy(self, chance: random.Random) -> str:
        own = event("dentist", "Dentist", self._instant(chance), 2 * STEP)
        return self.request("PUT", "calendar/dentist", own)

    def _put(self, chance: random.Random, start: datetime, minutes: int, *lines: str) -> str:
        known = booking.reservations(self._app, "anna", "confirmed")
        if not known:
            return "nothing"
        uid = chance.choice(known).uid
        # Only over an event that is there, as a calendar program does.
        return self.request("PUT", f"calendar/{uid}", event(uid, "Moved", start, timedelta(minutes=minutes), *lines),
                            HTTP_IF_MATCH="*")

    def _instant(self, chance: random.Random) -> datetime:
        return self._start + chance.randrange(GRID) * STEP

    def request(self, method: str, name: str, text: str = "", **headers: str) -> str:
        body = text.encode()
        answers: list[str] = []
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": f"/anna/{name}.ics", "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "text/calendar", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http", "HTTP_AUTHORIZATION": AUTHORIZATION, **headers}
        for _ in self._application(environ, lambda status, *_: answers.append(status[:3])):  # type: ignore[arg-type]
            pass
        return answers[0]


ALLOWED = {
    "book": {"done", "taken"}, "cancel": {"done", "too late", "nothing"},
    "move": {"201", "204", "409", "412", "nothing"}, "withdraw": {"201", "204", "412", "nothing"},
    "delete": {"200", "204", "404", "412", "nothing"}, "keep_busy": {"201", "204"},
}


def soak(site: SiteFiles, seed: int, steps: int) -> Counter[str]:
    """Let all processes act, watch the database meanwhile; how often each deed ended how."""
    make_hours(site)
    database = site.config.parent / "data" / "booking.sqlite"
    outcomes: Counter[str] = Counter()
    with crowds(site, seed, steps) as processes:
        while any(process.poll() is None for process in processes):
            assert overlaps(database) == []
        for number, process in enumerate(processes):
            output, _ = process.communicate()
            assert process.returncode == 0, _log(site, number).read_text(encoding="utf-8")[-4000:]
            for line in output.splitlines():
                outcome, _, count = line.rpartition(" ")
                outcomes[outcome] += int(count)
    assert overlaps(database) == []
    agree(site, database)
    assert {outcome for outcome in outcomes if outcome.split(" ", 1)[1] not in ALLOWED[outcome.split(" ")[0]]} == set()
    return outcomes


def make_hours(site: SiteFiles) -> None:
    done = run(site.config, "event-type", "add", "anna", "padded", "--title", "Padded", "--duration", "30", "--step",
               "15", "--buffer-before", "15", "--buffer-after", "15")
    assert done.returncode == 0, done.stderr
    crowd = Crowd(site.config)
    answer = crowd.request("PUT", "bookable/w1", event("w1", "Bookable", monday(), GRID * STEP))
    assert answer == "201"
    wiring.close()


def agree(site: SiteFiles, database: Path) -> None:
    """Reservations, occupancies and the host's calendar tell the same."""
    app = wiring.load(site.config).app
    live = {found.uid: found for found in booking.reservations(app, "anna") if found.live}
    assert live_count(database) == len(live)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        texts = dict(connection.execute("SELECT uid, item.text FROM item JOIN collection ON"
                                        " collection.id = collection_id WHERE path = 'anna/calendar'"))
        by_host = {uid for uid, in connection.execute("SELECT subject FROM audit WHERE action = 'cancel'"
                                                      " AND actor = 'anna'")}
    wiring.close()
    for uid, found in live.items():
        [change] = reservation_event.read_changes(texts[uid], uid)
        assert (change.start, change.end) == (found.start, found.end)
    # An event that the host had cancelled and a stale client then overwrote is the host's own.
    assert set(texts) - {"dentist"} - set(live) <= by_host


@contextlib.contextmanager
def crowds(site: SiteFiles, seed: int, steps: int) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tests.acceptance.test_soak", str(site.config)]
    processes = []
    try:
        for number in range(PROCESSES):
            with _log(site, number).open("w", encoding="utf-8") as log:
                processes.append(subprocess.Popen([*command, str(seed + 1000 * number), str(steps)], cwd=ROOT,
                                                  stdout=subprocess.PIPE, stderr=log, text=True))
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _log(site: SiteFiles, number: int) -> Path:
    return site.config.parent / f"crowd-{number}.log"


def test_a_crowd_leaves_no_overlap(site: SiteFiles) -> None:
    outcomes = soak(site, seed=1, steps=60)
    for needed in ("book done", "book taken", "cancel done", "move 204", "move 409", "withdraw 204", "delete 200"):
        assert outcomes[needed], outcomes


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 20))
def test_a_crowd_leaves_no_overlap_for_long(site: SiteFiles, seed: int) -> None:
    assert soak(site, seed, steps=1500)["book done"] > 100


def main(config: str, seed: str, steps: str) -> None:
    crowd = Crowd(Path(config))
    with ThreadPoolExecutor(THREADS) as pool:
        for outcomes in pool.map(lambda thread: crowd.act(int(seed) + thread, int(steps)), range(THREADS)):
            sys.stdout.writelines(f"{outcome} {count}\n" for outcome, count in outcomes.items())
    wiring.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
