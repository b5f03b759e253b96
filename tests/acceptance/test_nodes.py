"""Three nodes, real ``serve`` processes, on one PostgreSQL: they act as one server, and one of them may die."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import pytest

from tests import postgres
from tests.acceptance.load import Load, ask
from tests.acceptance.server import Running, serve
from tests.acceptance.site import SiteFiles, event, make_site, monday, shown
from tests.acceptance.test_mail import queue_mails
from tests.acceptance.test_races import PROCESSES, THREADS, invitees, send_all
from tests.acceptance.visitor import Visitor
from tests.services.overlaps import live_count, overlaps
from tests.smtp_server import SmtpServer, smtp_server

HALF_HOUR = timedelta(minutes=30)
HOURS = 12
_SYNC = ('<D:sync-collection xmlns:D="DAV:"><D:sync-token>{}</D:sync-token><D:sync-level>1</D:sync-level>'
         "<D:prop><D:getetag/></D:prop></D:sync-collection>")
_LISTING = ('<D:propfind xmlns:D="DAV:" xmlns:C="http://calendarserver.org/ns/"><D:prop><D:getetag/><C:getctag/>'
            "<D:sync-token/></D:prop></D:propfind>")


@dataclass(frozen=True)
class Cluster:
    site: SiteFiles
    nodes: list[Running]
    smtp: SmtpServer

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server,
            postgres_template: str) -> Iterator[Cluster]:
    """Three nodes; anna is bookable on a Monday from 9, for twelve hours."""
    folder = tmp_path_factory.mktemp("cluster")
    site = make_site(folder, postgres_server.create(postgres_template))
    with contextlib.ExitStack() as stack:
        smtp = stack.enter_context(smtp_server(folder / "smtp"))
        with site.config.open("a", encoding="utf-8") as config:
            config.write(f"[mail]\nhost = 127.0.0.1\nport = {smtp.port}\nsecurity = none\n"
                         "sender = booking@example.net\n")
        nodes = [stack.enter_context(serve(site.config)) for _ in range(3)]
        hours = event("w", "Bookable", monday(), timedelta(hours=HOURS))
        assert ask(nodes[0].url, "PUT", "/anna/bookable/w.ics", hours).status == 201
        yield Cluster(site, nodes, smtp)


@pytest.mark.parametrize(("count", "start"), [(2, monday() + HALF_HOUR), (3, monday() + 3 * HALF_HOUR)])
def test_invitees_of_several_nodes_get_one_slot_once(cluster: Cluster, count: int, start: datetime) -> None:
    before = live_count(cluster.site.database)
    with invitees(cluster.urls[:count], shown(start)) as processes:
        outcomes = [(status, outcome) for status, outcome, _ in send_all(processes)]
    assert outcomes.count((200, "booked")) == 1
    assert outcomes.count((409, "taken")) == PROCESSES * THREADS - 1
    assert (live_count(cluster.site.database), overlaps(cluster.site.database)) == (before + 1, [])


def test_a_form_of_one_node_is_taken_by_another(cluster: Cluster) -> None:
    first, second, third = cluster.urls
    visitor = Visitor()
    action, values = visitor.get(f"{first}/book/anna/intro-call/?start={shown(monday() + 2 * HALF_HOUR)}").form()
    booked = visitor.post(action.replace(first, second), values | {"name": "Charles", "email": "c@example.org"})
    assert booked.status == 200
    assert Visitor().get(booked.url.replace(second, third)).text.count("Charles") > 0


def test_workers_of_all_nodes_send_each_mail_once(cluster: Cluster) -> None:
    before = len(cluster.smtp.taken())
    cluster.smtp.behave(delay=0.1)
    queue_mails(cluster.site, 60)
    wanted = {f"p{number}@example.org" for number in range(60)}
    deadline = time.monotonic() + 60
    while not wanted <= {taken.recipient for taken in cluster.smtp.taken()[before:]}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with contextlib.closing(psycopg.connect(cluster.site.database, autocommit=True)) as database:
        while database.execute("SELECT 1 FROM outbox WHERE status = 'queued' AND due_epoch < 4e9").fetchone():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    taken = [found for found in cluster.smtp.taken() if found.recipient in wanted]
    assert sorted(found.recipient for found in taken) == sorted(wanted)
    assert len({found.session for found in taken}) > 1, "only one of the workers has sent anything"
    cluster.smtp.behave()


def sync(url: str, token: str) -> tuple[str, dict[str, str | None]]:
    """The new token, and what has changed since: path -> ETag, None where it is gone."""
    answer = ask(url, "REPORT", "/anna/calendar/", _SYNC.format(token))
    assert answer.status == 207, answer.text
    return token_of(answer.text), etags(answer.text)


def etags(multistatus: str) -> dict[str, str | None]:
    """Path -> ETag, None where there is none, of the events in the answer."""
    return {response.findtext("{DAV:}href", ""): response.findtext(".//{DAV:}getetag")
            for response in ET.fromstring(multistatus).iter("{DAV:}response")
            if response.findtext("{DAV:}href", "").endswith(".ics")}


def token_of(multistatus: str) -> str:
    return ET.fromstring(multistatus).findtext(".//{DAV:}sync-token", "")


def test_nodes_agree_on_etags_and_sync_tokens_while_all_of_them_write(cluster: Cluster) -> None:
    """A program that syncs with another node each time has in the end what everybody lists."""
    token, known = sync(cluster.urls[0], "")
    load = Load(cluster.urls, prefix="sync")
    for turn in range(12):
        token, changes = sync(cluster.urls[turn % 3], token)
        known |= changes
    load.wait_for_more(3)
    load.stop()
    token, changes = sync(cluster.urls[1], token)
    known |= changes
    listings = [ask(url, "PROPFIND", "/anna/calendar/", _LISTING, {"Depth": "1"}).text for url in cluster.urls]
    assert listings[0] == listings[1] == listings[2]
    assert token_of(listings[0]) == token
    members = etags(listings[0])
    assert {path: etag for path, etag in known.items() if etag is not None} == members
    assert {f"/anna/calendar/{name}.ics" for name in load.kept} <= members.keys()
    assert load.refused == 0


def test_a_node_that_is_killed_amid_a_booking_leaves_nothing_and_holds_nobody_up(cluster: Cluster) -> None:
    start = shown(monday() + 8 * HALF_HOUR)
    before = live_count(cluster.site.database)
    with serve(cluster.site.config) as doomed, contextlib.closing(psycopg.connect(cluster.site.database)) as database:
        visitor = Visitor()
        form = visitor.get(f"{doomed.url}/book/anna/intro-call/?start={start}")
        # The booking and its event are written before the mail about it, which has to wait here.
        database.execute("LOCK TABLE outbox IN EXCLUSIVE MODE")
        sender = threading.Thread(target=_send_to_the_doomed, args=(visitor, form))
        sender.start()
        while not database.execute("SELECT 1 FROM pg_locks AS waits JOIN pg_locks AS held ON held.pid = waits.pid"
                                   " AND held.relation = CAST('occupancy' AS regclass)"
                                   " AND held.mode = 'RowExclusiveLock'"
                                   " WHERE NOT waits.granted").fetchone():
            time.sleep(0.02)
        os.killpg(doomed.process.pid, signal.SIGKILL)
        doomed.process.wait()
        sender.join()
        assert live_count(cluster.site.database) == before
        database.rollback()
    again = Visitor()
    form = again.get(f"{cluster.urls[0]}/book/anna/intro-call/?start={start}")
    assert again.submit(form, name="Ada", email="ada@example.org").status == 200
    assert (live_count(cluster.site.database), overlaps(cluster.site.database)) == (before + 1, [])


def _send_to_the_doomed(visitor: Visitor, form: object) -> None:
    with contextlib.suppress(OSError):
        visitor.submit(form, name="Charles", email="charles@example.org")  # type: ignore[arg-type]
