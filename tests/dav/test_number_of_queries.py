"""What a request asks the database: as much as it needs, however much there is in the calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest

from radicale_booking import web
from radicale_booking.services import booking
from radicale_booking.services.booking import BookingRequest
from radicale_booking.store import sql
from tests.dav.conftest import HALF_HOUR, NINE, Site, event
from tests.dav.test_done_again import _BUSY_TIME

LISTING = '<propfind xmlns="DAV:"><prop><getetag/><getcontenttype/><resourcetype/></prop></propfind>'


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the queries, as they are asked."""
    asked: list[str] = []
    load = sql.load

    class Noted(dict[str, str]):
        noun = ""

        def __getitem__(self, name: str) -> str:
            asked.append(f"{self.noun}.{name}")
            return super().__getitem__(name)

    def noted(noun: str, engine: str) -> Noted:
        queries = Noted(load(noun, engine))
        queries.noun = noun
        return queries

    monkeypatch.setattr(sql, "load", noted)
    return asked


def test_a_member_is_fetched_with_one_query(site: Site, queries: list[str]) -> None:
    anna = site["anna"]
    assert anna.request("PUT", "/anna/calendar/one.ics", event("one", NINE)).status == 201
    queries.clear()
    assert anna.request("GET", "/anna/calendar/one.ics").status == 200
    assert queries == ["listing.member"]


@pytest.mark.parametrize("members", [1, 30])
def test_a_listing_asks_the_same_of_any_calendar(site: Site, queries: list[str], members: int) -> None:
    anna = site["anna"]
    for number in range(members):
        anna.request("PUT", f"/anna/calendar/{number}.ics", event(str(number), NINE + number * HALF_HOUR))
    queries.clear()
    answer = anna.request("PROPFIND", "/anna/calendar/", LISTING, Depth="1")
    assert answer.status == 207
    assert answer.body.count(b"getetag") >= members
    assert len(queries) <= 12
    assert queries.count("listing.members") == 1


_HOME = ('<propfind xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><displayname/><resourcetype/><owner/>'
         "<sync-token/><C:calendar-home-set/><C:schedule-inbox-URL/><C:schedule-calendar-transp/></prop></propfind>")
_FREE_BUSY = ('<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20260101T000000Z"'
              ' end="20261231T000000Z"/></C:free-busy-query>')


@pytest.mark.parametrize(("method", "path", "body", "depth", "most"), [
    ("PROPFIND", "/", _HOME, "0", 2), ("PROPFIND", "/anna/", _HOME, "0", 4), ("PROPFIND", "/anna/", _HOME, "1", 8),
    ("PROPFIND", "/anna/", "", "1", 12), ("REPORT", "/anna/calendar/", _FREE_BUSY, "1", 6),
    ("POST", "/bob/outbox/", _BUSY_TIME, "", 10)])
def test_what_a_program_begins_with_asks_little(site: Site, queries: list[str], method: str, path: str, body: str,
                                                depth: str, most: int) -> None:
    user = site[path.split("/")[1] or "anna"]
    assert user.request(method, path, body, Depth=depth).status in (200, 207)
    queries.clear()
    user.request(method, path, body, Depth=depth)
    assert len(queries) <= most, " ".join(queries)


@pytest.mark.parametrize(("path", "most"), [
    ("", 3), (f"intro-call/?day={NINE:%Y-%m-%d}", 12), (f"intro-call/?start={NINE:%Y-%m-%dT%H:%M:%SZ}", 12),
    ("intro-call/slots.ics", 10)])
def test_a_page_asks_little(site: Site, queries: list[str], path: str, most: int) -> None:
    hours = event("hours", NINE, length=timedelta(hours=8), summary="Bookable")
    assert site["anna"].request("PUT", "/anna/bookable/hours.ics", hours).status == 201
    client = web.create_app(site.app).test_client()
    assert client.get(f"/book/anna/{path}").status_code == 200
    queries.clear()
    client.get(f"/book/anna/{path}")
    assert len(queries) <= most, " ".join(queries)


def test_who_is_new_has_a_home_after_the_first_request_for_a_collection(site: Site) -> None:
    carl = site["carl"]
    with site.app.store.write() as uow:
        home = uow.collections.get("carl")
        assert home is not None
        for child in uow.collections.children(home):
            uow.collections.remove(child)
        uow.collections.remove(home)
    for method in ("GET", "PUT", "DELETE"):
        body = event("early", NINE) if method == "PUT" else ""
        assert carl.request(method, "/carl/calendar/early.ics", body).status in (404, 409), method
    with site.app.store.read() as uow:
        assert uow.collections.get("carl") is None
    assert carl.request("PROPFIND", "/carl/", Depth="0").status == 207
    with site.app.store.read() as uow:
        assert uow.collections.get("carl") is not None


@pytest.mark.parametrize("before", [0, 12])
def test_a_booking_asks_the_same_however_many_there_are(site: Site, queries: list[str], before: int) -> None:
    hours = event("hours", NINE, length=timedelta(hours=8), summary="Bookable")
    assert site["anna"].request("PUT", "/anna/bookable/hours.ics", hours).status == 201
    for number in range(before):
        booking.reserve(site.app, BookingRequest("anna", "intro-call", NINE + (number + 1) * HALF_HOUR, "Eve",
                                                 f"eve{number}@example.org"))
    queries.clear()
    booking.reserve(site.app, BookingRequest("anna", "intro-call", NINE, "Bob", "bob@example.net"))
    assert len(queries) <= 30, queries
