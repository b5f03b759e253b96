"""Radicale answers the same whether our storage or its own is behind it, except where a test says why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from radicale.app import Application

from radicale_booking.dav.application import BookingApplication

from . import corpus
from .dav_client import Answer, Client


class Both:
    """The same requests to both servers; every answer must be the same."""

    def __init__(self, theirs: Client, ours: Client) -> None:
        self.theirs, self.ours = theirs, ours

    def request(self, method: str, path: str, body: str | bytes = b"", **headers: Any) -> Answer:
        """Header values may be functions of a client."""
        answers = []
        for client in (self.theirs, self.ours):
            own = {name: value(client) if callable(value) else value for name, value in headers.items()}
            answers.append(client.request(method, path, body, **own))
        assert answers[0].compared() == answers[1].compared(), (method, path, body)
        return answers[1]

    def fill(self) -> None:
        for path in ("/anna/work/", "/anna/none/"):
            assert self.request("MKCALENDAR", path).status == 201
        for href, text in (corpus.EVENTS | corpus.TASKS).items():
            assert self.request("PUT", f"/anna/work/{href}", text).status == 201, href


def etag_of(path: str) -> Callable[[Client], str]:
    return lambda client: client.request("GET", path).headers["etag"]


@pytest.fixture(params=["rows", "generic"])
def both(request: pytest.FixtureRequest, theirs: Application, make_ours: Callable[..., BookingApplication]) -> Both:
    return Both(Client(theirs), Client(make_ours(listing=request.param == "rows")))


def test_items_live_and_die(both: Both) -> None:
    both.fill()
    for href, text in (corpus.EVENTS | corpus.TASKS).items():
        answer = both.request("GET", f"/anna/work/{href}")
        assert answer.status == 200
        assert answer.body
        assert both.request("HEAD", f"/anna/work/{href}").body == b""
        assert both.request("PUT", f"/anna/work/{href}", text).status == 204
        assert both.request("DELETE", f"/anna/work/{href}").status == 200
        assert both.request("DELETE", f"/anna/work/{href}").status == 404
        assert both.request("GET", f"/anna/work/{href}").status == 404
    assert len(both.request("PROPFIND", "/anna/work/", corpus.propfind("<D:getetag/>"), Depth="1").xml) == 1


def test_preconditions(both: Both) -> None:
    both.request("MKCALENDAR", "/anna/work/")
    path, text = "/anna/work/a.ics", corpus.EVENTS["plain.ics"]
    assert both.request("PUT", path, text, If_Match='"no"').status == 412
    assert both.request("PUT", path, text, If_None_Match="*").status == 201
    assert both.request("PUT", path, text, If_None_Match="*").status == 412
    assert both.request("PUT", path, text, If_Match='"no"').status == 412
    assert both.request("PUT", path, text, If_Match=etag_of(path)).status == 204
    assert both.request("PUT", path, text, If_Match="*").status == 204
    assert both.request("PUT", "/anna/work/b.ics", text).status == 409
    assert both.request("DELETE", path, If_Match='"no"').status == 412
    assert both.request("DELETE", path, If_Match=etag_of(path)).status == 200


@pytest.mark.parametrize("body", [
    "", "nonsense", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", corpus.EVENTS["plain.ics"][:60],
    corpus.CARDS["one.vcf"], corpus.EVENTS["plain.ics"] + corpus.EVENTS["day.ics"],
    corpus.vevent("a", "DTSTART:nonsense\n"), corpus.vevent("a", "SUMMARY:no start\n"), b"\xff\xfe\x00",
])
def test_bad_objects(both: Both, body: str | bytes) -> None:
    both.request("MKCALENDAR", "/anna/work/")
    both.request("PUT", "/anna/work/a.ics", body)
    both.request("GET", "/anna/work/a.ics")
    both.request("PUT", "/anna/nowhere/a.ics", corpus.EVENTS["plain.ics"])
    both.request("PROPFIND", "/anna/work/", corpus.propfind("<D:getetag/>"), Depth="1")


def test_collections(both: Both) -> None:
    assert both.request("PROPFIND", "/anna/", Depth="1").status == 207
    both.request("MKCALENDAR", "/anna/work/", (
        '<C:mkcalendar xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:set><D:prop><D:displayname>Wörk'
        "</D:displayname><C:calendar-description>x &amp; y</C:calendar-description></D:prop></D:set></C:mkcalendar>"))
    assert both.request("MKCALENDAR", "/anna/work/").status == 409
    assert both.ours.request("MKCALENDAR", "/anna/no/where/").status == 409
    both.request("MKCOL", "/anna/plain/")
    both.request("MKCOL", "/anna/people/", (
        '<create xmlns="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/>'
        "<CR:addressbook/></resourcetype><displayname>P</displayname></prop></set></create>"))
    for href, text in corpus.CARDS.items():
        assert both.request("PUT", f"/anna/people/{href}", text).status == 201
    for path in ("/", "/anna/", "/anna/work/", "/anna/people/", "/anna/people/one.vcf", "/anna/plain/", "/bob/"):
        for body in corpus.FINDS:
            for depth in ("0", "1"):
                both.request("PROPFIND", path, body, Depth=depth)
        both.request("GET", path)
    assert both.request("DELETE", "/anna/work/").status == 200
    assert both.request("PROPFIND", "/anna/work/").status == 404
    both.request("DELETE", "/anna/")
    both.request("PROPFIND", "/anna/", Depth="1")


def test_properties(both: Both) -> None:
    both.request("MKCALENDAR", "/anna/work/")
    patch = ('<D:propertyupdate xmlns:D="DAV:" xmlns:X="urn:x" xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>'
             "<D:displayname>New &lt;name&gt;</D:displayname><A:calendar-color>#ff0000</A:calendar-color>"
             "<X:dead>value</X:dead></D:prop></D:set></D:propertyupdate>")
    assert both.request("PROPPATCH", "/anna/work/", patch).status == 207
    find = ('<D:propfind xmlns:D="DAV:" xmlns:X="urn:x" xmlns:A="http://apple.com/ns/ical/"><D:prop><D:displayname/>'
            "<A:calendar-color/><X:dead/></D:prop></D:propfind>")
    assert b"New &lt;name&gt;" in both.request("PROPFIND", "/anna/work/", find).body
    both.request("PROPPATCH", "/anna/work/", (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:X="urn:x"><D:remove><D:prop><X:dead/><D:displayname/></D:prop>'
        "</D:remove></D:propertyupdate>"))
    both.request("PROPFIND", "/anna/work/", find)
    both.request("PROPPATCH", "/anna/nowhere/", patch)
    both.request("PROPPATCH", "/anna/work/", "<broken")


def test_whole_collections(both: Both) -> None:
    whole = "".join(["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nX-WR-CALNAME:Whole\r\n",
                     *(text.split("PRODID:-//test//EN\r\n")[1].removesuffix("END:VCALENDAR\r\n")
                       for text in corpus.EVENTS.values()), "END:VCALENDAR\r\n"])
    assert both.request("PUT", "/anna/whole/", whole, Content_Type="text/calendar").status == 201
    first = both.request("PROPFIND", "/anna/whole/", corpus.propfind("<D:getetag/>"), Depth="1")
    assert len(first.xml) == 1 + len(corpus.EVENTS)
    both.request("GET", "/anna/whole/")
    both.request("PUT", "/anna/whole/", corpus.EVENTS["plain.ics"], Content_Type="text/calendar")
    second = both.request("PROPFIND", "/anna/whole/", corpus.propfind("<D:getetag/><D:displayname/>"), Depth="1")
    assert len(second.xml) == 2
    cards = "".join(corpus.CARDS.values())
    assert both.request("PUT", "/anna/cards/", cards, Content_Type="text/vcard").status == 201
    both.request("PROPFIND", "/anna/cards/", corpus.propfind("<D:getetag/>"), Depth="1")
    both.request("GET", "/anna/cards/")


def test_moves(both: Both) -> None:
    both.fill()
    both.request("MKCALENDAR", "/anna/other/")
    base = {"HOST": "localhost"}

    def move(source: str, target: str, **headers: str) -> int:
        return both.request("MOVE", source, Destination=f"http://localhost{quote(target)}", **base, **headers).status

    assert move("/anna/work/plain.ics", "/anna/other/plain.ics") == 201
    assert move("/anna/work/plain.ics", "/anna/other/plain.ics") == 404
    assert move("/anna/work/day.ics", "/anna/work/day 2.ics") == 201
    assert move("/anna/work/day 2.ics", "/anna/work/days.ics", Overwrite="F") == 412
    move("/anna/work/day 2.ics", "/anna/work/days.ics", Overwrite="T")
    move("/anna/work/weekly.ics", "/anna/nowhere/weekly.ics")
    move("/anna/work/weekly.ics", "/bob/work/weekly.ics")
    for path in ("/anna/work/", "/anna/other/"):
        both.request("PROPFIND", path, corpus.propfind("<D:getetag/>"), Depth="1")


def test_reports(both: Both) -> None:
    both.fill()
    for start, end in corpus.RANGES:
        inner = f'<C:comp-filter name="VEVENT">{corpus.time_range(start, end)}</C:comp-filter>'
        both.request("REPORT", "/anna/work/", corpus.query("<D:getetag/><C:calendar-data/>", inner), Depth="1")
        for kind in ("VTODO", "VJOURNAL"):
            inner = f'<C:comp-filter name="{kind}">{corpus.time_range(start, end)}</C:comp-filter>'
            both.request("REPORT", "/anna/work/", corpus.query("<D:getetag/>", inner), Depth="1")
    hrefs = [f"/anna/work/{quote(href)}" for href in [*corpus.EVENTS, "missing.ics"]]
    for props in corpus.PROPS:
        both.request("REPORT", "/anna/work/", corpus.multiget(props, hrefs))
    inner = ('<C:comp-filter name="VEVENT"><C:time-range start="20261101T000000Z" end="20261120T000000Z"/>'
             "</C:comp-filter>")
    both.request("REPORT", "/anna/work/plain.ics", corpus.query("<D:getetag/>", inner))


def test_synchronisation(both: Both) -> None:
    both.request("MKCALENDAR", "/anna/work/")
    tokens: dict[int, list[str]] = {}

    def remember() -> None:
        for client in (both.theirs, both.ours):
            tokens.setdefault(id(client), []).append(
                client.request("REPORT", "/anna/work/", corpus.sync("")).token())

    def compare(number: int) -> set[str]:
        answers = [client.request("REPORT", "/anna/work/", corpus.sync(tokens[id(client)][number]))
                   for client in (both.theirs, both.ours)]
        assert answers[0].compared() == answers[1].compared()
        return {str(response[0].text) for response in answers[1].xml if response.tag == "{DAV:}response"}

    remember()
    both.request("PUT", "/anna/work/a.ics", corpus.vevent("a", "DTSTART:20261110T100000Z\n"))
    both.request("PUT", "/anna/work/b.ics", corpus.vevent("b", "DTSTART:20261110T100000Z\n"))
    remember()
    both.request("DELETE", "/anna/work/a.ics")
    both.request("PUT", "/anna/work/b.ics", corpus.vevent("b", "DTSTART:20261110T110000Z\n"))
    remember()
    both.request("PUT", "/anna/work/a.ics", corpus.vevent("a", "DTSTART:20261110T120000Z\n"))
    assert compare(0) == {"/anna/work/a.ics", "/anna/work/b.ics"}
    assert compare(1) == {"/anna/work/a.ics", "/anna/work/b.ics"}
    assert compare(2) == {"/anna/work/a.ics"}
    for token in ("nonsense", "http://radicale.org/ns/sync/1", "http://radicale.org/ns/sync/" + "0" * 64):
        assert both.request("REPORT", "/anna/work/", corpus.sync(token)).status == 403


def test_the_collection_tag_changes_with_every_change_only(both: Both) -> None:
    both.request("MKCALENDAR", "/anna/work/")
    find = corpus.propfind("<CS:getctag/><D:sync-token/>")

    def tags() -> bytes:
        return both.ours.request("PROPFIND", "/anna/work/", find).body

    before = tags()
    assert tags() == before
    both.request("PUT", "/anna/work/a.ics", corpus.vevent("a", "DTSTART:20261110T100000Z\n"))
    after_put = tags()
    both.request("DELETE", "/anna/work/a.ics")
    assert len({before, after_put, tags()}) == 3


def test_other_users_see_nothing(both: Both) -> None:
    both.fill()
    for client in (both.theirs, both.ours):
        client.user = "bob"
    report = corpus.query("<D:getetag/>", '<C:comp-filter name="VEVENT"/>')
    for method in ("GET", "PROPFIND", "REPORT", "PUT", "DELETE", "PROPPATCH", "MKCALENDAR"):
        for path in ("/anna/", "/anna/work/", "/anna/work/plain.ics"):
            if (method, path) != ("REPORT", "/anna/"):
                both.request(method, path, {"PUT": corpus.EVENTS["plain.ics"], "REPORT": report}.get(method, ""))


def test_verify_finds_everything_sound(make_ours: Callable[..., BookingApplication], theirs: Application) -> None:
    application = make_ours()
    Both(Client(theirs), Client(application)).fill()
    assert application._storage.verify()
