"""Availability as clients write it: what they leave out, repeat, override and break."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.availability import combine
from radicale_booking.domain.interval import Interval, intersect
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.availability import MOST, read_availabilities

BERLIN = ZoneInfo("Europe/Berlin")
#: Monday to Sunday.
WEEK = Interval(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))

PACIFIC = """BEGIN:VTIMEZONE
TZID:Our Pacific
BEGIN:DAYLIGHT
TZOFFSETFROM:-0800
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
DTSTART:20070311T020000
TZNAME:PDT
TZOFFSETTO:-0700
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0700
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
DTSTART:20071104T020000
TZNAME:PST
TZOFFSETTO:-0800
END:STANDARD
END:VTIMEZONE
"""
#: The shape of Apple's Calendar: no span, no priority, a zone of its own, one AVAILABLE for like days.
APPLE = f"""BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//CALENDARSERVER.ORG//NONSGML Version 1//EN
VERSION:2.0
{PACIFIC}BEGIN:VAVAILABILITY
DTSTAMP:20260801T091500Z
UID:A0000000-0000-0000-0000-000000000001
BEGIN:AVAILABLE
DTEND;TZID=Our Pacific:20260803T173000
DTSTAMP:20260801T091500Z
DTSTART;TZID=Our Pacific:20260803T090000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH
SUMMARY:Weekdays
UID:A0000000-0000-0000-0000-000000000002
END:AVAILABLE
BEGIN:AVAILABLE
DTEND;TZID=Our Pacific:20260807T120000
DTSTAMP:20260801T091500Z
DTSTART;TZID=Our Pacific:20260807T090000
RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=0;UNTIL=
SUMMARY:Fridays
UID:A0000000-0000-0000-0000-000000000003
END:AVAILABLE
END:VAVAILABILITY
END:VCALENDAR
"""


def available(lines: str, uid: str = "a") -> str:
    return f"BEGIN:AVAILABLE\nUID:{uid}\nDTSTAMP:20260101T000000Z\n{lines.strip()}\nEND:AVAILABLE\n"


def block(lines: str = "", *parts: str) -> str:
    head = f"{lines.strip()}\n" if lines else ""
    return f"BEGIN:VAVAILABILITY\nUID:v\nDTSTAMP:20260101T000000Z\n{head}{''.join(parts)}END:VAVAILABILITY\n"


def calendar(*blocks: str) -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{''.join(blocks)}END:VCALENDAR\n"


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def shown(intervals: tuple[Interval, ...] | list[Interval], zone: ZoneInfo) -> str:
    return "|".join(f"{one.start.astimezone(zone):%a %d %H:%M}-{one.end.astimezone(zone):%H:%M}" for one in intervals)


def hours(text: str, zone: ZoneInfo = BERLIN, frame: Interval = WEEK) -> str:
    """When the principal is available, on a clock in ``zone``, which is that of floating times too."""
    return shown(combine(read_availabilities(crlf(text), frame, zone), frame).available, zone)


def test_what_apple_writes() -> None:
    (found,) = read_availabilities(crlf(APPLE), WEEK, BERLIN)
    assert (found.start, found.end, found.priority, found.busy_type) == (None, None, 0, "BUSY-UNAVAILABLE")
    assert shown(found.available, ZoneInfo("America/Los_Angeles")) == (
        "Mon 23 09:00-17:30|Tue 24 09:00-17:30|Wed 25 09:00-17:30|Thu 26 09:00-17:30|Fri 27 09:00-12:00")


def test_line_ends_do_not_matter() -> None:
    assert read_availabilities(APPLE, WEEK, BERLIN) == read_availabilities(crlf(APPLE), WEEK, BERLIN)


_WEEKLY = "DTSTART;TZID=Europe/Berlin:20261102T090000\nDTEND;TZID=Europe/Berlin:20261102T120000\nRRULE:FREQ=WEEKLY"


@pytest.mark.parametrize(("sentence", "parts", "expected"), [
    ("weekly", [available(_WEEKLY)], "Mon 23 09:00-12:00"),
    ("a duration", [available("DTSTART;TZID=Europe/Berlin:20261124T090000\nDURATION:PT90M")], "Tue 24 09:00-10:30"),
    ("UTC", [available("DTSTART:20261124T090000Z\nDTEND:20261124T100000Z")], "Tue 24 10:00-11:00"),
    ("a Windows zone", [available("DTSTART;TZID=W. Europe Standard Time:20261124T090000\nDURATION:PT1H")],
     "Tue 24 09:00-10:00"),
    ("floating time is the principal's", [available("DTSTART:20261124T090000\nDURATION:PT1H")], "Tue 24 09:00-10:00"),
    ("a date is a day of the principal's", [available("DTSTART;VALUE=DATE:20261124")], "Tue 24 00:00-00:00"),
    ("a moment is no time", [available("DTSTART:20261124T090000Z")], ""),
    ("an extra date", [available(f"{_WEEKLY}\nRDATE;TZID=Europe/Berlin:20261126T140000")],
     "Mon 23 09:00-12:00|Thu 26 14:00-17:00"),
    ("an excluded date", [available(f"{_WEEKLY};BYDAY=MO,TU\nEXDATE;TZID=Europe/Berlin:20261123T090000")],
     "Tue 24 09:00-12:00"),
    ("an override moves one occurrence",
     [available(f"{_WEEKLY};BYDAY=MO,TU"),
      available("RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000\n"
                "DTSTART;TZID=Europe/Berlin:20261125T150000\nDTEND;TZID=Europe/Berlin:20261125T160000")],
     "Tue 24 09:00-12:00|Wed 25 15:00-16:00"),
    ("an override belongs to its own UID",
     [available(_WEEKLY, "one"), available(_WEEKLY.replace("T12", "T11"), "two"),
      available("RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000\n"
                "DTSTART;TZID=Europe/Berlin:20261123T150000\nDURATION:PT1H", "two")],
     "Mon 23 09:00-12:00|Mon 23 15:00-16:00"),
    ("a cancelled occurrence is not available",
     [available(f"{_WEEKLY};BYDAY=MO,TU"),
      available("RECURRENCE-ID;TZID=Europe/Berlin:20261123T090000\nSTATUS:CANCELLED\n"
                "DTSTART;TZID=Europe/Berlin:20261123T090000\nDURATION:PT1H")],
     "Tue 24 09:00-12:00"),
    ("a series that ended", [available(f"{_WEEKLY};UNTIL=20261116T090000Z")], ""),
    ("times that overlap are one", [available(_WEEKLY, "one"),
                                    available(_WEEKLY.replace("T12", "T13").replace("T09", "T11"), "two")],
     "Mon 23 09:00-13:00"),
    ("no time at all", [], ""),
])
def test_available_times(sentence: str, parts: list[str], expected: str) -> None:
    assert hours(calendar(block("", *parts))) == expected, sentence


def test_they_are_cut_at_the_frame() -> None:
    text = calendar(block("", available("DTSTART:20261101T000000Z\nDTEND:20261224T000000Z")))
    assert read_availabilities(crlf(text), WEEK, BERLIN)[0].available == (WEEK,)


@pytest.mark.parametrize(("zone", "frame", "expected"), [
    ("Europe/Berlin", ("2026-10-23", "2026-10-27"), ["07:00", "07:00", "08:00", "08:00"]),
    ("Europe/Berlin", ("2026-03-27", "2026-03-31"), ["08:00", "08:00", "07:00", "07:00"]),
    ("Our Pacific", ("2026-10-30", "2026-11-03"), ["16:00", "16:00", "17:00", "17:00"]),
])
def test_nine_o_clock_stays_nine_when_clocks_change(zone: str, frame: tuple[str, str], expected: list[str]) -> None:
    text = calendar(PACIFIC, block("", available(
        f"DTSTART;TZID={zone}:20260101T090000\nDTEND;TZID={zone}:20260101T100000\nRRULE:FREQ=DAILY")))
    low, high = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in frame)
    (found,) = read_availabilities(crlf(text), Interval(low, high), BERLIN)
    assert [f"{one.start:%H:%M}" for one in found.available] == expected


@pytest.mark.parametrize(("lines", "start", "end"), [
    ("", None, None),
    ("DTSTART:20261124T090000Z", "2026-11-24T09:00Z", None),
    ("DTEND:20261124T090000Z", None, "2026-11-24T09:00Z"),
    ("DTSTART;TZID=Europe/Berlin:20261124T090000\nDTEND;TZID=Europe/Berlin:20261125T090000",
     "2026-11-24T08:00Z", "2026-11-25T08:00Z"),
    ("DTSTART;TZID=America/New_York:20261124T000000\nDURATION:P1W", "2026-11-24T05:00Z", "2026-12-01T05:00Z"),
    ("DTSTART:20261124T000000\nDTEND;VALUE=DATE:20261126", "2026-11-23T23:00Z", "2026-11-25T23:00Z"),
    ("DTSTART:20261124T090000Z\nDTEND:20261124T090000Z", "2026-11-24T09:00Z", "2026-11-24T09:00Z"),
])
def test_the_span(lines: str, start: str | None, end: str | None) -> None:
    (found,) = read_availabilities(crlf(calendar(block(lines))), WEEK, BERLIN)
    assert (found.start, found.end) == tuple(text and datetime.fromisoformat(text) for text in (start, end))


@pytest.mark.parametrize(("lines", "priority", "busy_type"), [
    ("", 0, "BUSY-UNAVAILABLE"), ("PRIORITY:0\nBUSYTYPE:BUSY-UNAVAILABLE", 0, "BUSY-UNAVAILABLE"),
    ("PRIORITY:1\nBUSYTYPE:BUSY", 1, "BUSY"), ("PRIORITY:9\nBUSYTYPE:busy-tentative", 9, "BUSY-TENTATIVE"),
    ("BUSYTYPE:X-SAILING", 0, "BUSY"), ("BUSYTYPE:FREE", 0, "BUSY"),
])
def test_priority_and_busy_type(lines: str, priority: int, busy_type: str) -> None:
    (found,) = read_availabilities(crlf(calendar(block(lines))), WEEK, BERLIN)
    assert (found.priority, found.busy_type) == (priority, busy_type)


def test_a_week_elsewhere_replaces_the_usual_hours() -> None:
    usual = block("", available(
        "DTSTART;TZID=Europe/Berlin:20260105T080000\nDTEND;TZID=Europe/Berlin:20260105T180000\nRRULE:FREQ=DAILY"))
    away = block(
        "DTSTART;TZID=America/New_York:20261125T000000\nDTEND;TZID=America/New_York:20261127T000000\nPRIORITY:1",
        available("DTSTART;TZID=America/New_York:20261125T080000\nDURATION:PT4H\nRRULE:FREQ=DAILY"))
    expected = "Mon 23 08:00-18:00|Tue 24 08:00-18:00|Wed 25 14:00-18:00|Thu 26 14:00-18:00"
    # The usual hours of the day it starts hold until its midnight; those of the last day begin with its end.
    weekend = "|Fri 27 08:00-18:00|Sat 28 08:00-18:00|Sun 29 08:00-18:00"
    assert hours(calendar(usual, away)) == hours(calendar(away, usual)) == expected + weekend
    combined = combine(read_availabilities(crlf(calendar(usual, away)), WEEK, BERLIN), WEEK)
    morning = Interval(datetime(2026, 11, 26, 8, tzinfo=UTC), datetime(2026, 11, 26, 12, tzinfo=UTC))
    assert intersect([one.interval for one in combined.unavailable], [morning]) == [morning]


@pytest.mark.parametrize(("text", "named"), [
    ("", "iCalendar"),
    ("no calendar", "iCalendar"),
    (calendar(), "VAVAILABILITY"),
    (calendar("BEGIN:VEVENT\nUID:e\nDTSTART:20261124T090000Z\nEND:VEVENT\n"), "VAVAILABILITY"),
    (calendar(block("DTSTART:soon")), "iCalendar"),
    (calendar(block("DTEND:later")), "iCalendar"),
    (calendar(block("DTSTART:20261124T090000Z\nDURATION:long")), "iCalendar"),
    (calendar(block("DURATION:PT1H")), "DURATION"),
    (calendar(block("DTSTART:20261124T090000Z\nDTEND:20261123T090000Z")), "VAVAILABILITY"),
    (calendar(block("DTSTART:20261124T090000Z\nDTSTART:20261125T090000Z")), "VAVAILABILITY"),
    (calendar(block("DTSTART:99991231T000000Z\nDURATION:P9D")), "VAVAILABILITY"),
    (calendar(block("PRIORITY:10")), "VAVAILABILITY"),
    (calendar(block("PRIORITY:high")), "iCalendar"),
    (calendar(block("", available("SUMMARY:always"))), "DTSTART"),
    (calendar(block("", available("DTSTART:soon"))), "iCalendar"),
    (calendar(block("", available("DTSTART:20261124T090000Z\nRRULE:FREQ=SECONDLY"))), "RRULE"),
    (calendar(block("", available("DTSTART:20261124T090000Z\nDTSTART:20261125T090000Z"))), "AVAILABLE"),
    (calendar(*[block()] * (MOST + 1)), "VAVAILABILITY"),
])
def test_what_cannot_be_read_says_what_and_the_remedy(text: str, named: str) -> None:
    with pytest.raises(InvalidCalendar) as caught:
        read_availabilities(crlf(text), WEEK, BERLIN)
    assert caught.value.name == named
    assert caught.value.problem
    assert caught.value.remedy


def test_what_costs_too_much_is_refused() -> None:
    daily = "DURATION:PT1M\nRRULE:FREQ=DAILY;BYMINUTE=0,15,30,45"
    often = [available(f"DTSTART:20260101T{hour:02}0000Z\n{daily}", f"{hour}") for hour in range(20)]
    year = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidCalendar, match="too many available times"):
        read_availabilities(crlf(calendar(block("", *often))), year, BERLIN)
    assert len(read_availabilities(crlf(calendar(block("", *often[:2]))), year, BERLIN)[0].available) == 2 * 4 * 365


@given(st.text(max_size=100), st.sampled_from(["DTSTART", "DTEND", "DURATION", "PRIORITY", "BUSYTYPE"]),
       st.sampled_from(["DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"]))
def test_nothing_a_client_writes_raises_anything_else(value: str, outer: str, inner: str) -> None:
    start = "DTSTART:20261124T090000Z"
    for text in (calendar(block(f"{outer}:{value}")), calendar(block("", available(f"{start}\n{inner}:{value}")))):
        try:
            assert read_availabilities(crlf(text), WEEK, BERLIN)
        except InvalidCalendar as error:
            assert error.remedy  # noqa: PT017 - whether it raises depends on the text
