"""Two hundred invitees send the form for one slot at once, from several processes, over real HTTP."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from radicale_booking.services import offers
from tests.acceptance.server import READY, Running, command, forked
from tests.acceptance.site import SiteFiles, calendar, calendar_program, event, monday, shown
from tests.acceptance.visitor import Visitor
from tests.services.overlaps import live_count, overlaps

PROCESSES = 4
THREADS = 50
HALF_HOUR = timedelta(minutes=30)

_ALTERNATIVE = re.compile(r'<time class="choice" datetime="([^"]+)"')


def unchecked(*words: str) -> None:
    """The server, with its own look at the free slots switched off: only the database is left to refuse."""
    offers.check = lambda *_: None  # type: ignore[assignment]
    command(*words)


LAUNCHERS = {"checked": command, "unchecked": unchecked}


@contextmanager
def serving(site: SiteFiles, launcher: str, workers: int) -> Iterator[Running]:
    words = ["--config", str(site.config), "serve", "--host", "127.0.0.1", "--port", "0", "--workers", str(workers)]
    with forked(LAUNCHERS[launcher], *words, ready=READY) as running:
        yield running


@contextmanager
def invitees(urls: Sequence[str], start: str) -> Iterator[list[Running]]:
    """The processes of invitees, every one of whom has the form open; they share the ``urls`` out."""
    with ExitStack() as stack:
        processes = [stack.enter_context(forked(invite, urls[number % len(urls)], start, str(THREADS), str(number)))
                     for number in range(PROCESSES)]
        for process in processes:
            process.wait_for("^ready$")
        yield processes


def send_all(processes: list[Running]) -> list[tuple[int, str, list[str]]]:
    """Let all invitees send the form now; status, outcome and offered alternatives of each."""
    for process in processes:
        process.say("go")
    answers = []
    for process in processes:
        answers += [(status, outcome, starts) for status, outcome, starts in json.loads(process.wait_for(r"^\[.*")[0])]
        assert process.process.wait(60) == 0
    return answers


@pytest.mark.parametrize(("launcher", "workers"), [("checked", 1), ("checked", 2), ("unchecked", 1),
                                                   ("unchecked", 2)])
def test_two_hundred_invitees_get_one_slot_once(site: SiteFiles, launcher: str, workers: int) -> None:
    start = monday()
    with serving(site, launcher, workers) as running:
        with calendar_program(running.url) as anna:
            calendar(anna, "Bookable hours").save_event(event("w1", "Bookable", start, 4 * HALF_HOUR))
        with invitees([running.url], shown(start)) as processes:
            answers = send_all(processes)
        with calendar_program(running.url) as anna:
            events = calendar(anna, "Calendar").events()
            assert [found.icalendar_component["DTSTART"].dt for found in events] == [start]
    assert len(answers) == PROCESSES * THREADS
    assert [(status, outcome) for status, outcome, _ in answers].count((200, "booked")) == 1
    others = [shown(start + i * HALF_HOUR) for i in (1, 2, 3)]
    assert [answer for answer in answers if answer[1] != "booked" and answer != (409, "taken", others)] == []
    assert (live_count(site.database), overlaps(site.database)) == (1, [])
    assert not [line for line in running.lines if "Traceback" in line], running.lines


def invite(url: str, start: str, count: str, number: str) -> None:
    """Open the form ``count`` times, wait for a line, send all at once, write the answers as one line of JSON."""
    page = f"{url}/book/anna/intro-call/?start={start}&tz=Europe/Berlin"
    barrier = threading.Barrier(int(count))

    def open_form(_: int) -> tuple[Visitor, str, dict[str, str]]:
        visitor = Visitor()
        return visitor, *visitor.get(page).form()

    def send(i: int) -> tuple[int, str, list[str]]:
        visitor, action, values = forms[i]
        barrier.wait(60)
        answer = visitor.post(action, values | {"name": f"Guest {i}", "email": f"guest{number}.{i}@example.org"})
        outcome = ("booked" if "/booking/" in answer.url else "taken" if "This time was just taken" in answer.text
                   else answer.text[:500])
        return answer.status, outcome, _ALTERNATIVE.findall(answer.text)

    with ThreadPoolExecutor(int(count)) as pool:
        forms = list(pool.map(open_form, range(int(count))))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(json.dumps(list(pool.map(send, range(int(count))))) + "\n")
