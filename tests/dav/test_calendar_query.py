"""Queries of a calendar: whose time zone holds, and what of the objects is told (RFC 4791 §7.8, §9.6, §9.8)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC
from xml.sax.saxutils import escape

import pytest

from radicale_booking.dav import calendar_data
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from tests.compat.dav_client import Answer
from tests.dav.conftest import Site
from tests.dav.test_calendar_filter import ELEVEN, MOVED, TEN, alarm, calendar, part, within

C = "{urn:ietf:params:xml:ns:caldav}"
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
TOKYO = calendar("BEGIN:VTIMEZONE\r\nTZID:Asia/Tokyo\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
                 "TZOFFSETFROM:+0900\r\nTZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")
#: A name of nobody's, two hours ahead.
OWN = TOKYO.replace("Asia/Tokyo", "Ours").replace("+0900", "+0200")
ZONES = {"tokyo": f"<C:timezone>{escape(TOKYO)}</C:timezone>", "own": f"<C:timezone>{escape(OWN)}</C:timezone>",
         "name": "<C:timezone-id>Asia/Tokyo</C:timezone-id>", "": ""}
CALENDAR = "/bob/all/"


@pytest.fixture
def bob(site: Site) -> Site:
    assert site["bob"].request("MKCALENDAR", CALENDAR).status == 201
    return site


def put(site: Site, name: str, text: str) -> None:
    assert site["bob"].request("PUT", f"{CALENDAR}{name}", text, Content_Type="text/calendar").status == 201


def query(site: Site, inner: str, *, data: str = "<C:calendar-data/>", zone: str = "") -> Answer:
    body = (f"<C:calendar-query {NAMES}><D:prop><D:getetag/>{data}</D:prop><C:filter>"
            f'<C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter>{zone}</C:calendar-query>')
    return site["bob"].request("REPORT", CALENDAR, body, Depth="1")


def hrefs(answer: Answer) -> list[str]:
    assert answer.status == 207
    return sorted((one.text or "").removeprefix(CALENDAR) for one in answer.xml.iter("{DAV:}href"))


def texts(answer: Answer) -> list[str]:
    assert answer.status == 207
    return [(one.text or "").replace("\r\n", "\n") for one in answer.xml.iter(f"{C}calendar-data")]


FLOATING = "DTSTART:20261110T{:02}0000 DURATION:PT1H SUMMARY:x"


@pytest.mark.parametrize("kept", ["", "tokyo", "own"])
def test_times_without_a_zone_are_of_the_request_or_the_calendar(bob: Site, kept: str) -> None:
    if kept:
        body = (f"<D:propertyupdate {NAMES}><D:set><D:prop>"
                f"{ZONES[kept].replace('C:timezone', 'C:calendar-timezone')}</D:prop></D:set></D:propertyupdate>")
        assert bob["bob"].request("PROPPATCH", CALENDAR, body).status == 207
    for number in (10, 12, 19):
        put(bob, f"e{number}.ics", calendar(part("VEVENT", FLOATING.format(number))).replace("UID:u", f"UID:{number}"))
        put(bob, f"t{number}.ics", calendar(part("VTODO", FLOATING.format(number))).replace("UID:u", f"UID:t{number}"))
    put(bob, "utc.ics", calendar(part("VEVENT", "DTSTART:20261110T103000Z DURATION:PT5M")))
    data = f'<C:calendar-data><C:expand start="{TEN}" end="{ELEVEN}"/></C:calendar-data>'
    for zone, text in ZONES.items():
        hour = {"tokyo": 19, "name": 19, "own": 12, "": 10}[zone or kept]
        assert hrefs(query(bob, within("VEVENT", TEN, ELEVEN), zone=text)) == [f"e{hour}.ics", "utc.ics"]
        assert hrefs(query(bob, within("VTODO", "20261110T100001Z", "20261110T105959Z"), zone=text)) == [f"t{hour}.ics"]
        shown = texts(query(bob, within("VEVENT", TEN, ELEVEN), data=data, zone=text))
        assert sorted(re.findall("^DTSTART:(.*)$", "\n".join(shown), re.MULTILINE)) == [TEN, "20261110T103000Z"]


def test_a_name_of_no_zone_is_refused(bob: Site) -> None:
    refused = query(bob, within("VEVENT", TEN, ELEVEN), zone="<C:timezone-id>Mars/Olympus</C:timezone-id>")
    assert (refused.status, refused.xml[0].tag) == (403, f"{C}valid-timezone")


def test_time_and_text_are_asked_of_one_component(bob: Site) -> None:
    for name, lines in {"found": "DTSTART:20261110T103000Z DURATION:PT5M SUMMARY:One",
                        "otherwise": "DTSTART:20261110T103000Z DURATION:PT5M SUMMARY:Two",
                        "later": "DTSTART:20261110T123000Z DURATION:PT5M SUMMARY:One",
                        "series": "DTSTART:20200101T103000Z RRULE:FREQ=DAILY DURATION:PT5M SUMMARY:One"}.items():
        put(bob, name, calendar(part("VEVENT", lines)).replace("UID:u", f"UID:{name}"))
    inner = within("VEVENT", TEN, ELEVEN,
                   '{}<C:prop-filter name="SUMMARY"><C:text-match>one</C:text-match></C:prop-filter>')
    assert hrefs(query(bob, inner)) == ["found", "series"]


def test_a_time_before_what_is_kept_is_decided_by_the_text(bob: Site) -> None:
    put(bob, "a.ics", calendar(part("VEVENT", "DTSTART:20100101T103000Z RRULE:FREQ=WEEKLY DURATION:PT5M SUMMARY:One")))
    assert hrefs(query(bob, within("VEVENT", "20110107T100000Z", "20110107T110000Z"))) == ["a.ics"]
    assert hrefs(query(bob, within("VEVENT", "20110108T100000Z", "20110108T110000Z"))) == []


def test_alarms_are_found_through_rows(bob: Site) -> None:
    put(bob, "a.ics", calendar(part("VEVENT", "DTSTART:20261111T103000Z DURATION:PT5M", alarm("TRIGGER:-P1D"))))
    inner = f'<C:comp-filter name="VEVENT">{within("VALARM", TEN, ELEVEN)}</C:comp-filter>'
    assert hrefs(query(bob, inner)) == ["a.ics"]
    assert hrefs(query(bob, inner.replace(TEN, "20261110T103001Z"))) == []


def told(data: str, text: str) -> str:
    shape = calendar_data.asked(ET.fromstring(f"<D:prop {NAMES}>{data}</D:prop>"))
    assert shape is not None
    return shape.of(text, UTC)


EVENT = calendar(part("VEVENT", "DTSTART:20261110T103000Z DURATION:PT5M SUMMARY;LANGUAGE=de:Eins LOCATION:Hier",
                      alarm("TRIGGER:-PT5M")))
COMP = '<C:calendar-data><C:comp name="VCALENDAR">{}</C:comp></C:calendar-data>'
VERSION = '<C:prop name="VERSION"/>'


@pytest.mark.parametrize(("data", "lines"), [
    (COMP.format(""), EVENT.split("\r\n")[:-1]),
    (COMP.format("<C:allprop/><C:allcomp/>"), EVENT.split("\r\n")[:-1]),
    (COMP.format("<C:allprop/>"), ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "END:VCALENDAR"]),
    (COMP.format(f'{VERSION}<C:comp name="VEVENT"><C:prop name="summary"/><C:prop name="UID"/></C:comp>'),
     ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:u", "SUMMARY;LANGUAGE=de:Eins", "END:VEVENT",
      "END:VCALENDAR"]),
    (COMP.format(f'{VERSION}<C:comp name="VEVENT"><C:prop name="SUMMARY" novalue="yes"/>'
                 '<C:prop name="LOCATION" novalue="no"/></C:comp>'),
     ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "SUMMARY;LANGUAGE=de:", "LOCATION:Hier", "END:VEVENT",
      "END:VCALENDAR"]),
    (COMP.format(f'{VERSION}<C:comp name="VEVENT"><C:prop name="UID"/><C:comp name="VALARM">'
                 '<C:prop name="TRIGGER"/></C:comp></C:comp><C:comp name="VTIMEZONE"/>'),
     ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:u", "BEGIN:VALARM", "TRIGGER:-PT5M", "END:VALARM",
      "END:VEVENT", "END:VCALENDAR"])])
def test_a_part_of_an_object(data: str, lines: list[str]) -> None:
    text = told(data, EVENT)
    assert sorted(text.split("\r\n")[:-1]) == sorted(lines)
    assert [line for line in text.split("\r\n") if line.startswith(("BEGIN", "END"))] == [
        line for line in lines if line.startswith(("BEGIN", "END"))]


def test_every_report_tells_a_part(bob: Site) -> None:
    put(bob, "a.ics", EVENT)
    data = COMP.format('<C:comp name="VEVENT"><C:prop name="LOCATION"/></C:comp>')
    multiget = f"<D:prop>{data}</D:prop><D:href>{CALENDAR}a.ics</D:href>"
    answers = [query(bob, within("VEVENT", TEN, ELEVEN), data=data),
               bob["bob"].request("REPORT", CALENDAR, f"<C:calendar-multiget {NAMES}>{multiget}</C:calendar-multiget>"),
               bob["bob"].request("REPORT", CALENDAR, f"<D:sync-collection {NAMES}><D:sync-token/>"
                                                      f"<D:prop>{data}</D:prop></D:sync-collection>")]
    shown = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nLOCATION:Hier\nEND:VEVENT\nEND:VCALENDAR\n"
    assert [texts(answer) for answer in answers] == [[shown]] * 3


EVENTS = '<C:comp-filter name="VEVENT"/>'
LIMIT = '<C:calendar-data><C:{} start="{}" end="{}"/></C:calendar-data>'


@pytest.mark.parametrize(("start", "end", "titles"), [
    (TEN, ELEVEN, ["Stand-up", "Retro"]), ("20261110T150000Z", "20261110T160000Z", ["Stand-up", "Retro"]),
    ("20261109T100000Z", "20261109T110000Z", ["Stand-up"])])
def test_changed_instances_are_limited_to_a_time(start: str, end: str, titles: list[str]) -> None:
    text = told(LIMIT.format("limit-recurrence-set", start, end), MOVED)
    assert re.findall("^SUMMARY:(.*)\r$", text, re.MULTILINE) == titles
    assert "RRULE:FREQ=DAILY" in text


@pytest.mark.parametrize(("lines", "kept"), [
    ("RECURRENCE-ID:20261108T100000Z", False), ("RECURRENCE-ID;RANGE=THISANDFUTURE:20261108T100000Z", True),
    # What is short now was as long as the others.
    ("RECURRENCE-ID:20261110T093000Z", True), ("RECURRENCE-ID:20261110T083000Z", False)])
def test_what_a_changed_instance_was_counts(lines: str, kept: bool) -> None:
    text = calendar(part("VEVENT", "DTSTART:20261101T093000Z DURATION:PT1H RRULE:FREQ=HOURLY"),
                    part("VEVENT", f"{lines} DTSTART:20261201T100000Z DURATION:PT1M"))
    shown = told(LIMIT.format("limit-recurrence-set", TEN, ELEVEN), text)
    assert ("RECURRENCE-ID" in shown) == kept


def test_too_many_occurrences_are_refused() -> None:
    data = LIMIT.format("expand", TEN, "20261110T130000Z")
    shape = calendar_data.asked(ET.fromstring(f"<D:prop {NAMES}>{data}</D:prop>"))
    assert shape is not None
    text = calendar(part("VEVENT", "DTSTART:20261101T100000Z DURATION:PT1M RRULE:FREQ=HOURLY"))
    row = {"text": text, "href": "a.ics", "etag": "", "name": "VCALENDAR", "component": "VEVENT", "schedule_tag": None}
    assert len(list(calendar_data.rows(shape, [row], UTC, 3, of_query=True))) == 1
    with pytest.raises(InvalidCalendar, match="too many"):
        list(calendar_data.rows(shape, [row], UTC, 2, of_query=True))


def test_an_instance_alone_is_not_limited_away() -> None:
    alone = calendar(part("VEVENT", "RECURRENCE-ID:20261109T100000Z DTSTART:20261109T150000Z SUMMARY:Retro"))
    assert told(LIMIT.format("limit-recurrence-set", TEN, ELEVEN), alone) == alone


def test_what_cannot_be_read_is_told_as_it_is() -> None:
    broken = calendar(part("VEVENT", "DTSTART:20261399T100000Z"))
    assert told(LIMIT.format("expand", TEN, ELEVEN), broken) == broken


@pytest.mark.parametrize("data", [
    '<C:calendar-data content-type="text/vcard"/>', '<C:calendar-data version="3.0"/>',
    "<C:calendar-data><C:expand/></C:calendar-data>", LIMIT.format("expand", "20261110", "20261111"),
    LIMIT.format("expand", ELEVEN, TEN), LIMIT.format("guess", TEN, ELEVEN),
    LIMIT.format("expand", TEN, ELEVEN).replace("</", f'<C:limit-recurrence-set start="{TEN}" end="{ELEVEN}"/></', 1)])
def test_what_no_object_can_be_told_as_is_refused(data: str) -> None:
    with pytest.raises(SchedulingRefused, match="supported-calendar-data"):
        told(data, EVENT)


def test_a_refusal_names_what_is_wrong(bob: Site) -> None:
    refused = query(bob, EVENTS, data='<C:calendar-data version="3.0"/>')
    assert (refused.status, refused.xml[0].tag) == (403, f"{C}supported-calendar-data")


def test_what_was_asked_for_by_name_is_told_without_occurrences(bob: Site) -> None:
    put(bob, "a.ics", EVENT)
    journal = calendar(part("VJOURNAL", "DTSTART;VALUE=DATE:20261101 RRULE:FREQ=DAILY"))
    put(bob, "note.ics", journal.replace("UID:u", "UID:j"))
    data = LIMIT.format("expand", "20261112T000000Z", "20261113T000000Z")
    assert texts(query(bob, EVENTS, data=data)) == []
    body = (f"<C:calendar-multiget {NAMES}><D:prop>{data}</D:prop><D:href>{CALENDAR}a.ics</D:href>"
            f"<D:href>{CALENDAR}note.ics</D:href></C:calendar-multiget>")
    event, note = sorted(texts(bob["bob"].request("REPORT", CALENDAR, body)), key=len)
    assert ("VEVENT" in event, "END:VCALENDAR" in event) == (False, True)
    assert re.findall("^DTSTART.*$", note, re.MULTILINE) == ["DTSTART;VALUE=DATE:20261112"]
