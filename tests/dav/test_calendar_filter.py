"""What a C:filter matches, as tables: the questions of RFC 4791 §7.8 and §9.9, asked of objects of our own."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.dav import calendar_filter

BERLIN = ZoneInfo("Europe/Berlin")
ZONE = ("BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
        "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")


def calendar(*components: str, zone: str = "") -> str:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{zone}{''.join(components)}END:VCALENDAR\r\n"


def part(kind: str, lines: str, inside: str = "") -> str:
    """A component whose ``lines`` are divided by blanks."""
    body = "".join(f"{line}\r\n" for line in lines.split())
    return f"BEGIN:{kind}\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n{body}{inside}END:{kind}\r\n"


def alarm(lines: str) -> str:
    return "\r\n".join(["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", *lines.split(), "END:VALARM", ""])


def asked(text: str, inner: str, zone: object = UTC) -> bool:
    wanted = ET.fromstring(
        '<C:filter xmlns:C="urn:ietf:params:xml:ns:caldav"><C:comp-filter name="VCALENDAR">'
        f"{inner}</C:comp-filter></C:filter>")
    return calendar_filter.matches(wanted, text, zone)  # type: ignore[arg-type]


def within(kind: str, start: str, end: str, around: str = "{}") -> str:
    ends = (f'start="{start}" ' if start else "") + (f'end="{end}"' if end else "")
    return f'<C:comp-filter name="{kind}">' + around.format(f"<C:time-range {ends}/>") + "</C:comp-filter>"


# The time asked for is mostly the hour from 10 to 11 on 10 November 2026; its ends are what the tables are about.
TEN, ELEVEN = "20261110T100000Z", "20261110T110000Z"
TIMES = [
    # An end, a length, a length of nothing, a day.
    ("VEVENT", "DTSTART:20261110T090000Z DTEND:20261110T100000Z", False),
    ("VEVENT", "DTSTART:20261110T090000Z DTEND:20261110T100001Z", True),
    ("VEVENT", "DTSTART:20261110T110000Z DTEND:20261110T120000Z", False),
    ("VEVENT", "DTSTART:20261110T105959Z DTEND:20261110T120000Z", True),
    ("VEVENT", "DTSTART:20261110T093000Z DURATION:PT30M", False),
    ("VEVENT", "DTSTART:20261110T093000Z DURATION:PT31M", True),
    ("VEVENT", "DTSTART:20261110T100000Z", True), ("VEVENT", "DTSTART:20261110T095959Z", False),
    ("VEVENT", "DTSTART:20261110T110000Z", False), ("VEVENT", "DTSTART:20261110T100000Z DURATION:PT0S", True),
    ("VEVENT", "DTSTART;VALUE=DATE:20261110", True), ("VEVENT", "DTSTART;VALUE=DATE:20261109", False),
    ("VEVENT", "DTSTART;VALUE=DATE:20261109 DTEND;VALUE=DATE:20261111", True),
    # Series: its instances, those left out, those added.
    ("VEVENT", "DTSTART:20261101T100000Z DURATION:PT1H RRULE:FREQ=DAILY", True),
    ("VEVENT", "DTSTART:20261101T110000Z DURATION:PT1H RRULE:FREQ=DAILY", False),
    ("VEVENT", "DTSTART:20261101T100000Z DURATION:PT1H RRULE:FREQ=DAILY;COUNT=9", False),
    ("VEVENT", "DTSTART:20261101T100000Z DURATION:PT1H RRULE:FREQ=DAILY EXDATE:20261110T100000Z", False),
    ("VEVENT", "DTSTART:20261101T100000Z DURATION:PT1H RDATE:20261110T103000Z", True),
    ("VEVENT", "DTSTART;TZID=Europe/Berlin:20261101T110000 DURATION:PT1H RRULE:FREQ=DAILY", True),
    ("VEVENT", "DTSTART;TZID=Europe/Berlin:20261101T100000 DURATION:PT1H RRULE:FREQ=DAILY", False),
    # Tasks: start and length.
    ("VTODO", "DTSTART:20261110T080000Z DURATION:PT2H", True),
    ("VTODO", "DTSTART:20261110T080000Z DURATION:PT1H", False),
    ("VTODO", "DTSTART:20261110T110000Z DURATION:PT1H", False),
    ("VTODO", "DTSTART:20261110T110000Z DURATION:PT0S", True),
    # Start and due.
    ("VTODO", "DTSTART:20261110T080000Z DUE:20261110T100000Z", False),
    ("VTODO", "DTSTART:20261110T080000Z DUE:20261110T100001Z", True),
    ("VTODO", "DTSTART:20261110T110000Z DUE:20261110T120000Z", False),
    ("VTODO", "DTSTART:20261110T103000Z DUE:20261110T120000Z", True),
    ("VTODO", "DTSTART:20261110T100000Z DUE:20261110T100000Z", True),
    ("VTODO", "DTSTART:20261110T110000Z DUE:20261110T110000Z", True),
    # Start alone, due alone.
    ("VTODO", "DTSTART:20261110T100000Z", True), ("VTODO", "DTSTART:20261110T110000Z", False),
    ("VTODO", "DUE:20261110T100000Z", False), ("VTODO", "DUE:20261110T110000Z", True),
    ("VTODO", "DUE:20261110T110001Z", False), ("VTODO", "DUE;VALUE=DATE:20261110", False),
    # Done and made, one of them, neither.
    ("VTODO", "COMPLETED:20261109T000000Z CREATED:20261111T000000Z", True),
    ("VTODO", "COMPLETED:20261111T000000Z CREATED:20261109T000000Z", True),
    ("VTODO", "COMPLETED:20261109T000000Z CREATED:20261108T000000Z", False),
    ("VTODO", "COMPLETED:20261112T000000Z CREATED:20261111T000000Z", False),
    ("VTODO", "COMPLETED:20261110T100000Z", True), ("VTODO", "COMPLETED:20261110T110000Z", True),
    ("VTODO", "COMPLETED:20261110T110001Z", False),
    ("VTODO", "COMPLETED:20261110T095959Z", False),
    ("VTODO", "CREATED:20261110T105959Z", True), ("VTODO", "CREATED:20261110T110000Z", False),
    ("VTODO", "SUMMARY:sometime", True),
    # What was done or made says nothing where it is known when the task is.
    ("VTODO", "DUE:20261201T100000Z COMPLETED:20261110T103000Z CREATED:20261101T000000Z", False),
    ("VTODO", "DTSTART:20261101T100000Z DUE:20261101T103000Z RRULE:FREQ=DAILY", True),
    ("VTODO", "DTSTART:20261101T120000Z DUE:20261101T123000Z RRULE:FREQ=DAILY", False),
    ("VJOURNAL", "DTSTART:20261110T100000Z", True), ("VJOURNAL", "DTSTART:20261110T110000Z", False),
    ("VJOURNAL", "DTSTART;VALUE=DATE:20261110", True), ("VJOURNAL", "DTSTART;VALUE=DATE:20261111", False),
    ("VJOURNAL", "SUMMARY:undated", False),
    ("VFREEBUSY", "DTSTART:20261110T080000Z DTEND:20261110T100000Z", True),
    ("VFREEBUSY", "DTSTART:20261110T110000Z DTEND:20261110T120000Z", False),
    ("VFREEBUSY", "FREEBUSY:20261110T090000Z/PT1H,20261110T103000Z/PT1M", True),
    ("VFREEBUSY", "FREEBUSY:20261110T090000Z/20261110T100000Z", False), ("VFREEBUSY", "ORGANIZER:mailto:a@b.c", False),
]


@pytest.mark.parametrize(("kind", "lines", "found"), TIMES)
def test_what_overlaps_a_time(kind: str, lines: str, found: bool) -> None:
    text = calendar(part(kind, lines))
    assert asked(text, within(kind, TEN, ELEVEN)) == found
    assert asked(text, f'<C:time-range start="{TEN}" end="{ELEVEN}"/>') == found
    assert not asked(text, within("VJOURNAL" if kind != "VJOURNAL" else "VTODO", TEN, ELEVEN))


@pytest.mark.parametrize(("lines", "start", "end", "found"), [
    ("DTSTART:20261110T100000Z DTEND:20261110T110000Z", TEN, "", True),
    ("DTSTART:20261110T090000Z DTEND:20261110T100000Z", TEN, "", False),
    ("DTSTART:20261110T090000Z DTEND:20261110T100000Z", "", TEN, True),
    ("DTSTART:20261110T100000Z DTEND:20261110T110000Z", "", TEN, False),
    ("DTSTART:20200101T100000Z DURATION:PT1H RRULE:FREQ=DAILY", TEN, "", True),
    ("DTSTART:20270101T100000Z DURATION:PT1H RRULE:FREQ=YEARLY", TEN, "", True),
    ("DTSTART:20200101T100000Z DURATION:PT1H RRULE:FREQ=DAILY;UNTIL=20261101T000000Z", TEN, "", False),
    ("DTSTART:20261111T100000Z DURATION:PT1H RRULE:FREQ=DAILY", "", TEN, False)])
def test_a_time_may_be_open(lines: str, start: str, end: str, found: bool) -> None:
    assert asked(calendar(part("VEVENT", lines)), within("VEVENT", start, end)) == found


@pytest.mark.parametrize(("lines", "in_utc", "in_berlin"), [
    ("DTSTART:20261110T100000 DURATION:PT30M", True, False), ("DTSTART:20261110T110000 DURATION:PT30M", False, True),
    ("DTSTART;VALUE=DATE:20261110", True, True)])
def test_times_without_a_zone_are_of_the_zone_asked_for(lines: str, in_utc: bool, in_berlin: bool) -> None:
    text = calendar(part("VEVENT", lines))
    assert (asked(text, within("VEVENT", TEN, ELEVEN)), asked(text, within("VEVENT", TEN, ELEVEN), BERLIN)) == (
        in_utc, in_berlin)


def test_a_day_begins_where_the_zone_has_it() -> None:
    text = calendar(part("VEVENT", "DTSTART;VALUE=DATE:20261110"))
    last_hour = within("VEVENT", "20261109T230000Z", "20261110T000000Z")
    assert (asked(text, last_hour), asked(text, last_hour, BERLIN)) == (False, True)


ALARMS = [
    ("DTSTART:20261110T120000Z DTEND:20261110T130000Z", "TRIGGER:-PT2H", True),
    ("DTSTART:20261110T120000Z DTEND:20261110T130000Z", "TRIGGER:-PT1H", False),
    ("DTSTART:20261110T120000Z DTEND:20261110T130000Z", "TRIGGER;RELATED=END:-PT3H", True),
    ("DTSTART:20261110T120000Z DTEND:20261110T130000Z", "TRIGGER;VALUE=DATE-TIME:20261110T101500Z", True),
    ("DTSTART:20261110T100000Z DTEND:20261110T110000Z", "TRIGGER;VALUE=DATE-TIME:20261109T101500Z", False),
    # Again after a time, so often.
    ("DTSTART:20261110T090000Z", "TRIGGER:PT0S REPEAT:4 DURATION:PT15M", True),
    ("DTSTART:20261110T090000Z", "TRIGGER:PT0S REPEAT:3 DURATION:PT15M", False),
    ("DTSTART:20261110T080000Z", "TRIGGER:PT0S REPEAT:3 DURATION:PT3H", False),
    ("DTSTART:20261110T080000Z", "TRIGGER:PT0S REPEAT:1 DURATION:PT2H", True),
    ("DTSTART:20261110T090000Z", "TRIGGER:PT0S REPEAT:4", False),
    ("DTSTART:20261101T120000Z RRULE:FREQ=DAILY", "TRIGGER:-PT2H", True),
    ("DTSTART:20261101T120000Z RRULE:FREQ=DAILY;COUNT=9", "TRIGGER:-PT2H", False),
    ("DTSTART:20261101T120000Z RRULE:FREQ=DAILY;COUNT=8", "TRIGGER:P1DT22H", True),
    ("DTSTART:20261101T120000Z RRULE:FREQ=DAILY;COUNT=7", "TRIGGER:P1DT22H", False),
    ("DTSTART:20261101T120000Z RRULE:FREQ=DAILY;COUNT=9", "TRIGGER:P1D REPEAT:1 DURATION:PT22H30M", True),
    ("DTSTART:20200101T120000Z RRULE:FREQ=DAILY", "TRIGGER:PT0S REPEAT:1 DURATION:P4DT22H30M", True),
    ("DTSTART:20261110T100000Z", "ACTION:NONE", False),
]


@pytest.mark.parametrize(("lines", "trigger", "found"), ALARMS)
def test_when_an_alarm_goes_off(lines: str, trigger: str, found: bool) -> None:
    text = calendar(part("VEVENT", lines, alarm("TRIGGER;VALUE=DATE-TIME:19760401T005545Z") + alarm(trigger)))
    assert asked(text, f'<C:comp-filter name="VEVENT">{within("VALARM", TEN, ELEVEN)}</C:comp-filter>') == found


@pytest.mark.parametrize(("lines", "trigger", "found"), [
    ("DUE:20261110T120000Z", "TRIGGER;RELATED=END:-PT2H", True),
    ("DUE:20261110T100000Z", "TRIGGER;RELATED=END:-PT2H", False),
    ("DTSTART:20261109T120000Z DUE:20261110T120000Z", "TRIGGER:PT22H", True),
    ("CREATED:20261110T100000Z", "TRIGGER:PT0S", False)])
def test_when_the_alarm_of_a_task_goes_off(lines: str, trigger: str, found: bool) -> None:
    text = calendar(part("VTODO", lines, alarm(trigger)))
    assert asked(text, f'<C:comp-filter name="VTODO">{within("VALARM", TEN, ELEVEN)}</C:comp-filter>') == found


MOVED = calendar(
    part("VEVENT", "DTSTART:20261101T100000Z DURATION:PT1H SUMMARY:Stand-up RRULE:FREQ=DAILY"),
    part("VEVENT", "RECURRENCE-ID:20261110T100000Z DTSTART:20261110T150000Z DURATION:PT1H SUMMARY:Retro"))


@pytest.mark.parametrize(("start", "end", "summary", "found"), [
    (TEN, ELEVEN, "", False), ("20261110T150000Z", "20261110T160000Z", "", True),
    # All that one filter says must be true of one component.
    ("20261110T150000Z", "20261110T160000Z", "retro", True), ("20261110T150000Z", "20261110T160000Z", "stand", False),
    ("20261109T100000Z", "20261109T110000Z", "stand", True), ("20261109T100000Z", "20261109T110000Z", "retro", False)])
def test_a_moved_instance(start: str, end: str, summary: str, found: bool) -> None:
    text = f'<C:prop-filter name="SUMMARY"><C:text-match>{summary}</C:text-match></C:prop-filter>'
    assert asked(MOVED, within("VEVENT", start, end, "{}" + (text if summary else ""))) == found


MEETING = calendar(part(
    "VEVENT", "DTSTART;TZID=Europe/Berlin:20261110T100000 DURATION:PT1H "
    "SUMMARY:Köln\\,_Straße\\n2 CATEGORIES:WORK,Board "
    "ATTENDEE;PARTSTAT=ACCEPTED;CN=\"Bob;_Jr\":mailto:bob@example.org "
    "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=A^'B^'^^n:MAILTO:carl@example.org X-NOTE:a", alarm("TRIGGER:-PT5M")), zone=ZONE)


def prop(name: str, inner: str) -> str:
    return f'<C:comp-filter name="VEVENT"><C:prop-filter name="{name}">{inner}</C:prop-filter></C:comp-filter>'


def text(value: str, attributes: str = "") -> str:
    return f"<C:text-match {attributes}>{value}</C:text-match>"


def param(name: str, inner: str) -> str:
    return f'<C:param-filter name="{name}">{inner}</C:param-filter>'


OCTET, ASCII, UNICODE = (f'collation="i;{name}"' for name in ("octet", "ascii-casemap", "unicode-casemap"))
NEGATE = 'negate-condition="yes"'
PROPERTIES = [
    (prop("SUMMARY", ""), True), (prop("summary", ""), True), (prop("LOCATION", ""), False),
    (prop("LOCATION", "<C:is-not-defined/>"), True), (prop("SUMMARY", "<C:is-not-defined/>"), False),
    (prop("SUMMARY", text("kÖLN")), False), (prop("SUMMARY", text("kÖLN", UNICODE)), True),
    (prop("SUMMARY", text("köLN", ASCII)), True), (prop("SUMMARY", text("köLN", OCTET)), False),
    (prop("SUMMARY", text("Köln", OCTET)), True), (prop("SUMMARY", text("STRASSE", UNICODE)), True),
    (prop("SUMMARY", text("KÖLN", 'collation="default"')), True),
    (prop("SUMMARY", text("Köln,_Straße\n2", OCTET)), True),
    (prop("SUMMARY", text("Köln", NEGATE)), False), (prop("SUMMARY", text("Bonn", NEGATE)), True),
    (prop("LOCATION", text("Bonn", NEGATE)), False),
    (prop("CATEGORIES", text("board")), True), (prop("X-NOTE", text("A")), True),
    (prop("ATTENDEE", text("mailto:carl@example.org") + param("PARTSTAT", text("NEEDS-ACTION"))), True),
    (prop("ATTENDEE", text("mailto:bob@example.org") + param("PARTSTAT", text("NEEDS-ACTION"))), False),
    (prop("ATTENDEE", param("PARTSTAT", text("DECLINED", NEGATE))), True),
    (prop("ATTENDEE", param("CN", text("Bob;_Jr", OCTET))), True),
    (prop("ATTENDEE", param("CN", text('"Bob', OCTET))), False),
    (prop("ATTENDEE", param("CN", text('A"B"^n', OCTET))), True),
    (prop("ATTENDEE", param("RSVP", "<C:is-not-defined/>")), True),
    (prop("ATTENDEE", param("CN", "<C:is-not-defined/>")), False), (prop("ATTENDEE", param("RSVP", "")), False),
    (prop("DTSTART", param("TZID", "")), True), (prop("DTSTART", param("tzid", text("berlin"))), True),
    (prop("DTSTART", param("TZID", "<C:is-not-defined/>")), False),
    (prop("DTSTART", '<C:time-range start="20261110T090000Z" end="20261110T090001Z"/>'), True),
    (prop("DTSTART", '<C:time-range start="20261110T090001Z" end="20261110T100001Z"/>'), False),
    (prop("DTSTAMP", '<C:time-range end="20260101T000001Z"/>'), True),
    (prop("DTSTAMP", '<C:time-range start="20260101T000001Z"/>'), False),
    (prop("SUMMARY", '<C:time-range start="20260101T000001Z"/>'), False),
    ('<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"/></C:comp-filter>', True),
    ('<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter></C:comp-filter>',
     False),
    ('<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM"><C:prop-filter name="ACTION">'
     "<C:text-match>audio</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter>", False),
    ('<C:comp-filter name="VTIMEZONE"/>', True), ('<C:comp-filter name="VTODO"/>', False),
    ('<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>', True),
    ('<C:prop-filter name="PRODID"><C:text-match>TEST</C:text-match></C:prop-filter>', True),
    ('<C:prop-filter name="METHOD"/>', False), ("", True),
]


@pytest.mark.parametrize(("inner", "found"), PROPERTIES)
def test_properties_and_parameters(inner: str, found: bool) -> None:
    assert asked(MEETING, inner) == found


#: What Apple Reminders, Tasks.org and Thunderbird ask for of tasks, after RFC 4791 §7.8.9.
OPEN = ('<C:comp-filter name="VTODO"><C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>'
        '<C:prop-filter name="STATUS"><C:text-match negate-condition="yes">CANCELLED</C:text-match></C:prop-filter>'
        "</C:comp-filter>")
NOT_DONE = ('<C:comp-filter name="VTODO"><C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>'
            "</C:comp-filter>")
DONE_IN = ('<C:comp-filter name="VTODO"><C:prop-filter name="COMPLETED"><C:time-range start="20261101T000000Z" '
           'end="20261201T000000Z"/></C:prop-filter></C:comp-filter>')
DUE_IN = within("VTODO", "20261101T000000Z", "20261201T000000Z")


@pytest.mark.parametrize(("lines", "opened", "not_done", "done", "due"), [
    ("STATUS:NEEDS-ACTION DUE:20261110T100000Z", True, True, False, True),
    ("STATUS:IN-PROCESS DUE:20270110T100000Z", True, True, False, False),
    ("STATUS:COMPLETED COMPLETED:20261111T000000Z DUE:20261110T100000Z", False, False, True, True),
    ("STATUS:COMPLETED COMPLETED:20261001T000000Z", False, False, False, False),
    ("STATUS:CANCELLED", False, True, False, True), ("SUMMARY:any", False, True, False, True)])
def test_lists_of_tasks(lines: str, opened: bool, not_done: bool, done: bool, due: bool) -> None:
    task = calendar(part("VTODO", lines))
    assert [asked(task, inner) for inner in (OPEN, NOT_DONE, DONE_IN, DUE_IN)] == [opened, not_done, done, due]


@pytest.mark.parametrize("broken", [
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", calendar(part("VEVENT", "DTSTART:20261399T100000Z")),
    calendar(part("VEVENT", "DTSTART;TZID=Mars:20261110T100000")),
    calendar(part("VEVENT", "DTSTART:20000101T000000Z RRULE:FREQ=SECONDLY"))])
def test_what_cannot_be_read_is_shown(broken: str) -> None:
    assert asked(broken, within("VEVENT", TEN, ELEVEN))
