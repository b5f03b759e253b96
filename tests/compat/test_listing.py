"""Answers written from rows are those of Radicale's generic code, for every object and request of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from radicale_booking.dav import listing
from radicale_booking.dav.application import BookingApplication

from . import corpus
from .dav_client import Answer, Client

Pair = tuple[Client, Client]


@pytest.fixture
def pair(make_ours: Callable[..., BookingApplication]) -> Pair:
    """The same database behind the answers from rows, and behind the generic ones."""
    quick, generic = Client(make_ours()), Client(make_ours(listing=False))
    assert quick.request("MKCALENDAR", "/anna/work/").status == 201
    assert quick.request("MKCALENDAR", "/anna/none/").status == 201
    for href, text in (corpus.EVENTS | corpus.TASKS).items():
        assert quick.request("PUT", f"/anna/work/{href}", text).status == 201, href
    book = ('<create xmlns="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/>'
            "<CR:addressbook/></resourcetype></prop></set></create>")
    assert quick.request("MKCOL", "/anna/people/", book).status == 201
    for href, text in corpus.CARDS.items():
        assert quick.request("PUT", f"/anna/people/{href}", text).status == 201, href
    return quick, generic


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each listing request was answered from rows."""
    notes: list[bool] = []
    for name in ("propfind", "report"):
        original = getattr(listing, name)

        def noting(request: listing.Request, original: Callable[..., object] = original) -> object:
            answer = original(request)
            notes.append(answer is not None)
            return answer

        monkeypatch.setattr(listing, name, noting)
    return notes


def same(pair: Pair, method: str, path: str, body: str, **headers: str) -> Answer:
    quick, generic = (client.request(method, path, body, **headers) for client in pair)
    assert quick.compared() == generic.compared(), (method, path, body)
    return quick


def test_propfind_of_depth_1(pair: Pair, taken: list[bool]) -> None:
    for path in ("/anna/work/", "/anna/none/", "/anna/people/"):
        for body in corpus.FINDS:
            answer = same(pair, "PROPFIND", path, body, Depth="1")
            assert answer.status == 207
    assert all(taken)
    assert len(taken) == 3 * len(corpus.FINDS)


def test_calendar_query_by_time(pair: Pair, taken: list[bool]) -> None:
    matched = set()
    for start, end in corpus.RANGES:
        for props in corpus.PROPS:
            body = corpus.query(props, f'<C:comp-filter name="VEVENT">{corpus.time_range(start, end)}</C:comp-filter>')
            answer = same(pair, "REPORT", "/anna/work/", body, Depth="1")
            matched.add(len(answer.xml))
    assert taken.count(True) >= len(taken) * 3 // 4
    assert len(matched) > 5


@pytest.mark.parametrize("inner", [
    '<C:comp-filter name="VEVENT"/>', '<C:comp-filter name="VTODO"/>', '<C:comp-filter name="VJOURNAL"/>', "",
    '<C:comp-filter name="VTODO"><C:time-range start="20261101T000000Z" end="20261201T000000Z"/></C:comp-filter>',
    '<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match>plain</C:text-match></C:prop-filter>'
    "</C:comp-filter>",
    '<C:comp-filter name="VEVENT"><C:is-not-defined/></C:comp-filter>',
    '<C:comp-filter name="VALARM"/>',
])
def test_calendar_query_of_other_shapes(pair: Pair, inner: str) -> None:
    for props in corpus.PROPS:
        same(pair, "REPORT", "/anna/work/", corpus.query(props, inner), Depth="1")


_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"


def test_expansion(pair: Pair) -> None:
    """RFC 4791 §9.6.5: what was moved out of the time is left out, RDATE is expanded, and days stay days."""
    props = '<C:calendar-data><C:expand start="20261101T000000Z" end="20261120T000000Z"/></C:calendar-data>'
    inner = f'<C:comp-filter name="VEVENT">{corpus.time_range("20261101T000000Z", "20261120T000000Z")}</C:comp-filter>'
    quick, generic = ({one[0].text: one.findtext(f".//{_DATA}") or "" for one in client.request(
        "REPORT", "/anna/work/", corpus.query(props, inner), Depth="1").xml} for client in pair)
    assert quick == generic
    assert "RECURRENCE-ID:20261107T080000Z" in quick["/anna/work/moved.ics"]
    assert "20261120" not in quick["/anna/work/moved.ics"]
    assert "DTSTART:20261119T120000Z" in quick["/anna/work/rdate.ics"]
    assert "RECURRENCE-ID;VALUE=DATE:20261115" in quick["/anna/work/yearly.ics"]


