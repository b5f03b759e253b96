"""Two nodes behind a PgBouncer in transaction mode: each transaction may have another connection."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from tests import postgres
from tests.acceptance.load import Load, ask
from tests.acceptance.server import run, serve
from tests.acceptance.site import SiteFiles, event, make_site, monday
from tests.acceptance.test_mail import queue_mails
from tests.acceptance.visitor import Visitor
from tests.services.overlaps import live_count, overlaps
from tests.smtp_server import smtp_server

#: Fewer than the nodes ask for at once, so that they take each other's.
CONNECTIONS = 3
STARTS = [monday() + number * timedelta(minutes=30) for number in range(8)]


@pytest.fixture
def site(tmp_path: Path, postgres_server: postgres.Server, postgres_template: str) -> Iterator[SiteFiles]:
    """On a database that is reached through PgBouncer only."""
    direct = postgres_server.create(postgres_template)
    with postgres.bouncer(postgres_server, CONNECTIONS) as folder:
        yield make_site(tmp_path, direct.replace(str(postgres_server.folder), str(folder)))


def test_all_goes_on_behind_a_pooler(site: SiteFiles, tmp_path: Path) -> None:
    with smtp_server(tmp_path / "smtp") as smtp, contextlib.ExitStack() as stack:
        smtp.behave(delay=0.05)
        with site.config.open("a", encoding="utf-8") as config:
            config.write(f"[mail]\nhost = 127.0.0.1\nport = {smtp.port}\nsecurity = none\n"
                         "sender = booking@example.net\n")
        nodes = [stack.enter_context(serve(site.config)) for _ in range(2)]
        urls = [node.url for node in nodes]
        hours = event("w", "Bookable", monday(), timedelta(hours=8))
        assert ask(urls[0], "PUT", "/anna/bookable/w.ics", hours).status == 201
        assert ask(urls[1], "GET", "/anna/bookable/w.ics").text == ask(urls[0], "GET", "/anna/bookable/w.ics").text
        load = Load(urls, "load", STARTS)
        load.wait_for_more(10)
        load.stop()
        assert (load.refused, overlaps(site.database)) == (0, [])
        assert len(load.booked) == len(set(load.booked)) == live_count(site.database)
        assert Visitor().get(f"{urls[1]}/book/anna/intro-call/?start={load.booked[0]}").status == 409
        for name in load.kept:
            assert ask(urls[0], "GET", f"/anna/calendar/{name}.ics").status == 200
        assert not [line for node in nodes for line in node.lines if "Traceback" in line]


def test_two_workers_send_each_mail_once_behind_a_pooler(site: SiteFiles, tmp_path: Path) -> None:
    queue_mails(site, 20)
    wanted = sorted(f"p{number}@example.org" for number in range(20))
    with smtp_server(tmp_path / "smtp") as smtp:
        smtp.behave(delay=0.05)
        with site.config.open("a", encoding="utf-8") as config:
            config.write(f"[mail]\nhost = 127.0.0.1\nport = {smtp.port}\nsecurity = none\n"
                         "sender = booking@example.net\n")
        with (serve(site.config), serve(site.config),
              # What is prepared stays with one of the pooler's connections.
              psycopg.connect(site.database, autocommit=True, prepare_threshold=None) as database):
            deadline = time.monotonic() + 60
            while database.execute("SELECT 1 FROM outbox WHERE status = 'queued' AND due_epoch < 4e9").fetchone():
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert sorted(taken.recipient for taken in smtp.taken()) == wanted


def test_a_backup_through_a_pooler_is_refused(site: SiteFiles, tmp_path: Path,
                                              postgres_server: postgres.Server) -> None:
    refused = run(site.config, "backup", "create")
    assert refused.returncode != 0
    assert "PostgreSQL's own address" in refused.stderr
    direct = tmp_path / "direct.ini"
    direct.write_text(site.config.read_text(encoding="utf-8").replace(
        str(postgres_server.folder / "bouncer"), str(postgres_server.folder)), encoding="utf-8")
    done = run(direct, "backup", "create")
    assert done.returncode == 0, done.stderr
