"""What PostgreSQL undoes for another's sake, or because a connection died, is done again where that is safe."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
import pytest

from radicale_booking.store.postgres import PostgresConnection
from tests.dav.conftest import HALF_HOUR, NINE, Site, event, invitation
from tests.postgres import Server
from tests.undone import DEADLOCK, DEATH, SERIALISATION, tries, undo, undo_again

PATH = "/bob/calendar/e.ics"
_NAME = ('<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>Named</D:displayname></D:prop></D:set>'
         "</D:propertyupdate>")
_BUSY_TIME = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:f\r\n"
              f"DTSTAMP:20260101T000000Z\r\nDTSTART:{NINE:%Y%m%dT%H%M%SZ}\r\n"
              f"DTEND:{NINE + HALF_HOUR:%Y%m%dT%H%M%SZ}\r\n"
              "ORGANIZER:mailto:bob@example.org\r\nATTENDEE:mailto:anna@example.org\r\nEND:VFREEBUSY\r\n"
              "END:VCALENDAR\r\n")


@pytest.fixture
def database(postgres_server: Server, postgres_template: str) -> str:
    """One that nobody uses again."""
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    return postgres_server.create(postgres_template)


@pytest.mark.parametrize("how", [DEADLOCK, SERIALISATION, DEATH])
def test_a_request_that_was_undone_is_done_again(site: Site, database: str, how: str) -> None:
    undo(database, 2, how, "item", "collection")
    for method, path, body, headers, status in (
            ("PUT", PATH, event("e", NINE), {"If_None_Match": "*"}, 201),
            ("PUT", "/bob/calendar/meeting.ics", invitation("m", NINE, "bob", "carl", "eve@elsewhere.org"), {}, 201),
            ("MOVE", PATH, "", {"Destination": "http://localhost/bob/calendar/f.ics", "Host": "localhost"}, 201),
            ("DELETE", "/bob/calendar/f.ics", "", {}, 200),
            ("MKCALENDAR", "/bob/more/", "", {}, 201),
            ("PROPPATCH", "/bob/more/", _NAME, {}, 207)):
        undo_again(database)
        answer = site["bob"].request(method, path, body, **headers)
        assert (answer.status, tries(database) > 2) == (status, True), (method, answer.body)
    with psycopg.connect(database) as connection:
        told = connection.execute("SELECT recipient FROM outbox").fetchall()
        stored = connection.execute("SELECT uid FROM item JOIN collection ON collection.id = collection_id"
                                    " WHERE path LIKE '%/calendar' ORDER BY path").fetchall()
    assert told == [("eve@elsewhere.org",)]
    assert stored == [("m",), ("m",)]


def test_the_third_time_it_is_told(site: Site, database: str) -> None:
    undo(database, 100, DEADLOCK, "item")
    answer = site["bob"].request("PUT", PATH, event("e", NINE))
    assert (answer.status, int(answer.headers["retry-after"]) > 0, tries(database)) == (503, True, 3)
    assert site["bob"].request("GET", PATH).status == 404


def test_what_may_have_been_committed_is_not_done_again(site: Site, database: str) -> None:
    undo(database, 1, DEATH, "item", at_commit=True)
    answer = site["bob"].request("PUT", PATH, event("e", NINE))
    assert (answer.status, int(answer.headers["retry-after"]) > 0, tries(database)) == (503, True, 1)


def test_what_a_hook_was_told_is_not_done_again(site: Site, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    application: Any = site["bob"].application
    monkeypatch.setattr(type(application._hook), "enabled", True)
    undo(database, 1, DEADLOCK, "item")
    assert site["bob"].request("PUT", PATH, event("e", NINE)).status == 503
    assert tries(database) == 1


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("GET", PATH, "", 200), ("GET", "/bob/calendar/", "", 200), ("PROPFIND", "/bob/calendar/", "", 207),
    ("REPORT", "/bob/calendar/", '<sync-collection xmlns="DAV:"><sync-token/><prop><getetag/></prop></sync-collection>',
     207),
    ("POST", "/bob/outbox/", _BUSY_TIME, 200)])
def test_a_read_whose_connection_dies_goes_on_with_another(site: Site, monkeypatch: pytest.MonkeyPatch, method: str,
                                                           path: str, body: str, status: int) -> None:
    assert site["bob"].request("PUT", PATH, event("e", NINE)).status == 201
    expected = site["bob"].request(method, path, body, Depth="1")
    run, died = PostgresConnection.run, []

    def dying(self: PostgresConnection, statement: str, parameters: Any) -> Any:
        # What is asked last; what Radicale asks before is another transaction.
        if "item" in statement and len(died) < 2:
            died.append(statement)
            return run(self, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)", {})
        return run(self, statement, parameters)

    monkeypatch.setattr(PostgresConnection, "run", dying)
    answer = site["bob"].request(method, path, body, Depth="1")
    assert (answer.status, len(died)) == (status, 2), died
    assert answer.compared() == expected.compared()
