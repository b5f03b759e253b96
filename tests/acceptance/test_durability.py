"""What the server has acknowledged is there whatever happens to its process, its disk and its file."""

from __future__ import annotations

import base64
import http.client
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.server import run, serve
from tests.acceptance.site import PASSWORD, SiteFiles, event, make_site, monday, shown, sqlite_only
from tests.acceptance.small_disk import small_disk
from tests.acceptance.visitor import Visitor

AUTHORIZATION = "Basic " + base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
KILLS = 5
WRITERS = 4


def request(url: str, method: str, name: str, text: str = "") -> tuple[int, str]:
    sent = urllib.request.Request(f"{url}/anna/{name}.ics", text.encode() or None, method=method,
                                  headers={"Authorization": AUTHORIZATION, "Content-Type": "text/calendar"})
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


class Load:
    """Threads that write until the server dies; ``kept`` maps acknowledged names to texts; ``removed`` names went."""

    def __init__(self, url: str, round_: int, kept: dict[str, str], removed: list[str], booked: list[str]) -> None:
        self._url = url
        self._round = round_
        self._kept = kept
        self._removed = removed
        self._booked = booked
        self._threads = [threading.Thread(target=self._put, args=(number,)) for number in range(WRITERS)]
        self._threads.append(threading.Thread(target=self._book))
        self._before = len(removed), len(booked)
        for thread in self._threads:
            thread.start()

    def wait_until_under_way(self) -> None:
        """Until something was written, removed and booked, and acknowledged."""
        deadline = time.monotonic() + 60
        while len(self._removed) == self._before[0] or len(self._booked) == self._before[1]:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)

    def _put(self, writer: int) -> None:
        for number in range(10_000):
            name = f"r{self._round}-{writer}-{number}"
            text = event(name, f"Event {name}", monday() + timedelta(days=60), timedelta(hours=1))
            try:
                status, _ = request(self._url, "PUT", f"calendar/{name}", text)
            except (OSError, http.client.HTTPException):
                return
            if status == 201:
                self._kept[name] = text
            if number % 3 == 2:
                self._remove(f"r{self._round}-{writer}-{number - 1}")

    def _remove(self, name: str) -> None:
        # Until the answer is there, it may be gone or not.
        self._kept.pop(name, None)
        try:
            status, _ = request(self._url, "DELETE", f"calendar/{name}")
        except (OSError, http.client.HTTPException):
            return
        if status == 200:
            self._removed.append(name)

    def _book(self) -> None:
        for number in range(20):
            start = shown(monday() + timedelta(minutes=30 * (self._round * 20 + number)))
            visitor = Visitor()
            try:
                form = visitor.get(f"{self._url}/book/anna/intro-call/?start={start}&tz=Europe/Berlin")
                # Nobody books so often in an hour.
                email = f"g{self._round}-{number}@example.org"
                if form.status == 200 and visitor.submit(form, name="Guest", email=email).status == 200:
                    self._booked.append(start)
            except (OSError, http.client.HTTPException):
                return


def test_acknowledged_writes_survive_kill(site: SiteFiles) -> None:
    chance = random.Random(3)
    kept: dict[str, str] = {}
    removed: list[str] = []
    booked: list[str] = []
    for round_ in range(KILLS):
        with serve(site.config) as running:
            if round_ == 0:
                hours = event("w", "Bookable", monday(), timedelta(hours=60))
                assert request(running.url, "PUT", "bookable/w", hours)[0] == 201
            load = Load(running.url, round_, kept, removed, booked)
            load.wait_until_under_way()
            time.sleep(chance.uniform(0, 0.6))
            os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
            load.join()
        checked = run(site.config, "db", "check")
        assert checked.returncode == 0, checked.stdout
    assert len(kept) > KILLS
    assert removed
    assert booked
    listed = run(site.config, "--json", "reservation", "list")
    assert listed.returncode == 0, listed.stderr
    with serve(site.config) as running:
        for name, text in kept.items():
            status, found = request(running.url, "GET", f"calendar/{name}")
            assert status == 200, name
            assert set(text.splitlines()) <= set(found.splitlines())
            assert found.count("BEGIN:VEVENT") == 1
        for name in removed:
            assert request(running.url, "GET", f"calendar/{name}")[0] == 404, name
        for start in booked:
            again = Visitor().get(f"{running.url}/book/anna/intro-call/?start={start}&tz=Europe/Berlin")
            assert again.status == 409


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MiB, for SQLite's file: PostgreSQL has its own disk and its own words when that is full."""
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk(folder, "3m"):
        yield folder


def test_a_full_disk_answers_507_and_loses_nothing(small: Path) -> None:
    site = make_site(small)
    filler = small / "filler"
    filler.write_bytes(bytes(400_000))
    kept = []
    with serve(site.config) as running:
        for number in range(400):
            text = event(f"e{number}", "x" * 60_000, monday(), timedelta(hours=1))
            status, _ = request(running.url, "PUT", f"calendar/e{number}", text)
            if status != 201:
                break
            kept.append(number)
        assert status == 507
        assert kept
        for number in kept:
            assert request(running.url, "GET", f"calendar/e{number}")[0] == 200
        assert request(running.url, "GET", f"calendar/e{len(kept)}")[0] == 404
        filler.unlink()
        later = event("later", "x", monday(), timedelta(hours=1))
        assert request(running.url, "PUT", "calendar/later", later)[0] == 201
        for number in kept:
            assert f"UID:e{number}" in request(running.url, "GET", f"calendar/e{number}")[1]


def test_on_a_read_only_file_system_it_does_not_start_and_says_why(small: Path) -> None:
    site = make_site(small)
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    done = run(site.config, "serve", "--host", "127.0.0.1", "--port", "0")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
    with serve(site.config) as running:
        assert request(running.url, "PUT", "calendar/a", event("a", "x", monday(), timedelta(hours=1)))[0] == 201


@sqlite_only
def test_a_corrupt_database_is_refused_with_one_line(site: SiteFiles) -> None:
    """SQLite's file, which we alone read; what PostgreSQL's hold, its server finds out."""
    database = site.config.parent / "data" / "booking.sqlite"
    for file in database.parent.glob("booking.sqlite-*"):
        file.unlink()
    database.write_bytes(b"not a database at all" * 500)
    done = run(site.config, "serve", "--host", "127.0.0.1", "--port", "0")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
