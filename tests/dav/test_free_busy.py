"""When are people free: POST to the outbox (RFC 6638 §5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from radicale_booking.services import booking
from tests.dav.conftest import HALF_HOUR, NINE, Site, event
from tests.dav.test_discovery import AVAILABLE, NAMES
from tests.dav.test_implicit import put, unfolded

C = "{urn:ietf:params:xml:ns:caldav}"
EVENING = NINE + timedelta(hours=9)


def question(*attendees: str, organizer: str = "mailto:bob@example.org", method: str = "REQUEST") -> str:
    named = f"ORGANIZER:{organizer}\r\n" if organizer else ""
    people = "".join(f"ATTENDEE:{address}\r\n" for address in attendees)
    return (f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nMETHOD:{method}\r\nBEGIN:VFREEBUSY\r\nUID:q\r\n"
            f"DTSTAMP:20260101T000000Z\r\nDTSTART:{NINE:%Y%m%dT%H%M%SZ}\r\nDTEND:{EVENING:%Y%m%dT%H%M%SZ}\r\n"
            f"{named}{people}END:VFREEBUSY\r\nEND:VCALENDAR\r\n")


def ask(site: Site, text: str, path: str = "/bob/outbox/", user: str = "bob") -> dict[str, tuple[str, str]]:
    """Recipient -> request-status and reply."""
    answer = site[user].request("POST", path, text, Content_Type="text/calendar")
    assert (answer.status, answer.xml.tag) == (200, f"{C}schedule-response")
    return {one.findtext(f"{C}recipient/{{DAV:}}href") or "": (
        one.findtext(f"{C}request-status") or "", unfolded(one.findtext(f"{C}calendar-data") or ""))
        for one in answer.xml}


def busy(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("FREEBUSY")]


def span(start: timedelta, end: timedelta, kind: str = "BUSY") -> str:
    return f"FREEBUSY;FBTYPE={kind}:{NINE + start:%Y%m%dT%H%M%SZ}/{NINE + end:%Y%m%dT%H%M%SZ}"


def test_each_recipient_is_answered(site: Site) -> None:
    put(site["anna"], event("a", NINE + HALF_HOUR), "a")
    put(site["anna"], event("b", NINE + 2 * HALF_HOUR), "b")
    put(site["anna"], event("c", EVENING - HALF_HOUR, length=timedelta(hours=2)), "c")
    put(site["anna"], event("d", NINE + 6 * HALF_HOUR, "STATUS:TENTATIVE"), "d")
    put(site["anna"], event("e", NINE + 8 * HALF_HOUR, "TRANSP:TRANSPARENT"), "e")
    found = ask(site, question("mailto:anna@example.org", "mailto:CARL@example.org", "mailto:zoe@elsewhere.example"))
    status, text = found["mailto:anna@example.org"]
    assert status == "2.0;Success"
    assert "METHOD:REPLY" in text
    assert f"DTSTART:{NINE:%Y%m%dT%H%M%SZ}" in text
    assert f"DTEND:{EVENING:%Y%m%dT%H%M%SZ}" in text
    assert busy(text) == [span(HALF_HOUR, 3 * HALF_HOUR), span(6 * HALF_HOUR, 7 * HALF_HOUR, "BUSY-TENTATIVE"),
                          span(EVENING - NINE - HALF_HOUR, EVENING - NINE)]
    assert busy(found["mailto:CARL@example.org"][1]) == []
    assert found["mailto:zoe@elsewhere.example"] == ("3.7;Invalid calendar user", "")


def test_times_may_be_in_a_zone(site: Site) -> None:
    put(site["anna"], event("a", NINE), "a")
    text = question("mailto:anna@example.org").replace(
        f"DTSTART:{NINE:%Y%m%dT%H%M%SZ}", f"DTSTART;TZID=Asia/Tokyo:{NINE + timedelta(hours=9):%Y%m%dT%H%M%S}")
    (_, reply), = ask(site, text).values()
    assert f"DTSTART:{NINE:%Y%m%dT%H%M%SZ}" in reply
    assert busy(reply) == [span(timedelta(), HALF_HOUR)]


def test_what_is_not_available_is_shown(site: Site) -> None:
    patch = (f"<D:propertyupdate {NAMES}><D:set><D:prop><C:calendar-availability>{AVAILABLE}"
             "</C:calendar-availability></D:prop></D:set></D:propertyupdate>")
    site["anna"].request("PROPPATCH", "/anna/inbox/", patch)
    (_, text), = ask(site, question("mailto:anna@example.org")).values()
    assert busy(text) == [span(timedelta(hours=8), timedelta(hours=9), "BUSY-UNAVAILABLE")]


def test_a_booking_address_has_its_hosts_time(site: Site) -> None:
    put(site["anna"], event("a", NINE), "a")
    (_, text), = ask(site, question("mailto:anna+intro-call@localhost")).values()
    assert busy(text) == [span(timedelta(), HALF_HOUR)]


@pytest.mark.parametrize(("path", "organizer"), [("/anna/inbox/", ""), ("/anna/outbox/", "mailto:bob@example.org"),
                                                 ("/bob/outbox/", "/bob/")])
def test_programs_ask_in_several_places(site: Site, path: str, organizer: str) -> None:
    assert len(ask(site, question("mailto:anna@example.org", organizer=organizer), path)) == 1


@pytest.mark.parametrize(("text", "status", "condition"), [
    (question("mailto:anna@example.org", organizer="mailto:carl@example.org"), 403, "valid-organizer"),
    (question("mailto:anna@example.org", method="PUBLISH"), 403, "valid-scheduling-message"),
    (event("a", NINE), 403, "valid-scheduling-message"), ("nonsense", 403, "valid-calendar-data"),
    (question(*(f"mailto:{number}@example.org" for number in range(101))), 403, "valid-scheduling-message")])
def test_what_is_refused(site: Site, text: str, status: int, condition: str) -> None:
    answer = site["bob"].request("POST", "/bob/outbox/", text, Content_Type="text/calendar")
    assert (answer.status, answer.xml[0].tag.rpartition("}")[2]) == (status, condition)


def test_strangers_learn_nothing(site: Site) -> None:
    stranger = type(site["bob"])(site["bob"].application, "eve", "wrong")
    assert stranger.request("POST", "/bob/outbox/", question("mailto:anna@example.org")).status == 401


def test_a_refused_move_leaves_another_etag(site: Site) -> None:
    anna = site["anna"]
    hours = event("hours", NINE, length=timedelta(hours=3), summary="Bookable")
    assert anna.request("PUT", "/anna/bookable/h.ics", hours).status == 201
    first, _ = (booking.reserve(site.app, booking.BookingRequest(
        "anna", "intro-call", NINE + i * HALF_HOUR, "Bob", "bob@example.org")) for i in range(2))
    path = f"/anna/calendar/{first.uid}.ics"
    before = anna.request("GET", path)
    refused = anna.request("PUT", path, event(first.uid, NINE + timedelta(minutes=40)),
                           If_Match=before.headers["etag"])
    assert (refused.status, refused.xml[0].tag) == (409, "{urn:radicale-booking:}slot-not-available")
    after = anna.request("GET", path)
    assert after.body == before.body
    assert after.headers["etag"] != before.headers["etag"]
    assert booking.reservation(site.app, first.uid).start == NINE


def report(site: Site, user: str, path: str) -> tuple[int, str]:
    answer = site[user].request("REPORT", path, (
        '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f'<C:time-range start="{NINE:%Y%m%dT%H%M%SZ}" end="{EVENING:%Y%m%dT%H%M%SZ}"/></C:free-busy-query>'), Depth="1")
    return answer.status, unfolded(answer.body.decode())


def test_the_report_on_a_home_tells_of_all_calendars(site: Site) -> None:
    """RFC 4791 §7.10, on the collection that holds the calendars."""
    site["anna"].request("MKCALENDAR", "/anna/second/")
    site["anna"].request("PUT", "/anna/calendar/a.ics", event("a", NINE))
    site["anna"].request("PUT", "/anna/second/b.ics", event("b", NINE + HALF_HOUR))
    site["anna"].request("PUT", "/anna/second/c.ics", event("c", NINE + 4 * HALF_HOUR, "STATUS:TENTATIVE"))
    status, text = report(site, "anna", "/anna/")
    assert status == 200
    assert sorted(busy(text)) == sorted([span(timedelta(), 2 * HALF_HOUR),
                                         span(4 * HALF_HOUR, 5 * HALF_HOUR, "BUSY-TENTATIVE")])
    assert busy(report(site, "anna", "/anna/calendar/")[1]) == [span(timedelta(), HALF_HOUR)]
    assert report(site, "bob", "/anna/")[0] == 403


def asked_of_calendar(site: Site, start: str, end: str) -> list[str]:
    answer = site["anna"].request("REPORT", "/anna/calendar/", (
        f'<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="{start}" end="{end}"/>'
        "</C:free-busy-query>"), Depth="1")
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/calendar")
    return busy(answer.body.decode())


def test_floating_times_are_of_the_calendars_zone(site: Site) -> None:
    """RFC 4791 §7.3; of the owner's, here UTC, where the calendar names none."""
    floating = event("f", NINE).replace("00Z\r\nDTEND", "00\r\nDTEND").replace("00Z\r\nSUMMARY", "00\r\nSUMMARY")
    put(site["anna"], floating.replace(f"{NINE:%Y%m%d}", "20300107"), "f")
    put(site["anna"], event("g", NINE, "TRANSP:TRANSPARENT").replace(f"{NINE:%Y%m%d}", "20300107"), "g")
    day = ("20300107T000000Z", "20300108T000000Z")
    assert asked_of_calendar(site, *day) == ["FREEBUSY;FBTYPE=BUSY:20300107T090000Z/20300107T093000Z"]
    zone = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n"
            "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
            "END:VCALENDAR\r\n")
    patch = (f"<D:propertyupdate {NAMES}><D:set><D:prop><C:calendar-timezone>{zone}</C:calendar-timezone></D:prop>"
             "</D:set></D:propertyupdate>")
    assert site["anna"].request("PROPPATCH", "/anna/calendar/", patch).status == 207
    assert asked_of_calendar(site, *day) == ["FREEBUSY;FBTYPE=BUSY:20300107T140000Z/20300107T143000Z"]
    assert asked_of_calendar(site, "20300107T141500Z", day[1]) == [
        "FREEBUSY;FBTYPE=BUSY:20300107T141500Z/20300107T143000Z"]


def test_a_time_far_ahead_is_answered_in_periods_too(site: Site) -> None:
    put(site["anna"], event("w", NINE, "RRULE:FREQ=DAILY"), "w")
    put(site["anna"], event("x", NINE, "RRULE:FREQ=SECONDLY"), "x")
    first = f"{NINE.year + 40}0107"
    assert asked_of_calendar(site, f"{first}T080000Z", f"{first}T100000Z") == [
        f"FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:{first}T080000Z/{first}T100000Z",
        f"FREEBUSY;FBTYPE=BUSY:{first}T090000Z/{first}T093000Z"]
