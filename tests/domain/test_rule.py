"""Recurrence rules against the library, and what hostile ones may cost, counted in periods and candidates."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr

from radicale_booking.domain import rule
from radicale_booking.domain.rule import Rule, parse
from radicale_booking.errors import InvalidCalendar

STARTS = tuple(map(datetime.fromisoformat, ("2024-01-31T09:30", "2023-12-25T00:00:07", "2024-02-29T23:59")))
RULES = (
    "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=5", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=-1,1",
    "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=5MO",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,-1;BYHOUR=1,2,23",
    "FREQ=MONTHLY;BYMONTH=2,3;INTERVAL=2", "FREQ=MONTHLY;BYHOUR=0,9;BYMINUTE=0,30", "FREQ=MONTHLY;COUNT=7;BYDAY=1SU",
    "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3", "FREQ=YEARLY;BYMONTH=2,6", "FREQ=YEARLY;BYMONTHDAY=15",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYDAY=1MO,-1FR", "FREQ=YEARLY;BYDAY=53MO",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=53,-1",
    "FREQ=YEARLY;BYWEEKNO=20;WKST=SU", "FREQ=YEARLY;BYYEARDAY=1,-1,366", "FREQ=YEARLY;BYDAY=TU,TH;BYSETPOS=3,-2",
    "FREQ=YEARLY;BYSETPOS=366;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=1,2", "FREQ=YEARLY;UNTIL=20400101T000000",
)


@pytest.mark.parametrize("text", RULES)
@pytest.mark.parametrize("start", STARTS)
def test_months_and_years_are_walked_as_by_the_library(text: str, start: datetime) -> None:
    expected = list(islice(rrulestr(text, dtstart=start), 120))
    assert list(islice(parse(text, None).starts(start), 120)) == expected


@pytest.mark.parametrize("text", [text for text in RULES if "COUNT" not in text and "UNTIL" not in text])
@pytest.mark.parametrize("start", STARTS)
def test_what_lies_before_is_left_out_and_nothing_else(text: str, start: datetime) -> None:
    low = datetime.fromisoformat("2061-07-04T12:00:00")
    near = (found for found in parse(text, None).starts(start, low) if found >= low)
    assert list(islice(near, 20)) == list(islice(rrulestr(text, dtstart=start).xafter(low, inc=True), 20))


class Work:
    """How often the library was asked for a period."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.periods = 0
        library = Rule._library

        def counted(one: Rule, start: datetime) -> object:
            self.periods += 1
            return library(one, start)

        monkeypatch.setattr(Rule, "_library", counted)


@pytest.mark.parametrize("text", [
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=30", "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6", "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    "FREQ=YEARLY;BYSETPOS=366;BYDAY=1MO", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=2",
    "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
])
def test_what_never_matches_is_known_after_the_few_shapes_that_a_period_has(
        text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch)
    start = datetime.fromisoformat("1601-02-01T09:00:00")
    assert list(parse(text, None).starts(start)) == []
    assert work.periods <= 12 * 7 * 2


def test_a_series_that_began_long_ago_costs_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(monkeypatch)
    first, low = map(datetime.fromisoformat, ("1601-01-01T09:00", "2030-01-01"))
    near = parse("FREQ=MONTHLY;BYDAY=2TU", None).starts(first, low)
    assert next(near) == datetime.fromisoformat("2030-01-08T09:00:00")
    assert work.periods == 1


@pytest.mark.parametrize("text", [
    "FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=1000000000", "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2", "FREQ=MONTHLY;BYDAY=6MO",
    "FREQ=YEARLY;BYDAY=54MO", "FREQ=WEEKLY;BYSETPOS=1;BYMONTHDAY=3", "FREQ=WEEKLY;BYHOUR=25", "FREQ=DAILY;INTERVAL=0",
    "FREQ=WEEKLY;BYHOUR={};BYMINUTE={}".format(",".join(map(str, range(24))), ",".join(map(str, range(60))))
    + ";BYSECOND=0,1",
])
def test_what_makes_no_sense_or_too_much_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidCalendar):
        parse(text, None)


def test_a_period_with_too_many_starts_is_refused_before_they_are_all_made(monkeypatch: pytest.MonkeyPatch) -> None:
    every = "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR={};BYMINUTE={}".format(
        ",".join(map(str, range(24))), ",".join(map(str, range(60))))
    made = 0

    def endless(*_: object) -> object:
        nonlocal made
        while True:
            made += 1
            yield datetime.fromisoformat("2024-01-01T00:00:00")

    monkeypatch.setattr(Rule, "_library", endless)
    with pytest.raises(InvalidCalendar):
        next(parse(every, None).starts(datetime.fromisoformat("2024-01-01T00:00:00")))
    assert made == rule._MOST_IN_A_PERIOD + 1
