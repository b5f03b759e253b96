"""``serve`` as a process, and the application under other WSGI servers."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from radicale_booking.store import sql
from tests.acceptance.server import free_port, run, serve, started, wait_until_answers
from tests.acceptance.site import SiteFiles, calendar, calendar_program, connected, event, monday, sqlite_only
from tests.acceptance.visitor import Visitor


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_reloads_and_stops(site: SiteFiles, workers: str) -> None:
    # The command itself: one process alone becomes the new one by starting it again.
    with serve(site.config, "--workers", workers, python=sys.executable) as running:
        assert "Intro call" in Visitor().get(f"{running.url}/book/anna/").text
        with calendar_program(running.url) as anna:
            assert len(anna.calendars()) == 2
        text = site.config.read_text(encoding="utf-8")
        site.config.write_text(text + "colour = red\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for("not reloaded")
        running.wait_for(r"booking\.ini:9 .*unknown option")
        assert Visitor().get(f"{running.url}/health").status == 200
        site.config.write_text(text + "access_log = no\n", encoding="utf-8")
        running.process.send_signal(signal.SIGHUP)
        for _ in range(5):
            assert Visitor().get(f"{running.url}/health").status == 200
        assert running.stop() == 0
    assert not [line for line in running.lines if "Traceback" in line], running.lines


@pytest.mark.parametrize("command", [
    ["waitress", "--listen=127.0.0.1:{port}", "radicale_booking.wsgi:application"],
    ["gunicorn", "--bind=127.0.0.1:{port}", "--workers=2", "--threads=4", "radicale_booking.wsgi:application"],
    ["granian", "--interface=wsgi", "--host=127.0.0.1", "--port={port}", "radicale_booking.wsgi:application"],
], ids=lambda command: command[0])
def test_other_wsgi_servers_run_the_application(site: SiteFiles, command: list[str]) -> None:
    port = free_port()
    words = [sys.executable, "-m", *(word.format(port=port) for word in command)]
    with started(words, environment={"RADICALE_BOOKING_CONFIG": str(site.config)}) as running:
        url = f"http://127.0.0.1:{port}"
        wait_until_answers(url, running)
        assert "Intro call" in Visitor().get(f"{url}/book/anna/").text
        with calendar_program(url) as anna:
            work = calendar(anna, "Calendar")
            work.save_event(event("ü 日", "Lunch", monday(), timedelta(minutes=30)))
            [found] = work.events()
            assert unquote(found.url.path) == "/anna/calendar/ü 日.ics"
            assert "SUMMARY:Lunch" in found.load().data


def test_an_older_database_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    """SQLite's file: of PostgreSQL no copy is made, and ``db migrate`` is what migrates it."""
    config = tmp_path / "booking.ini"
    config.write_text(f"[booking]\ndata_folder = {tmp_path}/data\n", encoding="utf-8")
    (tmp_path / "data").mkdir()
    database = tmp_path / "data" / "booking.sqlite"
    with contextlib.closing(older_database(database)) as connection, connection:
        connection.execute("INSERT INTO principal (name, host, created_epoch) VALUES ('anna', 1, 0)")
    with serve(config) as running:
        assert "anna" in Visitor().get(f"{running.url}/book/anna/").text
    [copy] = (tmp_path / "data").glob("*.backup")
    assert re.fullmatch(r"booking\.sqlite\.schema-1\.\d{8}T\d{6}Z\.backup", copy.name)
    assert (state(copy), state(database)) == ((1, ["anna"]), (sql.newest(), ["anna"]))
    with serve(config) as running:
        assert Visitor().get(f"{running.url}/ready").status == 200
    assert list((tmp_path / "data").glob("*.backup")) == [copy]


def test_maintenance_mode_is_heard_by_all_processes_and_outlives_them(site: SiteFiles) -> None:
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(f"{text}[contacts]\nadministrator = Grace, +49 30 1234\n", encoding="utf-8")
    with serve(site.config, "--workers", "2") as running:
        url = f"{running.url}/book/anna/"
        assert Visitor().get(url).status == 200
        assert run(site.config, "maintenance", "on", "--message", "Back at ten.").returncode == 0
        # Each visitor has a connection of its own, so that both processes answer some.
        for _ in range(8):
            page = Visitor().get(url)
            assert (page.status, "Back at ten." in page.text, "Grace" in page.text) == (503, True, True)
        with calendar_program(running.url) as anna:
            assert len(anna.calendars()) == 2
    with serve(site.config) as running:
        url = f"{running.url}/book/anna/"
        assert Visitor().get(url).status == 503
        assert run(site.config, "maintenance", "off").returncode == 0
        assert Visitor().get(url).status == 200


def older_database(path: Path) -> sqlite3.Connection:
    """A database as the first version of the program left it, of schema 1."""
    connection = sqlite3.connect(path)
    number, name, file = sql.migrations()[0]
    for text in sql.texts(file, "sqlite"):
        connection.executescript(text)
    connection.execute("INSERT INTO schema_migration (number, name, applied_epoch) VALUES (?, ?, 0)", (number, name))
    connection.execute("INSERT INTO collection (path, incarnation, modified_epoch) VALUES ('', 'x', 0)")
    connection.commit()
    return connection


def state(path: Path) -> tuple[int, list[str]]:
    """The schema of a database and the names of its users."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        [schema] = connection.execute("SELECT max(number) FROM schema_migration").fetchone()
        return schema, [name for name, in connection.execute("SELECT name FROM principal")]


def test_a_database_of_a_newer_schema_is_refused_in_one_line(site: SiteFiles) -> None:
    with connected(site.database) as database:
        database.execute("INSERT INTO schema_migration (number, name, applied_epoch) VALUES (9999, 'later', 0)")
    command = [sys.executable, "-m", "radicale_booking", "--config", str(site.config), "serve", "--port", "0"]
    with started(command) as running:
        assert running.process.wait(60) == 1
    assert len(running.lines) == 1
    assert "schema 9999" in running.lines[0]


@sqlite_only
def test_a_site_that_is_made_and_served_by_another_folder_is_the_same(site: SiteFiles, tmp_path: Path) -> None:
    """Whose database is a file, which might be made where the command is typed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with serve(site.config, folder=elsewhere) as running:
        assert "Intro call" in Visitor().get(f"{running.url}/book/anna/").text
    assert not list(elsewhere.iterdir())
