"""Invitees book and cancel while the host moves, cancels and deletes in a calendar program, from several processes."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import random
import sys
import time
from collections import Counter
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
from tests.acceptance.server import forked, run
from tests.acceptance.site import PASSWORD, SiteFiles, connected, event, monday
from tests.services.overlaps import live_count, overlaps

PROCESSES = 2
THREADS = 3
STEP = timedelta(minutes=15)
GRID = 24
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
    outcomes: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        crowds = [stack.enter_context(forked(act, str(site.config), str(seed + 1000 * number), str(steps)))
                  for number in range(PROCESSES)]
        while any(crowd.process.poll() is None for crowd in crowds):
            assert overlaps(site.database) == []
            time.sleep(0.05)
    for crowd in crowds:
        assert crowd.process.wait() == 0, crowd.lines
        outcomes += Counter(json.loads(crowd.wait_for(r"^\{.*")[0]))
    assert overlaps(site.database) == []
    agree(site)
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


def agree(site: SiteFiles) -> None:
    """Reservations, occupancies and the host's calendar tell the same."""
    app = wiring.load(site.config).app
    live = {found.uid: found for found in booking.reservations(app, "anna") if found.live}
    assert live_count(site.database) == len(live)
    with connected(site.database) as connection:
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


def test_a_crowd_leaves_no_overlap(site: SiteFiles) -> None:
    outcomes = soak(site, seed=1, steps=60)
    for needed in ("book done", "book taken", "cancel done", "move 204", "move 409", "withdraw 204", "delete 200"):
        assert outcomes[needed], outcomes


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 20))
def test_a_crowd_leaves_no_overlap_for_long(site: SiteFiles, seed: int) -> None:
    assert soak(site, seed, steps=1500)["book done"] > 100


def act(config: str, seed: str, steps: str) -> None:
    """Let one process of people act; writes as one line of JSON how often each deed ended how."""
    crowd = Crowd(Path(config))
    outcomes: Counter[str] = Counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(lambda thread: crowd.act(int(seed) + thread, int(steps)), range(THREADS)):
            outcomes += found
    sys.stdout.write(json.dumps(outcomes) + "\n")
    wiring.close()
