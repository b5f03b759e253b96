"""Objects that are made to cost much are refused before they do, with a clear reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from radicale_booking.domain import recurrence
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.ical import instances

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FIRST = datetime(2020, 1, 1, 9, tzinfo=UTC)


def event(extra: str) -> str:
    return ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\n"
            f"DTSTART:20200101T090000Z\r\nDURATION:PT30M\r\n{extra}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")


def index(extra: str) -> ItemIndex:
    return instances.index(event(extra), now=NOW, floating_zone=UTC)


def days(count: int, form: str = "{:%Y%m%dT%H%M%SZ}") -> list[str]:
    return [form.format(FIRST + timedelta(days=number)) for number in range(count)]


def overrides(count: int) -> str:
    return "RRULE:FREQ=DAILY" + "".join(
        f"\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:{day}\r\nDTSTART:{day}" for day in days(count))


@pytest.mark.parametrize(("extra", "reason"), [
    ("RRULE:FREQ=DAILY\r\nEXDATE:" + ",".join(days(20_001)), "too many dates"),
    ("RRULE:FREQ=DAILY\r\n" + "\r\n".join(f"EXDATE:{day}" for day in days(20_001)), "too many dates"),
    ("RRULE:FREQ=DAILY\r\nEXDATE:" + ",\r\n ".join(days(20_001)), "too many dates"),
    ("RDATE;VALUE=PERIOD:" + ",".join(days(20_001, "{:%Y%m%dT%H%M%SZ}/P365D")), "too many dates"),
    (overrides(100_000), "too many changed occurrences"),
], ids=["one line", "many lines", "folded", "periods", "overrides"])
def test_too_much_is_refused_before_it_is_parsed(extra: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(*_: Any) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr(instances, "read_calendar", parsed)
    refused = index(extra)
    assert reason in (refused.unreadable or "")
    # What cannot be read blocks all that it may cover.
    assert refused.rows == ()
    assert refused.first_epoch < NOW.timestamp() < refused.last_epoch


@pytest.mark.parametrize(("extra", "reason"), [
    ("\r\n".join(["RRULE:FREQ=HOURLY;INTERVAL=2"] * 11), "too many rules"),
    ("RRULE:FREQ=SECONDLY", "not supported"),
    ("RRULE:FREQ=HOURLY;COUNT=1000000000", "too often"),
    ("RRULE:FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0,10,20,30,40,50;COUNT=1000000000", "too often"),
])
def test_what_recurs_too_often_is_refused(extra: str, reason: str) -> None:
    assert reason in (index(extra).unreadable or "")


#: Function calls that one object may cost, whatever is in it: some seconds.
MOST_CALLS = 12_000_000
AGAIN = "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20200101T0{:02d}000Z\r\nRRULE:FREQ=HOURLY;INTERVAL=3"
HOSTILE = {
    "every second": "RRULE:FREQ=SECONDLY",
    "every minute": "RRULE:FREQ=MINUTELY;COUNT=1000000000",
    "every minute of the day": "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(
        map(str, range(60))),
    "every second of the year": "RRULE:FREQ=YEARLY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(
        map(str, range(60))) + ";BYSECOND=" + ",".join(map(str, range(60))),
    "a position that never is": "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "the last second of what never is": "RRULE:FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2,4,6;BYSETPOS=-366",
    "every position of every day": "RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,6,12,18;BYSETPOS=" + ",".join(
        map(str, range(1, 367))),
    "positions of hours": "RRULE:FREQ=HOURLY;BYMINUTE=0,30;BYSETPOS=-1",
    "weeks of positions": "RRULE:FREQ=WEEKLY;INTERVAL=100000;BYDAY=MO;BYSETPOS=7",
    "a day that no year has": "RRULE:FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    "a week that no month has": "RRULE:FREQ=YEARLY;BYWEEKNO=53;BYMONTH=7",
    "thirty-first of February": "RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31",
    "an interval beyond all time": "RRULE:FREQ=DAILY;INTERVAL=999999999999",
    "a count beyond all numbers": "RRULE:FREQ=DAILY;COUNT=" + "9" * 4000,
    "an end in the last year": "RRULE:FREQ=HOURLY;UNTIL=99991231T235959Z",
    "counted for ever": "RRULE:FREQ=YEARLY;COUNT=1000000000;BYMONTH=2;BYMONTHDAY=29",
    "many rules": "\r\n".join(f"RRULE:FREQ=HOURLY;INTERVAL=2;BYMINUTE={minute}" for minute in range(10)),
    "periods in periods": "RDATE;VALUE=PERIOD:" + ",".join(
        f"20200101T{hour:02d}{minute:02d}00Z/P{99999 - minute}D" for hour in range(24) for minute in range(60)),
    "periods and a rule": "RRULE:FREQ=DAILY\r\nRDATE;VALUE=PERIOD:20200101T000000Z/P36500D",
    "a period that ends before it begins": "RDATE;VALUE=PERIOD:20300101T000000Z/20200101T000000Z",
    "an endless event every day": "RRULE:FREQ=DAILY\r\nX-A:B\r\nDTEND:99991231T235959Z",
    "the same series again and again": AGAIN.format(1) + "".join("\r\n" + AGAIN.format(number % 60)
                                                                  for number in range(2, 40)),
    "the dates of all days": "RRULE:FREQ=DAILY\r\nEXDATE:" + ",".join(days(19_000)),
    "changes without a series": overrides(4_000).replace("RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY;COUNT=1"),
}


#: Memory that one object may take while it is read, beside its own text.
MOST_OCTETS = 64 * 1024 * 1024
HEAVY = {**HOSTILE, "overrides without end": overrides(100_000)}


@pytest.fixture(scope="module")
def memory_for() -> Iterator[Callable[[str], int]]:
    """How many octets reading an object takes at most."""
    with subprocess.Popen([sys.executable, "-m", "tests.ical.peak_memory"], cwd=Path(__file__).parents[2],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        asked, answers = reader.stdin, reader.stdout
        assert asked is not None
        assert answers is not None

        def octets(text: str) -> int:
            asked.write(json.dumps(text).encode() + b"\n")
            asked.flush()
            return int(answers.readline())

        yield octets


@pytest.mark.parametrize("name", [
    "every minute of the day", "every second of the year", "every position of every day", "a count beyond all numbers",
    "many rules", "periods in periods", "the same series again and again", "the dates of all days",
    "changes without a series", "overrides without end"])
def test_the_largest_take_bounded_memory(name: str, memory_for: Callable[[str], int]) -> None:
    assert 0 < memory_for(event(HEAVY[name])) < MOST_OCTETS + 8 * len(HEAVY[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_it_says_it_costs_bounded_work_and_few_rows(name: str) -> None:
    calls = 0

    def count(*_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > MOST_CALLS:
            raise AssertionError("it would go on and on")

    sys.setprofile(count)
    try:
        found = index(HOSTILE[name])
    finally:
        sys.setprofile(None)
    assert len(found.rows) <= recurrence.LIMIT
    if found.unreadable is not None:
        # What, why and what to do; and until then it blocks what it may cover.
        assert re.fullmatch(r".+: .+", found.unreadable, re.DOTALL)
        assert found.first_epoch < NOW.timestamp() < found.last_epoch


def test_a_long_count_is_walked_only_as_far_as_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = 0
    bounded = recurrence._bounded

    def counted(starts: Any) -> Any:
        nonlocal seen
        for start in bounded(starts):
            seen += 1
            yield start

    monkeypatch.setattr(recurrence, "_bounded", counted)
    found = index("RRULE:FREQ=DAILY;COUNT=1000000000")
    assert found.unreadable is None
    assert len(found.rows) == 1097
    assert seen < 366 * 13


def test_what_is_large_but_honest_is_read() -> None:
    found = index("RRULE:FREQ=DAILY\r\nEXDATE:" + ",".join(days(3_500)))
    assert found.unreadable is None
    assert min(row.start_epoch for row in found.rows) == (FIRST + timedelta(days=3_500)).timestamp()
    assert len(index(overrides(1_000)).rows) > 1_000
