"""Expansion against another library on random rules, the days on which clocks change, and rules meant to hurt."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import read_components

ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Europe/Dublin",
    "America/Santiago",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Tehran",
    "America/Nuuk",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Africa/Cairo",
]
FRAME = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC))


def text(*blocks: str) -> str:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n{block}\r\nEND:VEVENT\r\n"
        for block in ("\r\n".join(block.split("\n")) for block in blocks)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n"


def starts(source: str, zone: str = "UTC", frame: Interval = FRAME) -> list[str]:
    expansion = expand(read_components(source), frame, ZoneInfo(zone))
    return [f"{one.start.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for one in expansion.instances]


@pytest.mark.parametrize(
    ("sentence", "source", "expected"),
    [
        ("a single event", text("DTSTART:20260301T100000Z"), "2026-03-01 10:00"),
        (
            "COUNT counts the first",
            text("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=3"),
            "2026-03-01 10:00|2026-03-02 10:00|2026-03-03 10:00",
        ),
        (
            "UNTIL is included",
            text("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;UNTIL=20260303T100000Z"),
            "2026-03-01 10:00|2026-03-02 10:00|2026-03-03 10:00",
        ),
        (
            "UNTIL as a date includes that day",
            text("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;UNTIL=20260302"),
            "2026-03-01 10:00|2026-03-02 10:00",
        ),
        (
            "EXDATE removes",
            text("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260302T100000Z"),
            "2026-03-01 10:00|2026-03-03 10:00",
        ),
        (
            "EXDATE in another zone removes the same instant",
            text("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;TZID=Europe/Berlin:20260302T110000"),
            "2026-03-01 10:00",
        ),
        (
            "EXDATE as a date removes the day",
            text("DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;VALUE=DATE:20260302"),
            "2026-03-01 10:00",
        ),
        (
            "RDATE adds, once",
            text("DTSTART:20260301T100000Z\nRDATE:20260305T120000Z,20260301T100000Z"),
            "2026-03-01 10:00|2026-03-05 12:00",
        ),
        (
            "a changed occurrence replaces its own",
            text(
                "DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=3",
                "RECURRENCE-ID:20260302T100000Z\nDTSTART:20260310T080000Z",
            ),
            "2026-03-01 10:00|2026-03-03 10:00|2026-03-10 08:00",
        ),
        (
            "THISANDFUTURE moves the rest",
            text(
                "DTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=4",
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260303T100000Z\nDTSTART:20260303T120000Z",
            ),
            "2026-03-01 10:00|2026-03-02 10:00|2026-03-03 12:00|2026-03-04 12:00",
        ),
        (
            "an occurrence without its series stands alone",
            text("RECURRENCE-ID:20260302T100000Z\nDTSTART:20260302T090000Z"),
            "2026-03-02 09:00",
        ),
        (
            "Apple's endless rule ends nowhere",
            text("DTSTART:20270629T100000Z\nRRULE:FREQ=DAILY;COUNT=0;UNTIL="),
            "2027-06-29 10:00|2027-06-30 10:00",
        ),
        (
            "the last Friday",
            text("DTSTART:20260130T100000Z\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"),
            "2026-01-30 10:00|2026-02-27 10:00|2026-03-27 10:00",
        ),
        (
            "leap days",
            text("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=2"),
            "2024-02-29 00:00|2028-02-29 00:00",
        ),
        (
            "a day has no time",
            text("DTSTART;VALUE=DATE:20260301\nRRULE:FREQ=WEEKLY;COUNT=2"),
            "2026-03-01 00:00|2026-03-08 00:00",
        ),
    ],
)
def test_recurrence(sentence: str, source: str, expected: str) -> None:
    assert starts(source) == expected.split("|"), sentence


@pytest.mark.parametrize(
    ("zone", "rule", "expected"),
    [
        # Clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00.
        ("Europe/Berlin", "20260328T023000", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
        ("Europe/Berlin", "20261024T023000", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
        ("America/New_York", "20260307T023000", ["2026-03-07T07:30", "2026-03-08T07:30", "2026-03-09T06:30"]),
        # Half an hour, at 02:00 on 2026-04-05.
        ("Australia/Lord_Howe", "20260404T100000", ["2026-04-03T23:00", "2026-04-04T23:30", "2026-04-05T23:30"]),
    ],
)
def test_a_daily_event_keeps_its_wall_time(zone: str, rule: str, expected: list[str]) -> None:
    source = text(f"DTSTART;TZID={zone}:{rule}\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=3")
    expansion = expand(read_components(source), FRAME, ZoneInfo("UTC"))
    assert [f"{one.start:%Y-%m-%dT%H:%M}" for one in expansion.instances] == expected
    assert {one.end - one.start for one in expansion.instances} == {timedelta(minutes=30)}


def test_an_event_in_a_gap_still_takes_time() -> None:
    source = text("DTSTART;TZID=Europe/Berlin:20260329T023000\nDTEND;TZID=Europe/Berlin:20260329T033000")
    (instance,) = expand(read_components(source), FRAME, ZoneInfo("UTC")).instances
    assert instance.end - instance.start == timedelta(hours=1)


def test_the_day_that_samoa_left_out() -> None:
    source = text("DTSTART;TZID=Pacific/Apia:20111229T100000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3")
    frame = Interval(datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 2, 1, tzinfo=UTC))
    found = [one.start for one in expand(read_components(source), frame, ZoneInfo("UTC")).instances]
    assert found[0] == datetime(2011, 12, 29, 20, tzinfo=UTC)
    assert found[-1] == datetime(2011, 12, 30, 20, tzinfo=UTC)


def test_an_all_day_event_lasts_the_local_day() -> None:
    source = text("DTSTART;VALUE=DATE:20261025")
    (instance,) = expand(read_components(source), FRAME, ZoneInfo("Europe/Berlin")).instances
    assert instance.end - instance.start == timedelta(hours=25)


rules = st.one_of(
    st.builds(
        "FREQ=DAILY;INTERVAL={}{}".format, st.integers(1, 5), st.sampled_from(["", ";BYDAY=MO,WE,FR", ";BYMONTH=3,10"])
    ),
    st.builds(
        "FREQ=WEEKLY;INTERVAL={}{}".format,
        st.integers(1, 3),
        st.sampled_from(["", ";BYDAY=TU,SA", ";BYDAY=SU;WKST=SU"]),
    ),
    st.builds(
        "FREQ=MONTHLY;INTERVAL={}{}".format,
        st.integers(1, 3),
        st.sampled_from(
            ["", ";BYMONTHDAY=-1", ";BYDAY=2TU", ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ";BYMONTHDAY=13;BYDAY=FR"]
        ),
    ),
    st.builds(
        "FREQ=YEARLY{}".format,
        st.sampled_from(["", ";BYMONTH=2;BYMONTHDAY=29", ";BYDAY=-1SU;BYMONTH=10", ";BYYEARDAY=100"]),
    ),
)
ends = st.one_of(
    st.just(""),
    st.builds(";COUNT={}".format, st.integers(1, 30)),
    st.dates(date(2025, 6, 1), date(2027, 6, 1)).map(lambda day: f";UNTIL={day:%Y%m%d}T235959Z"),
)


@settings(max_examples=200, deadline=None)
@given(rules, ends, st.sampled_from(ZONES), st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1)))  # noqa: DTZ001
def test_expansion_is_that_of_another_library(rule: str, end: str, zone: str, start: datetime) -> None:
    start = start.replace(second=0, microsecond=0, hour=start.hour if start.hour > 4 else 12)  # no gap, no fold
    source = text(f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}\nDURATION:PT45M\nRRULE:{rule}{end}")
    frame = Interval(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    ours = {
        one.start
        for one in expand(read_components(source), frame, ZoneInfo("UTC")).instances
        if one.start < frame.end and frame.start < one.end
    }
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(source)).between(frame.start, frame.end)
    theirs = {event["DTSTART"].dt.astimezone(UTC) for event in events}
    # RFC 5545 §3.8.5.3 leaves open what a DTSTART outside its own rule means; ours always counts it.
    first = start.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert ours - {first} == theirs - {first}


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;COUNT=5",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYHOUR=99",
        "FREQ=NEVER",
        "FREQ=HOURLY;BYMONTH=6;BYYEARDAY=1",
        "FREQ=WEEKLY;BYMONTHDAY=31;BYMONTH=2",
        "nonsense",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19",
    ],
)
def test_a_rule_that_cannot_be_expanded_is_named(rule: str) -> None:
    with pytest.raises(InvalidCalendar):
        expand(read_components(text(f"DTSTART:20260301T100000Z\nRRULE:{rule}")), FRAME, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=DAILY;COUNT=1000000000",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
    ],
)
def test_old_and_empty_series_cost_bounded_work(rule: str) -> None:
    began = time.process_time()
    source = text(f"DTSTART:19700105T100000Z\nDURATION:PT1H\nRRULE:{rule}")
    try:
        found = expand(read_components(source), FRAME, ZoneInfo("UTC")).instances
    except InvalidCalendar:
        found = ()
    assert len(found) <= 20_000
    assert time.process_time() - began < 20, "not a measurement: an unbounded search would take minutes"


def test_endless_series_are_framed_and_short_ones_whole() -> None:
    endless = expand(read_components(text("DTSTART:19900101T100000Z\nRRULE:FREQ=DAILY")), FRAME, ZoneInfo("UTC"))
    assert not endless.complete
    assert endless.last is None
    assert endless.first == datetime(1990, 1, 1, 10, tzinfo=UTC)
    assert len(endless.instances) == (FRAME.end - FRAME.start).days
    short = expand(read_components(text("DTSTART:19900101T100000Z\nRRULE:FREQ=DAILY;COUNT=5")), FRAME, ZoneInfo("UTC"))
    assert short.complete
    assert len(short.instances) == 5
