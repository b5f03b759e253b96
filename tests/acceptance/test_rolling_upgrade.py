"""Nodes are upgraded one after another: the old program goes on beside a newer one whose migration only adds, and that
one beside the next, which takes away what both have no use for."""

from __future__ import annotations

import contextlib
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from radicale_booking.store import sql
from tests.acceptance.load import Load, ask
from tests.acceptance.server import run, serve
from tests.acceptance.site import SiteFiles, event, make_site, monday
from tests.acceptance.visitor import Visitor
from tests.postgres import Server
from tests.services.overlaps import live_count, overlaps

CHECKOUT = Path(__file__).parents[2]
NEXT = sql.newest() + 1
STARTS = [monday() + number * timedelta(minutes=30) for number in range(12)]
_ADDS = """ALTER TABLE reservation ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';
CREATE TABLE colour (name TEXT PRIMARY KEY);
CREATE INDEX reservation_colour ON reservation (colour);
"""
_TAKES_AWAY = "ALTER TABLE reservation DROP COLUMN colour; DROP TABLE colour;"


def newer(folder: Path, *migrations: tuple[str, str]) -> Path:
    """A folder with this program and more migrations, names and texts, for Python to start in."""
    program = folder / f"newer-{migrations[-1][0]}" / "radicale_booking"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "radicale_booking", program, ignore=ignored)
    for part in ("config", "plugins", "storage"):
        shutil.copytree(CHECKOUT / part, program / part, ignore=ignored)
    for number, (name, text) in enumerate(migrations, NEXT):
        (program / "storage" / "migrations" / f"{number:04}_{name}.sql").write_text(text, encoding="utf-8")
    return program.parent


@pytest.fixture
def site(tmp_path: Path, postgres_server: Server, postgres_template: str) -> SiteFiles:
    return make_site(tmp_path, postgres_server.create(postgres_template))


def test_each_version_serves_beside_the_next_while_it_adds_and_takes_away(site: SiteFiles, tmp_path: Path) -> None:
    adds, takes_away = ("expand_colour", _ADDS), (f"contract_{NEXT:04}_colour", _TAKES_AWAY)
    with contextlib.ExitStack() as serving:
        old_until = serving.enter_context(contextlib.ExitStack())
        old = old_until.enter_context(serve(site.config))
        hours = event("w", "Bookable", monday(), timedelta(hours=8))
        assert ask(old.url, "PUT", "/anna/bookable/w.ics", hours).status == 201
        loads = [Load([old.url], "old", STARTS[:4])]
        loads[0].wait_for_more(3)
        new = serving.enter_context(serve(site.config, folder=newer(tmp_path, adds)))
        loads.append(Load([new.url], "new", STARTS[4:8]))
        # An old node that starts now, after its machine was restarted.
        late = old_until.enter_context(serve(site.config))
        assert ask(late.url, "PUT", "/anna/calendar/late.ics",
                   event("late", "Late", STARTS[-1] + timedelta(hours=4), timedelta(hours=1))).status == 201
        for load in loads:
            load.wait_for_more(3)
        assert colours(site.database) == {"blue"}
        loads[0].stop()
        old_until.close()
        last = serving.enter_context(serve(site.config, folder=newer(tmp_path, adds, takes_away)))
        loads.append(Load([last.url], "last", STARTS[8:]))
        for load in loads[1:]:
            load.wait_for_more(3)
            load.stop()
        for node in (new, last):
            assert Visitor().get(f"{node.url}/ready").status == 200
            for name in ("late", *(load.kept[-1] for load in loads)):
                assert ask(node.url, "GET", f"/anna/calendar/{name}.ics").status == 200
            for load in loads:
                assert Visitor().get(f"{node.url}/book/anna/intro-call/?start={load.booked[0]}").status == 409
        lines = [line for node in (old, late, new, last) for line in node.lines]
    assert not [line for line in lines if "Traceback" in line], lines
    assert sum(load.refused for load in loads) == 0
    booked = [start for load in loads for start in load.booked]
    assert live_count(site.database) == len(set(booked)) == len(booked)
    assert overlaps(site.database) == []
    refused = run(site.config, "serve", "--host", "127.0.0.1", "--port", "0")
    assert f"the database has schema {NEXT + 1}" in refused.stderr


def colours(database: str) -> set[str]:
    with closing(psycopg.connect(database)) as connection:
        return {colour for (colour,) in connection.execute("SELECT DISTINCT colour FROM reservation")}


def test_an_old_program_does_not_start_after_any_other_migration(site: SiteFiles, tmp_path: Path) -> None:
    program = newer(tmp_path, ("drop", "DROP INDEX outbox_due;"))
    done = run(site.config, "db", "migrate", "--no-copy", folder=program)
    assert done.returncode == 0, done.stderr
    refused = run(site.config, "serve", "--host", "127.0.0.1", "--port", "0")
    assert refused.returncode != 0
    assert f"the database has schema {NEXT}" in refused.stderr
