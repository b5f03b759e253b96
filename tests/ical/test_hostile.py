"""Objects that are made to cost much are refused before they do, with a clear reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from radicale_booking.domain import recurrence
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.ical import instances

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FIRST = datetime(2020, 1, 1, 9, tzinfo=UTC)


def index(extra: str) -> ItemIndex:
    return instances.index(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\n"
        f"DTSTART:20200101T090000Z\r\nDURATION:PT30M\r\n{extra}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        now=NOW, floating_zone=UTC)


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
