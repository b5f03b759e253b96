"""Many at once on one slot: exactly one gets it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from radicale_booking.errors import SlotTaken
from radicale_booking.services import booking, offers
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, wish
from tests.services.overlaps import live_count, overlaps

THREADS = 200
PROCESSES = 4
ROOT = Path(__file__).resolve().parents[2]


def race(app: Adapters, count: int) -> Counter[str]:
    """``count`` threads that start together; how often each outcome came."""
    barrier = threading.Barrier(count)

    def attempt(number: int) -> str:
        barrier.wait(60)
        try:
            booking.reserve(app, wish(NINE, email=f"guest{number}@example.org"))
        except SlotTaken:
            return "taken"
        return "booked"

    with ThreadPoolExecutor(count) as pool:
        return Counter(pool.map(attempt, range(count)))


@pytest.mark.parametrize("checked", [True, False])
def test_two_hundred_threads_get_one_slot_once(app: Adapters, monkeypatch: pytest.MonkeyPatch, checked: bool) -> None:
    if not checked:
        monkeypatch.setattr(offers, "check", lambda *_: None)
    assert race(app, THREADS) == {"booked": 1, "taken": THREADS - 1}
    database = app.settings.database
    assert (live_count(database), overlaps(database)) == (1, [])


@pytest.mark.parametrize("checked", [True, False])
def test_several_processes_get_one_slot_once(app: Adapters, checked: bool) -> None:
    arguments = [sys.executable, "-m", "tests.services.racer", str(app.settings.data_folder),
                 app.settings.database, str(PROCESSES), "10",
                 "checked" if checked else "unchecked"]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as racers:
        assert racers.stdout is not None
        for _ in range(PROCESSES):
            assert racers.stdout.readline() == "ready\n"
        output, _ = racers.communicate("go\n" * PROCESSES, timeout=60)
    assert racers.returncode == 0
    outcomes = Counter(output.split())
    assert outcomes == {"booked": 1, "taken": PROCESSES * 10 - 1}
    database = app.settings.database
    assert (live_count(database), overlaps(database)) == (1, [])
