"""A site that makes its own backups, loses everything under load, and comes back."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
import urllib.error
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.acceptance.server import run, serve
from tests.acceptance.site import SiteFiles, event, monday
from tests.acceptance.test_durability import request as ask
from tests.postgres import Server

_CONTINUOUS_SECONDS = 1
NEW = event("new", "New", monday(), timedelta(hours=1), "TRANSP:TRANSPARENT")


def command(config: Path, *arguments: str) -> Any:
    done = run(config, "--json", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


class Load:
    """Writes one event after the other and notes when each was acknowledged."""

    def __init__(self, url: str) -> None:
        self.acknowledged: dict[str, datetime] = {}
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            name = f"calendar/event-{number}"
            text = event(f"event-{number}", "Load", monday() + timedelta(minutes=number), timedelta(minutes=1))
            try:
                status, _ = ask(self._url, "PUT", name, text)
            except (urllib.error.URLError, ConnectionError):
                return
            assert status == 201
            self.acknowledged[name] = datetime.now(UTC)
            time.sleep(0.02)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def site(site: SiteFiles, tmp_path: Path) -> SiteFiles:
    with site.config.open("a", encoding="utf-8") as file:
        file.write(f"access_log = no\n[backup]\nfolder = {tmp_path}/backups\nevery_hours = 24\n"
                   f"continuous_seconds = {_CONTINUOUS_SECONDS}\n")
    return site


def lose(site: SiteFiles, request: pytest.FixtureRequest) -> None:
    """All of its data; where the database is PostgreSQL's there is a new one in its place."""
    shutil.rmtree(site.config.parent / "data")
    if not site.database.startswith("sqlite://"):
        name = urlsplit(site.database).path[1:]
        server: Server = request.getfixturevalue("postgres_server")
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")


def test_all_but_the_last_seconds_survives_the_loss_of_the_data(request: pytest.FixtureRequest, site: SiteFiles,
                                                               tmp_path: Path) -> None:
    current = tmp_path / "backups" / "booking-current.tar.gz"
    with serve(site.config) as server:
        load = Load(server.url)
        try:
            deadline = time.monotonic() + 60
            while len(load.acknowledged) < 60 or not current.exists():
                assert time.monotonic() < deadline, f"{len(load.acknowledged)} written, {sorted(tmp_path.rglob('*'))}"
                time.sleep(0.05)
            time.sleep(2 * _CONTINUOUS_SECONDS)
            server.stop(signal.SIGKILL)
            lost = datetime.now(UTC)
        finally:
            load.stop()
    lose(site, request)
    assert len(list((tmp_path / "backups").glob("booking-2*.tar.gz"))) == 1  # the daily one, made at the start
    made = datetime.fromisoformat(command(site.config, "backup", "restore", current.name, "--yes")["made"])
    drill = command(site.config, "backup", "verify", current.name)
    assert drill["passed"] is True
    with serve(site.config) as server:
        there = {name for name in load.acknowledged if ask(server.url, "GET", name)[0] == 200}
        assert ask(server.url, "PUT", "calendar/new", NEW)[0] == 201
    assert there >= {name for name, instant in load.acknowledged.items() if instant < made}
    assert len(there) >= 20
    # As promised: the pause, and what a copy takes on a busy machine.
    assert lost - made < timedelta(seconds=_CONTINUOUS_SECONDS + 10)
