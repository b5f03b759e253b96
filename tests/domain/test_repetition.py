"""The starts of bookings that are made together."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.domain.repetition import starts


@pytest.mark.parametrize(("zone", "first", "every", "interval", "expected"), [
    ("UTC", "2030-01-08T09:00", "day", 1, ["2030-01-08T09:00", "2030-01-09T09:00", "2030-01-10T09:00"]),
    ("UTC", "2030-01-08T09:00", "week", 2, ["2030-01-08T09:00", "2030-01-22T09:00", "2030-02-05T09:00"]),
    ("UTC", "2030-11-08T09:00", "month", 1, ["2030-11-08T09:00", "2030-12-08T09:00", "2031-01-08T09:00"]),
    ("UTC", "2030-01-31T09:00", "month", 1, ["2030-01-31T09:00", "2030-03-31T09:00", "2030-05-31T09:00"]),
    ("UTC", "2028-02-29T09:00", "month", 12, ["2028-02-29T09:00", "2032-02-29T09:00", "2036-02-29T09:00"]),
    # Nine in the morning stays nine in the morning when summer time begins.
    ("Europe/Berlin", "2030-03-30T08:00", "day", 1, ["2030-03-30T08:00", "2030-03-31T07:00", "2030-04-01T07:00"]),
    # Half past two is in the gap of the second day: the offset before it counts.
    ("Europe/Berlin", "2030-03-30T01:30", "day", 1, ["2030-03-30T01:30", "2030-03-31T01:30", "2030-04-01T00:30"]),
    # The second half past two of the night in which clocks go back.
    ("Europe/Berlin", "2030-10-27T01:30", "day", 1, ["2030-10-27T01:30", "2030-10-28T01:30", "2030-10-29T01:30"]),
    # The local day is another one than in UTC.
    ("Pacific/Auckland", "2030-01-30T11:30", "month", 1, ["2030-01-30T11:30", "2030-03-30T11:30", "2030-05-30T12:30"]),
])
def test_starts(zone: str, first: str, every: str, interval: int, expected: list[str]) -> None:
    found = starts(datetime.fromisoformat(first).replace(tzinfo=UTC), ZoneInfo(zone), every, interval, 3)
    assert [f"{start:%Y-%m-%dT%H:%M}" for start in found] == expected
    assert all(start.tzinfo is UTC for start in found)
