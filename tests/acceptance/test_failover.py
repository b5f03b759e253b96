"""The database goes while two nodes work on it: nothing acknowledged is lost, and they go on by themselves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg

from tests import postgres
from tests.acceptance.load import Load, ask
from tests.acceptance.server import Running, run, serve
from tests.acceptance.site import SiteFiles, event, make_site, monday
from tests.acceptance.visitor import Visitor
from tests.services.overlaps import overlaps

STARTS = [monday() + number * timedelta(minutes=30) for number in range(60)]


@contextlib.contextmanager
def loaded(site: SiteFiles) -> Iterator[tuple[list[Running], Load]]:
    """Two nodes and who writes to them."""
    with serve(site.config) as one, serve(site.config) as other:
        hours = event("w", "Bookable", monday(), timedelta(hours=30))
        assert ask(one.url, "PUT", "/anna/bookable/w.ics", hours).status == 201
        load = Load([one.url, other.url], "load", STARTS)
        try:
            load.wait_for_more(3)
            yield [one, other], load
        finally:
            load.stop()


def wait_until_refused(load: Load) -> None:
    before = load.refused
    while load.refused < before + 2:
        time.sleep(0.02)


def nothing_is_lost(database: str, nodes: list[Running], load: Load) -> None:
    assert load.refused > 0, "the database was never away"
    assert load.booked
    assert len(load.booked) == len(set(load.booked)), "a time was sold twice"
    assert overlaps(database) == []
    with contextlib.closing(psycopg.connect(database)) as connection:
        stored = {href for (href,) in connection.execute("SELECT href FROM item")}
        live = {start for (start,) in connection.execute(
            "SELECT to_char(to_timestamp(start_epoch) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
            " FROM reservation WHERE status = 'confirmed'")}
    assert {f"{name}.ics" for name in load.kept} - stored == set()
    assert set(load.booked) - live == set()
    for node in nodes:
        assert ask(node.url, "GET", f"/anna/calendar/{load.kept[-1]}.ics").status == 200
        assert Visitor().get(f"{node.url}/book/anna/intro-call/?start={load.booked[-1]}").status == 409
        assert not [line for line in node.lines if "Traceback" in line], node.lines


def test_the_database_is_restarted_under_load(tmp_path: Path) -> None:
    with postgres.server(**postgres.DURABLE) as server:
        site = make_site(tmp_path, server.create())
        with loaded(site) as (nodes, load):
            server.control("stop", "--mode=immediate")
            wait_until_refused(load)
            server.control("start")
            load.wait_for_more(3)
            load.stop()
            nothing_is_lost(site.database, nodes, load)


def test_a_replica_takes_over_under_load(tmp_path: Path) -> None:
    """The primary waits for the replica with each commit, as docs/scaling.md says: else nothing could be promised."""
    with postgres.server(**postgres.DURABLE) as primary, postgres.replica(primary) as replica:
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        database = (f"postgresql:///booking?host={primary.folder},{replica.folder}&user=tests"
                    "&target_session_attrs=read-write")
        primary.execute("CREATE DATABASE booking")
        site = make_site(tmp_path, database)
        with loaded(site) as (nodes, load):
            primary.kill()
            wait_until_refused(load)
            replica.control("promote")
            load.wait_for_more(3)
            load.stop()
            nothing_is_lost(database, nodes, load)
        assert run(site.config, "db", "check").returncode == 0
