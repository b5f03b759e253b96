"""Whatever is sent: it is refused by what is wrong with it, never by an error of the server, and nothing is lost."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from radicale_booking.ical import rule_cost
from tests.compat.conftest import no_pages
from tests.compat.dav_client import Client
from tests.dav.conftest import NINE, Site, event, invitation

QUERY = ('<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/><C:calendar-data/>'
         '</prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range '
         'start="20260101T000000Z" end="20400101T000000Z"/></C:comp-filter></C:comp-filter></C:filter>'
         '</C:calendar-query>')
SEARCH = '<principal-match xmlns="DAV:"><self/><prop><displayname/></prop></principal-match>'


def recurring(*lines: str) -> str:
    return event("rule", NINE, *lines)


BROKEN = {
    "an end too many": event("b", NINE, "END:VALARM"),
    "a component that is not closed": event("b", NINE, "BEGIN:VALARM"),
    "a stamp that is none": event("b", NINE).replace("20260101T000000Z", "None"),
    "a stamp that is a period": event("b", NINE).replace("DTSTAMP", "DTSTAMP;VALUE=PERIOD"),
    "an hour that no day has": event("b", NINE).replace("20260101T000000Z", "20260101T250000Z"),
    "a line without a colon": event("b", NINE, "NONSENSE"),
    "a day among instants": recurring("RRULE:FREQ=DAILY;COUNT=3", "EXDATE:10000101"),
    "deep": "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 3_000,
}


def test_an_object_that_cannot_be_read_is_refused(site: Site) -> None:
    for door in ("/anna/calendar/b.ics", "/anna/bookable/b.ics", "/anna/new/"):
        for what, text in BROKEN.items():
            status = site["anna"].request("PUT", door, text, Content_Type="text/calendar").status
            assert status in (400, 403), (door, what)
    status = site["anna"].request("PUT", "/anna/calendar/b.ics", event("b", NINE).replace(
        "DTSTART:", f"DTSTART;TZID=Europe/{'a' * 300}:")).status
    assert (status, site["anna"].request("REPORT", "/anna/calendar/", QUERY, Depth="1").status) == (201, 207)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lines", [
    ("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",),
    ("RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=3",),
    ("RRULE:FREQ=DAILY;BYSETPOS=5;COUNT=3",),
    ("RRULE:FREQ=YEARLY;BYYEARDAY=400",),
    ("RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=DAILY"),
    ("RRULE:FREQ=HOURLY", "EXRULE:FREQ=HOURLY"),
    ("RRULE;ENCODING=QUOTED-PRINTABLE:FREQ=3DSECONDLY=3BBYMONTH=3D2",),
    ("RRULE:FREQ=DAILY", "END:VEVENT", "BEGIN:VTIMEZONE", "TZID:Own", "BEGIN:STANDARD", "DTSTART:16010101T000000",
     "RRULE:FREQ=SECONDLY;BYHOUR=25", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "END:STANDARD", "END:VTIMEZONE",
     "BEGIN:VEVENT", "UID:rule"),
])
def test_rules_that_are_followed_for_ever_are_not_begun_with(site: Site, lines: tuple[str, ...]) -> None:
    answer = site["bob"].request("PUT", "/bob/calendar/r.ics", recurring(*lines))
    assert (answer.status, b"valid-calendar-data" in answer.body, b"RULE" in answer.body) == (403, True, True)


@pytest.mark.parametrize("lines", [
    ("RRULE:FREQ=DAILY;COUNT=30", "EXRULE:FREQ=WEEKLY;BYDAY=SA,SU"),
    ("RRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=3",), ("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",),
    ("RRULE:FREQ=WEEKLY;COUNT=3", "RRULE:FREQ=MONTHLY;COUNT=2"), ("RRULE:FREQ=HOURLY;BYHOUR=9,10",)])
def test_rules_that_have_occurrences_pass(lines: tuple[str, ...]) -> None:
    rule_cost.check(recurring(*lines))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("credentials", ["Basic", "Basic x", "Basic é", "Basicx", "Basic " + base64.b64encode(
    b"nocolon").decode()])
def test_credentials_that_are_none_ask_to_sign_in(site: Site, credentials: str) -> None:
    application = site["bob"].application

    def sent(environ: dict[str, object], start: object) -> Iterator[bytes]:
        answer: Iterator[bytes] = application({**environ, "HTTP_AUTHORIZATION": credentials}, start)
        return answer
    answer = Client(sent).request("PROPFIND", "/bob/")
    assert (answer.status, "www-authenticate" in answer.headers) == (401, True)


def test_a_destination_that_is_no_address_is_refused(site: Site) -> None:
    site["bob"].request("PUT", "/bob/calendar/x.ics", event("x", NINE))
    for method in ("COPY", "MOVE"):
        for target in ("http://[::1", "http://localhost:99999999/bob/calendar/y.ics", "//localhost:x/y"):
            answer = site["bob"].request(method, "/bob/calendar/x.ics", Destination=target)
            assert (answer.status, b"Destination" in answer.body) == (400, True)
    assert site["bob"].request("GET", "/bob/calendar/x.ics").status == 200


UNREADABLE = [
    *(f'<?xml version="1.0" encoding="{name}"?>{SEARCH}'.encode() for name in ("utf-99", "utf-7", "hex", "idna")),
    f'<!DOCTYPE a [<!ENTITY x "y">]>{SEARCH}'.encode(), SEARCH.encode("utf-32"), b"\xff\xfe\x00", b"<a>",
    b"<a>" * 5_000 + b"</a>" * 5_000]


def test_a_document_that_cannot_be_read_is_refused(site: Site) -> None:
    for depth in ("0", "1"):
        for path in ("/bob/", "/bob/calendar/", "/bob/inbox/", "/bob/calendar/x.ics"):
            for body in UNREADABLE:
                assert site["bob"].request("REPORT", path, body, Depth=depth).status in (400, 403), (path, body[:80])
    for method, path in (("PROPFIND", "/bob/"), ("PROPPATCH", "/bob/inbox/"), ("REPORT", "/book/anna/intro-call/")):
        for body in UNREADABLE[4:]:
            assert site["bob"].request(method, path, body, Depth="0").status in (400, 403), (method, body[:80])


def test_a_calendar_of_components_without_a_name_is_not_made(site: Site) -> None:
    for method in ("MKCALENDAR", "MKCOL", "PROPPATCH"):
        root = {"MKCALENDAR": "C:mkcalendar", "MKCOL": "mkcol", "PROPPATCH": "propertyupdate"}[method]
        body = (f'<{root} xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>'
                "<C:supported-calendar-component-set><C:comp/></C:supported-calendar-component-set></prop></set>"
                f"</{root}>")
        path = "/bob/calendar/" if method == "PROPPATCH" else "/bob/n/"
        assert site["bob"].request(method, path, body).status == 400


def test_what_is_wrong_with_a_document_is_said(site: Site) -> None:
    answer = site["bob"].request("REPORT", "/bob/calendar/", b"<a><b></a>", Depth="1")
    assert (answer.status, b"mismatched tag" in answer.body) == (400, True)


def test_an_outbox_is_not_listed(site: Site) -> None:
    assert [site[user].request("GET", "/bob/outbox/").status for user in ("bob", "anna")] == [403, 403]


def test_hrefs_that_are_none_are_no_error(site: Site) -> None:
    site["bob"].request("PUT", "/bob/calendar/x.ics", event("x", NINE))
    for path in ("/bob/calendar/", "/bob/calendar/x.ics", "/bob/inbox/", "/book/anna/intro-call/"):
        for asked in ("", "<href/>", "<href>None</href>", "<href>http://[::1</href>", "<href>/%2e%2e/x</href>",
                      "<href>/bob/calendar/a%00b.ics</href>"):
            body = ('<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop>'
                    f'{asked}<href>/bob/calendar/x.ics</href></C:calendar-multiget>')
            assert site["bob"].request("REPORT", path, body, Depth="0").status == 207, (path, asked)
    default = ('<propertyupdate xmlns="DAV:"><set><prop><schedule-default-calendar-URL '
               'xmlns="urn:ietf:params:xml:ns:caldav"><href xmlns="DAV:">http://[::1</href>'
               '</schedule-default-calendar-URL></prop></set></propertyupdate>')
    assert b"403" in site["bob"].request("PROPPATCH", "/bob/inbox/", default).body


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("times", ["DTSTART;TZID=Europe/Berlin:00010101T000000\r\nDTEND:20260101T000000Z",
                                   "DTSTART:None\r\nDTEND:x", "DTSTART;VALUE=PERIOD:a/b\r\nDTEND:c",
                                   "DTSTART:20260101T000000Z\r\nDTEND:20260102T000000Z\r\nDTSTART:20260101T000000Z"])
def test_a_question_for_no_time_is_refused(site: Site, times: str) -> None:
    text = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:f\r\n"
            f"{times}\r\nATTENDEE:mailto:anna@example.org\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n")
    assert site["bob"].request("POST", "/bob/outbox/", text, Content_Type="text/calendar").status == 403


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [".x.ics", "...ics", "x~", "y" * 256 + ".ics"])
def test_a_name_that_no_file_can_have_is_refused_with_the_reason(site: Site, name: str) -> None:
    for text in (event("n", NINE), event("n", NINE, "X-UNUSUAL;A=B:c", "COMMENT:d")):
        answer = site["bob"].request("PUT", f"/bob/calendar/{name}", text)
        assert (answer.status, b"255 octets" in answer.body) == (403, True)


NAMES = ("a?b", "urn:uuid:1", "O'Brien, M", 'a"b', "a*b", "a#b", "a%b", "a\\b", "ü 日", "a&b")


def test_every_other_name_is_one(tmp_path: Path) -> None:
    (tmp_path / "c.ini").write_text(f"[auth]\nhtpasswd_encryption = plain\n[booking]\ndata_folder = {tmp_path}\n",
                                    encoding="utf-8")
    (tmp_path / "users").write_text("bob:anna\n", encoding="utf-8")
    try:
        client = Client(BookingApplication(wiring.load(tmp_path / "c.ini").configuration, no_pages), "bob")
        client.request("MKCALENDAR", "/bob/calendar/")
        for name in NAMES:
            assert client.request("PUT", f"/bob/calendar/{name}.ics", event(name, NINE)).status == 201, name
        listed = client.request("PROPFIND", "/bob/calendar/", Depth="1").xml
        hrefs = [found.text or "" for found in listed.iterfind("{DAV:}response/{DAV:}href")]
        multiget = ('<C:calendar-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop><getetag/></prop>'
                    f'{"".join(f"<href>{href}</href>" for href in hrefs[1:])}</C:calendar-multiget>')
        found = client.request("REPORT", "/bob/calendar/", multiget.replace("&", "&amp;"), Depth="1").body
        assert found.count(b"<getetag>") == len(NAMES)
        for name in NAMES:
            path = f"/bob/calendar/{name}.ics"
            assert [client.request(method, path).status for method in ("GET", "DELETE", "GET")] == [200, 200, 404]
    finally:
        wiring.close()


#: What is put in place of something, or between.
_PIECES = ("", "\0", "-1", "99999999999999999999", "é", "😀", "%00", "00000000T000000Z", "99991231T235959Z",
           "20261301T000000Z",
           "mailto:", "P1D", "-PT99999999999H", ";", ":", "=", '"', "\\", "\r\n", "\r\n ", "BEGIN:VEVENT", "END:VEVENT",
           "TZID=../etc", "VALUE=DATE", "FREQ=SECONDLY", "COUNT=-1", "UNTIL=", "Europe/Nowhere", "<x>", "]]>", "/", "*")


def mutations(text: str, number: int, seed: int) -> Iterator[bytes]:
    """Seeded: the same at each run."""
    chance = random.Random(seed)
    for _ in range(number):
        changed = text
        for _ in range(chance.randrange(1, 4)):
            first = chance.randrange(len(changed) + 1)
            last = min(len(changed), first + chance.choice((0, 1, 5, 20)))
            changed = changed[:first] + chance.choice(_PIECES) + changed[last:]
        raw = bytearray(changed.encode())
        if raw and chance.random() < 0.2:
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        yield bytes(raw)


def test_no_change_of_an_object_is_an_error_of_the_server(site: Site) -> None:
    kept = event("kept", NINE)
    site["anna"].request("PUT", "/anna/calendar/kept.ics", kept)
    series = invitation("m", NINE, "anna", "bob", "x@elsewhere.example", lines=(
        "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20300101T090000Z", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M",
        "END:VALARM"))
    for number, text in enumerate(mutations(series, 120, 7)):
        answer = site["anna"].request("PUT", f"/anna/{('calendar', 'bookable')[number % 2]}/m.ics", text)
        assert answer.status < 500, text
    query = site["anna"].request("REPORT", "/anna/calendar/", QUERY, Depth="1")
    assert (query.status, b"kept.ics" in query.body) == (207, True)
    assert site["anna"].request("GET", "/anna/calendar/kept.ics").body.decode() == kept
    assert site.app.store.check() == []


def test_no_change_of_a_document_is_an_error_of_the_server(site: Site) -> None:
    site["bob"].request("PUT", "/bob/calendar/x.ics", event("x", NINE))
    for number, body in enumerate(mutations(QUERY, 120, 7)):
        path = ("/bob/calendar/", "/bob/calendar/x.ics", "/bob/", "/book/anna/intro-call/")[number % 4]
        for method in ("REPORT", "PROPFIND"):
            assert site["bob"].request(method, path, body, Depth=str(number % 2)).status < 500, (path, body)
