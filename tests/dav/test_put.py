"""Storing plain events, which are not parsed and written anew, and what is left to Radicale."""

from __future__ import annotations

import pytest

from radicale_booking.dav import put
from radicale_booking.ical import plain_event
from tests.dav.conftest import Site

PATH = "/anna/calendar/a.ics"
EVENT = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//A program//EN\r\nBEGIN:VEVENT\r\nUID:a\r\n"
         "DTSTAMP:20260101T000000Z\r\n"
         "DTSTART:20260601T080000Z\r\nDTEND:20260601T090000Z\r\nSUMMARY:Lunch\r\nX-OWN;A=b:c\r\n"
         "DESCRIPTION:words that go on until the line is as long as a line may be and\r\n  longer\r\n"
         "END:VEVENT\r\nEND:VCALENDAR\r\n")

PEOPLE = ('<D:mkcol xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype>'
          "<D:collection/><CR:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>")


@pytest.fixture
def path(site: Site) -> str:
    with site.app.store.read() as uow:
        anna = uow.principals.get("anna")
        assert anna is not None
        assert anna.id is not None
        calendar = uow.collections.by_role(anna.id, "default")
    assert calendar is not None
    return f"/{calendar.path}/a.ics"


def test_an_event_is_kept_as_it_was_sent_and_its_etag_holds(site: Site, path: str) -> None:
    stored = site["anna"].request("PUT", path, EVENT)
    read = site["anna"].request("GET", path)
    assert stored.status == 201
    assert read.body.decode() == EVENT
    assert stored.headers["etag"] == read.headers["etag"]
    assert site["anna"].request("PUT", path, EVENT.replace("Lunch", "Tea")).status == 204
    assert b"SUMMARY:Tea" in site["anna"].request("GET", path).body


def test_line_ends_are_put_right_and_then_the_program_reads_it_again(site: Site, path: str) -> None:
    stored = site["anna"].request("PUT", path, EVENT.replace("\r\n", "\n"))
    assert stored.status == 201
    assert "etag" not in stored.headers
    assert site["anna"].request("GET", path).body.decode() == EVENT


RULED = EVENT.replace("SUMMARY", "RRULE:FREQ=DAILY;UNTIL=20260605T080000Z\r\nSUMMARY")
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:c\r\nFN:A B\r\nN:B;A;;;\r\nEND:VCARD\r\n"


#: Where it goes, what is sent, and whether a GET gives the same octets.
SENT = [
    ("calendar/a.ics", EVENT, True),
    ("calendar/b.ics", RULED.replace("UID:a", "UID:b"), False),
    ("calendar/c.ics", EVENT.replace("UID:a", "UID:c").replace("END:VEVENT", f"{ALARM}END:VEVENT"), True),
    ("calendar/d.ics", EVENT.replace("UID:a", "UID:d").replace("Lunch", "Déjeuner"), True),
    ("calendar/e.ics", EVENT.replace("UID:a", "UID:e").replace("SUMMARY", "CATEGORIES:one,two\r\nSUMMARY"), False),
    ("calendar/f.ics", EVENT.replace("UID:a", "UID:f").replace("Lunch", "Déjeuner").encode("iso-8859-1"), False),
    ("people/c.vcf", CARD, True),
    ("people/d.vcf", CARD.replace("UID:c\r\nFN:A B\r\n", "FN:A B\r\nUID:d\r\n"), False),
    ("whole/", EVENT, False)]


def test_an_etag_is_told_where_the_octets_are_those_that_were_sent(site: Site) -> None:
    """RFC 4791 §5.3.4, RFC 6352 §6.3.2.3."""
    anna = site["anna"]
    assert anna.request("MKCOL", "/anna/people/", PEOPLE).status == 201
    told = {}
    for name, body, _ in SENT:
        kind = "text/vcard" if name.endswith(".vcf") else "text/calendar"
        for _ in range(2):
            stored = anna.request("PUT", f"/anna/{name}", body,
                                  Content_Type=kind + ("; charset=iso-8859-1" if isinstance(body, bytes) else ""))
            assert stored.status in (201, 204), name
        read = anna.request("GET", f"/anna/{name}")
        told[name] = "etag" in stored.headers
        assert told[name] == (read.body == (body if isinstance(body, bytes) else body.encode())), name
        assert stored.headers.get("etag", read.headers["etag"]) == read.headers["etag"], name
    assert told == {name: same for name, _, same in SENT}
    assert "Déjeuner" in anna.request("GET", "/anna/calendar/f.ics").body.decode()


@pytest.mark.parametrize(("headers", "there", "status"), [
    ({"If_None_Match": "*"}, True, 412), ({"If_None_Match": "*"}, False, 201), ({"If_Match": '"other"'}, True, 412),
    ({"If_Match": "*"}, True, 204), ({"If_Match": "*"}, False, 412)])
def test_preconditions(site: Site, path: str, headers: dict[str, str], there: bool, status: int) -> None:
    if there:
        site["anna"].request("PUT", path, EVENT)
    assert site["anna"].request("PUT", path, EVENT.replace("Lunch", "Tea"), **headers).status == status
    kept = site["anna"].request("GET", path)
    assert (b"Lunch" in kept.body) == (there and status == 412)


def test_nobody_else_may_write(site: Site, path: str) -> None:
    assert site["bob"].request("PUT", path, EVENT).status == 403
    assert site["anna"].request("GET", path).status == 404


@pytest.mark.parametrize(("name", "body", "status"), [
    ("b.ics", EVENT, 409),                                        # the UID is another object's
    ("a.ics", EVENT.replace("UID:a", "UID:b"), 409),              # the object keeps its UID
    ("b.ics", EVENT.replace("UID:a\r\n", ""), 403),
    ("b.ics", EVENT.replace("END:VEVENT\r\n", ""), 403),
    ("b.ics", EVENT.replace("UID:a", "UID:b").replace("SUMMARY", "RRULE:FREQ=DAILY;COUNT=99999\r\nSUMMARY"), 403),
    ("b.ics", EVENT.replace("UID:a", "UID:b").replace("DTSTART:20260601T080000Z\r\n", ""), 403)])
def test_what_radicale_refuses_is_refused(site: Site, path: str, name: str, body: str, status: int) -> None:
    site["anna"].request("PUT", path, EVENT)
    assert site["anna"].request("PUT", path.replace("a.ics", name), body).status == status
    assert site["anna"].request("GET", path).body.decode() == EVENT


@pytest.mark.parametrize("line", [
    "DESCRIPTION:again", "DTSTAMP:20260101T000000Z", "CREATED:20261301T000000Z", "LAST-MODIFIED:yesterday"])
def test_what_a_parser_may_not_take_is_left_to_it(line: str) -> None:
    assert put._event(EVENT, 0) is not None
    assert put._event(EVENT.replace("SUMMARY", f"{line}\r\nSUMMARY"), 0) is None


def test_a_plain_event_is_looked_through_once(site: Site, path: str) -> None:
    plain_event.read.cache_clear()
    assert site["anna"].request("PUT", path, EVENT).status == 201
    assert plain_event.read.cache_info().misses == 1
