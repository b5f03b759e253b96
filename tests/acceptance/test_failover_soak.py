"""One failover after the other under load: each time the replica takes over, and a new one is made of it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests import postgres
from tests.acceptance.server import run
from tests.acceptance.site import make_site
from tests.acceptance.test_failover import loaded, nothing_is_lost, wait_until_refused

FAILOVERS = 6


@pytest.mark.soak
def test_whoever_takes_over_has_everything(tmp_path: Path) -> None:
    with contextlib.ExitStack() as servers:
        primary = servers.enter_context(postgres.server(**postgres.DURABLE))
        replica = servers.enter_context(postgres.replica(primary))
        # Two places that lead to two servers, whichever these are.
        places = [tmp_path / "one", tmp_path / "other"]
        for place, server in zip(places, (primary, replica), strict=True):
            place.symlink_to(server.folder)
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        primary.execute("CREATE DATABASE booking")
        database = (f"postgresql:///booking?host={places[0]},{places[1]}&user=tests"
                    "&target_session_attrs=read-write")
        site = make_site(tmp_path, database)
        with loaded(site) as (nodes, load):
            for number in range(FAILOVERS):
                load.wait_for_more(3)
                primary.kill()
                wait_until_refused(load)
                replica.control("promote")
                primary, replica = replica, servers.enter_context(postgres.replica(replica))
                places[number % 2].unlink()
                places[number % 2].symlink_to(replica.folder)
                load.wait_for_more(3)
            load.stop()
            nothing_is_lost(database, nodes, load)
        assert run(site.config, "db", "check").returncode == 0