def test_multiget(pair: Pair) -> None:
    hrefs = [f"/anna/work/{quote(href)}" for href in [*corpus.EVENTS, "missing.ics", "todo.ics"]]
    for props in corpus.PROPS:
        for wanted in (hrefs, hrefs[:1], ["/anna/elsewhere/a.ics"], ["/anna/work/"], []):
            same(pair, "REPORT", "/anna/work/", corpus.multiget(props, wanted), Depth="1")
    cards = [f"/anna/people/{href}" for href in corpus.CARDS]
    for kind in ("CR:addressbook-multiget", "C:calendar-multiget"):
        same(pair, "REPORT", "/anna/people/",
             corpus.multiget("<D:getetag/><CR:address-data/>", cards, kind), Depth="1")


def test_sync_from_the_start_and_after_changes(pair: Pair) -> None:
    quick, _ = pair
    token = same(pair, "REPORT", "/anna/work/", corpus.sync("")).token()
    same(pair, "REPORT", "/anna/work/", corpus.sync("", "<D:getetag/><C:calendar-data/>"))
    quick.request("PUT", "/anna/work/plain.ics", corpus.vevent("plain", "DTSTART:20261110T100000Z\nDURATION:PT1H\n"))
    quick.request("DELETE", "/anna/work/day.ics")
    quick.request("PUT", "/anna/work/new.ics", corpus.vevent("new", "DTSTART:20261110T100000Z\nDURATION:PT1H\n"))
    answer = same(pair, "REPORT", "/anna/work/", corpus.sync(token))
    assert {response[0].text for response in answer.xml if response.tag == "{DAV:}response"} == {
        "/anna/work/plain.ics", "/anna/work/day.ics", "/anna/work/new.ics"}
    assert len(same(pair, "REPORT", "/anna/work/", corpus.sync(answer.token())).xml) == 1
    same(pair, "REPORT", "/anna/work/", corpus.sync("http://radicale.org/ns/sync/of-another-server"))
    same(pair, "REPORT", "/anna/work/", corpus.sync("nonsense"))


def test_what_is_not_allowed_or_not_there(pair: Pair) -> None:
    for path in ("/bob/work/", "/anna/nowhere/", "/anna/"):
        same(pair, "PROPFIND", path, corpus.propfind("<D:getetag/>"), Depth="1")
        same(pair, "REPORT", path, corpus.sync(""))
    same(pair, "PROPFIND", "/anna/work/plain.ics", corpus.propfind("<D:getetag/>"), Depth="1")
    # Radicale itself answers with the object.
    assert pair[0].request("REPORT", "/anna/work/plain.ics", corpus.sync("")).status == 403
    same(pair, "REPORT", "/anna/work/", "<broken")
    same(pair, "PROPFIND", "/anna/work/", "<broken", Depth="1")


@pytest.mark.parametrize("body", ["<a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_body_that_asks_nothing_is_a_bad_request(pair: Pair, body: str) -> None:
    """Radicale itself answers 500."""
    assert pair[0].request("PROPFIND", "/anna/work/", body, Depth="1").status == 400


def test_free_busy(pair: Pair) -> None:
    """RFC 4791 §7.10: ours leaves out free time and events without length.

    Radicale's own lists cancelled events as FBTYPE=FREE and gives a moment's event a second.
    """
    faults = {"FREEBUSY;FBTYPE=BUSY:20261112T100000Z/20261112T100001Z",
              "FREEBUSY;FBTYPE=BUSY:20261112T120000Z/20261112T120001Z"}
    for start, end in corpus.RANGES:
        if start and end:
            quick, generic = (client.request("REPORT", "/anna/work/", corpus.free_busy(start, end)) for client in pair)
            assert quick.status == generic.status == 200
            assert periods(quick) == {
                line for line in periods(generic) - faults if "FBTYPE=FREE" not in line}


def periods(answer: Answer) -> set[str]:
    return {line for line in answer.body.decode().splitlines() if line.startswith("FREEBUSY")}
