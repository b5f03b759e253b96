"""Expansion of random rules, dates and changes, against ``dateutil`` and against its own parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from radicale_booking.domain import civil
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import Component, Period, expand
from radicale_booking.domain.rule import Rule, parse
from radicale_booking.errors import InvalidCalendar

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONES = ("Europe/Dublin", "America/Santiago", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Tehran", "America/Nuuk",
         "Pacific/Apia", "America/New_York", "UTC")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def some(values: st.SearchStrategy[object], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, found)))


def part(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), values.map(lambda value: f";{name}={value}"))


def days(low: int, high: int) -> st.SearchStrategy[object]:
    return st.integers(low, high).flatmap(lambda number: st.sampled_from((number, -number)))


ORDINALS = st.builds("{}{}".format, st.sampled_from(("", "1", "2", "-1", "4")), st.sampled_from(WEEKDAYS))
TIMES = st.builds("{}{}".format, part("BYHOUR", some(st.integers(0, 23))), part("BYMINUTE", some(st.integers(0, 59))))
MONTHS = part("BYMONTH", some(st.integers(1, 12)))
#: Of every frequency with all that may select, RFC 5545 §3.3.10.
RULES = st.one_of(
    st.builds("FREQ=HOURLY;INTERVAL={}{}{}".format, st.integers(2, 50), MONTHS,
              part("BYDAY", some(st.sampled_from(WEEKDAYS)))),
    st.builds("FREQ=DAILY;INTERVAL={}{}{}{}{}".format, st.integers(1, 40), MONTHS,
              part("BYDAY", some(st.sampled_from(WEEKDAYS), 5)), part("BYMONTHDAY", some(days(1, 31))), TIMES),
    st.builds("FREQ=WEEKLY;INTERVAL={}{}{}{}".format, st.integers(1, 6),
              part("BYDAY", some(st.sampled_from(WEEKDAYS), 5)), part("WKST", st.sampled_from(WEEKDAYS)), TIMES),
    st.builds("FREQ=MONTHLY;INTERVAL={}{}{}{}".format, st.integers(1, 7), part("BYDAY", some(ORDINALS)), MONTHS, TIMES),
    st.builds("FREQ=MONTHLY;BYMONTHDAY={}{}".format, some(days(1, 31)),
              part("BYDAY", some(st.sampled_from(WEEKDAYS), 5))),
    st.builds("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={}".format, some(days(1, 5))),
    st.builds("FREQ=YEARLY;INTERVAL={}{}{}{}".format, st.integers(1, 3), MONTHS, part("BYDAY", some(ORDINALS)), TIMES),
    st.builds("FREQ=YEARLY;BYYEARDAY={}".format, some(days(1, 366))),
    st.builds("FREQ=YEARLY;BYWEEKNO={};BYDAY={}".format, some(days(1, 52)), some(st.sampled_from(WEEKDAYS))),
    st.builds("FREQ=YEARLY;BYMONTHDAY={}{}".format, some(days(1, 31)), MONTHS),
)
FIRST, LAST = datetime(2019, 1, 1), datetime(2024, 1, 1)  # noqa: DTZ001 - wall times are naive
ENDS = st.one_of(st.just(""), st.integers(1, 60).map(";COUNT={}".format),
                 st.datetimes(FIRST + 365 * DAY, LAST).map(";UNTIL={:%Y%m%dT%H%M%S}".format))
STARTS = st.datetimes(FIRST, LAST - 365 * DAY).map(lambda start: start.replace(microsecond=0))


@settings(max_examples=300, deadline=None)
@given(RULES, ENDS, STARTS)
def test_a_rule_starts_when_dateutil_says(rule: str, end: str, start: datetime) -> None:
    try:
        ours = list(takewhile(lambda one: one < LAST, parse(rule + end, None).starts(start)))
    except InvalidCalendar:
        reject()
    # Without an end the other would look for one that never comes until the year 9999.
    bound = end if "UNTIL" in end else ";UNTIL=20240101T000000"
    count = int(end.removeprefix(";COUNT=")) if "COUNT" in end else None
    theirs = islice(rrulestr(rule + bound, dtstart=start), count)
    assert ours == list(takewhile(lambda one: one < LAST, theirs))


@settings(max_examples=100, deadline=None)
@given(RULES, STARTS, st.integers(0, 1400), st.integers(1, 60), st.sampled_from(ZONES),
       st.sampled_from([HOUR, 3 * DAY, 40 * DAY]))
def test_a_frame_shows_its_part_of_the_series(rule: str, start: datetime, offset: int, length: int, name: str,
                                              lasts: timedelta) -> None:
    zone = ZoneInfo(name)
    source = Component("u", start, zone, lasts, rules=(parsed(rule, zone),))
    low = datetime(2019, 1, 1, tzinfo=UTC) + offset * DAY
    frame = Interval(low, low + length * DAY)
    wide = Interval(datetime(2018, 1, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))
    assert within(frame, [source], zone, frame) == within(frame, [source], zone, wide)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(ZONES), STARTS, st.integers(2, 40), st.integers(1, 5))
def test_dates_and_changes_are_what_they_say(data: st.DataObject, name: str, start: datetime, count: int,
                                             interval: int) -> None:
    zone = ZoneInfo(name)
    regular = [start + number * interval * DAY for number in range(count)]
    picked = st.lists(st.sampled_from(regular[1:]), max_size=4, unique=True)
    extra = data.draw(st.lists(st.integers(1, 200).map(lambda hours: start + hours * HOUR), max_size=3))
    removed, changed = data.draw(picked), data.draw(picked)
    follow = data.draw(st.sampled_from([None, *regular[1:]]))
    master = Component("u", start, zone, HOUR, rules=(parse(f"FREQ=DAILY;INTERVAL={interval};COUNT={count}", zone),),
                       rdates=tuple(Period(one, 2 * HOUR) for one in extra), exdates=frozenset(removed))
    overrides = [Component("u", one + 3 * HOUR, zone, 3 * HOUR, recurrence_id=one) for one in changed]
    if follow is not None:
        overrides = [one for one in overrides if one.recurrence_id != follow]
        overrides.append(Component("u", follow + 5 * HOUR, zone, 4 * HOUR, recurrence_id=follow, this_and_future=True))
    replaced = {one.recurrence_id for one in overrides}
    expected = [(one.start, one.duration) for one in overrides]
    for wall in sorted({*regular, *extra}):
        if wall in replaced or wall in removed:
            continue
        if follow is not None and wall > follow:
            expected.append((wall + 5 * HOUR, 4 * HOUR))
        else:
            expected.append((wall, 2 * HOUR if wall in extra else HOUR))
    frame = Interval(datetime(2018, 1, 1, tzinfo=UTC), datetime(2024, 6, 1, tzinfo=UTC))
    found = expand([master, *overrides], frame, UTC)
    assert found.complete
    assert [(one.start, one.end - one.start) for one in found.instances] == sorted(
        (civil.to_utc(wall, zone), length) for wall, length in expected)


@settings(max_examples=60, deadline=None)
@given(RULES, STARTS, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_a_floating_series_is_the_same_in_every_zone(rule: str, start: datetime, one: str, other: str) -> None:
    source = Component("u", start, None, HOUR, rules=(parsed(rule + ";COUNT=20", None),))
    frame = Interval(datetime(2018, 1, 1, tzinfo=UTC), datetime(2045, 6, 1, tzinfo=UTC))
    try:
        here, there = (expand([source], frame, ZoneInfo(name)).instances for name in (one, other))
    except InvalidCalendar:
        reject()
    placed = (expand([replace(source, zone=ZoneInfo(one))], frame, UTC)).instances
    assert [found.start for found in here] == [found.start for found in placed]
    assert len(here) == len(there)


def parsed(rule: str, zone: ZoneInfo | None) -> Rule:
    try:
        return parse(rule, zone)
    except InvalidCalendar:
        reject()


def within(frame: Interval, components: list[Component], zone: ZoneInfo, asked: Interval) -> list[datetime]:
    try:
        found = expand(components, asked, zone).instances
    except InvalidCalendar:
        reject()
    return [one.start for one in found if one.start < frame.end and frame.start < one.end]
