"""A day on the wall and 24 hours are two lengths (RFC 5545 §3.3.6); and rules whose end is empty."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import expand
from radicale_booking.ical import instances
from radicale_booking.ical.empty_until import repaired
from radicale_booking.ical.exact_duration import marked, nominal_days
from radicale_booking.ical.reader import read_components

FRAME = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(("line", "days"), [
    ("DURATION:P1D", 1), ("DURATION:P2W", 14), ("DURATION:P1DT12H", 1), ("DURATION:P1DT24H", 2),
    ("DURATION:PT24H", 0), ("DURATION:PT36H", 0), ("DURATION:+PT24H", 0), ("DURATION:PT90000S", 0),
    ("DURATION;X-A=B:PT24H", 0), ("DURATION;X-A=B:P1D", 1), ("DURATION:PT0S", 0),
])
def test_days_on_the_wall(line: str, days: int) -> None:
    text = f"BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20260101T100000Z\r\n{line}\r\nEND:VEVENT\r\n"
    event = icalendar.Event.from_ical(marked(text))
    assert nominal_days(event["DURATION"]) == days


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin",
                                  "America/Santiago", "Asia/Tehran"])
@pytest.mark.parametrize(("duration", "on_the_wall"), [
    ("P1D", True), ("PT24H", False), ("P7D", True), ("PT168H", False)])
def test_over_every_change_of_the_year(zone: str, duration: str, on_the_wall: bool) -> None:
    tz = ZoneInfo(zone)
    text = marked("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
                  f"DTSTART;TZID={zone}:20260102T120000\r\nDURATION:{duration}\r\nRRULE:FREQ=DAILY;COUNT=350\r\n"
                  "END:VEVENT\r\nEND:VCALENDAR\r\n")
    length = timedelta(days=7 if "7" in duration or "168" in duration else 1)
    for one in expand(read_components(text), FRAME, UTC).instances:
        start, end = (moment.astimezone(tz).replace(tzinfo=None) for moment in (one.start, one.end))
        assert start.hour == 12
        if on_the_wall:
            assert end - start == length
        else:
            assert one.end - one.start == length


def test_the_index_tells_them_apart() -> None:
    def ends(duration: str) -> int:
        text = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
                f"DTSTART;TZID=Europe/Berlin:20260328T120000\r\nDURATION:{duration}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
        (row,) = instances.index(text, now=FRAME.start, floating_zone=UTC).rows
        return row.end_epoch - row.start_epoch

    assert (ends("P1D"), ends("PT24H")) == (23 * 3600, 24 * 3600)


@pytest.mark.parametrize(("rule", "expected"), [
    ("RRULE:FREQ=DAILY;COUNT=0;UNTIL=", "RRULE:FREQ=DAILY"),
    ("RRULE:FREQ=DAILY;UNTIL=", "RRULE:FREQ=DAILY"),
    ("RRULE:FREQ=DAILY;UNTIL=;BYDAY=MO", "RRULE:FREQ=DAILY;BYDAY=MO"),
    ("RRULE:FREQ=DAILY;UNTIL=20260101T000000Z", "RRULE:FREQ=DAILY;UNTIL=20260101T000000Z"),
    ("RRULE:FREQ=DAILY;COUNT=5", "RRULE:FREQ=DAILY;COUNT=5"),
    ("DESCRIPTION:;UNTIL=", "DESCRIPTION:;UNTIL="),
])
def test_empty_ends(rule: str, expected: str) -> None:
    assert repaired(f"BEGIN:VEVENT\r\n{rule}\r\nEND:VEVENT\r\n") == f"BEGIN:VEVENT\r\n{expected}\r\nEND:VEVENT\r\n"
