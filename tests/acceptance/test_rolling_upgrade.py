"""Nodes are upgraded one after another: the old program goes on beside a newer one whose migration only adds."""

from __future__ import annotations

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


def newer(folder: Path, migration: str, text: str) -> Path:
    """A folder with this program and one more migration, for Python to start in."""
    program = folder / f"newer-{migration}" / "radicale_booking"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "radicale_booking", program, ignore=ignored)
    for part in ("config", "plugins", "storage"):
        shutil.copytree(CHECKOUT / part, program / part, ignore=ignored)
    (program / "storage" / "migrations" / f"{NEXT:04}_{migration}.sql").write_text(text, encoding="utf-8")
    return program.parent


@pytest.fixture
def site(tmp_path: Path, postgres_server: Server, postgres_template: str) -> SiteFiles:
    return make_site(tmp_path, postgres_server.create(postgres_template))


def test_old_and_new_serve_together_after_a_migration_that_adds(site: SiteFiles, tmp_path: Path) -> None:
    with serve(site.config) as old:
        hours = event("w", "Bookable", monday(), timedelta(hours=8))
        assert ask(old.url, "PUT", "/anna/bookable/w.ics", hours).status == 201
        load = Load([old.url], "old", STARTS[:6])
        load.wait_for_more(3)
        with serve(site.config, folder=newer(tmp_path, "expand_colour", _ADDS)) as new:
            load.wait_for_more(3)
            load.stop()
            later = Load([new.url], "new", STARTS[6:])
            later.wait_for_more(3)
            # An old node that starts now, after its machine was restarted.
            with serve(site.config) as late:
                later.stop()
                assert Visitor().get(f"{late.url}/ready").status == 200
                assert ask(late.url, "PUT", "/anna/calendar/late.ics",
                           event("late", "Late", STARTS[-1] + timedelta(hours=4), timedelta(hours=1))).status == 201
                for node in (old, new, late):
                    for name in (load.kept[-1], later.kept[-1], "late"):
                        assert ask(node.url, "GET", f"/anna/calendar/{name}.ics").status == 200
                    for start in (load.booked[0], later.booked[0]):
                        assert Visitor().get(f"{node.url}/book/anna/intro-call/?start={start}").status == 409
                lines = [*old.lines, *new.lines, *late.lines]
    assert not [line for line in lines if "Traceback" in line], lines
    assert live_count(site.database) == len({*load.booked, *later.booked}) == len(load.booked) + len(later.booked)
    assert overlaps(site.database) == []
    with closing(psycopg.connect(site.database)) as database:
        assert set(database.execute("SELECT DISTINCT colour FROM reservation")) == {("blue",)}


def test_an_old_program_does_not_start_after_any_other_migration(site: SiteFiles, tmp_path: Path) -> None:
    program = newer(tmp_path, "drop", "DROP INDEX outbox_due;")
    done = run(site.config, "db", "migrate", "--no-copy", folder=program)
    assert done.returncode == 0, done.stderr
    refused = run(site.config, "serve", "--host", "127.0.0.1", "--port", "0")
    assert refused.returncode != 0
    assert f"the database has schema {NEXT}" in refused.stderr
