"""FREEBUSY periods of a time (RFC 4791 §9.6.7)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.ical.limited_sets import with_free_busy

FRAME = Interval(datetime(2026, 11, 10, 10, tzinfo=UTC), datetime(2026, 11, 10, 11, tzinfo=UTC))


@pytest.mark.parametrize(("line", "kept"), [
    ("FREEBUSY;FBTYPE=BUSY:20261110T090000Z/PT1H,20261110T103000Z/PT1M,20261110T110000Z/PT1H",
     ["FREEBUSY;FBTYPE=BUSY:20261110T103000Z/PT1M"]),
    ("FREEBUSY:20261110T080000Z/20261110T100001Z", ["FREEBUSY:20261110T080000Z/20261110T100001Z"]),
    ("FREEBUSY:20261110T080000Z/20261110T100000Z", []), ("FREEBUSY:whenever", ["FREEBUSY:whenever"])])
def test_periods_are_limited_to_a_time(line: str, kept: list[str]) -> None:
    text = f"BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nUID:u\r\n{line}\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    assert with_free_busy(text, FRAME).splitlines()[3:-2] == kept
