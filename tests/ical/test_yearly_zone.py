from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.ical import yearly_zone


@pytest.mark.parametrize(("name", "rules"), [
    ("Europe/Berlin", ["20250330T020000 FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
                       "20251026T030000 FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"]),
    ("America/New_York", ["20250309T020000 FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
                          "20251102T020000 FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"]),
    ("Australia/Sydney", ["20250406T030000 FREQ=YEARLY;BYDAY=1SU;BYMONTH=4",
                          "20251005T020000 FREQ=YEARLY;BYDAY=1SU;BYMONTH=10"]),
])
def test_clocks_are_changed_by_a_rule(name: str, rules: list[str]) -> None:
    """What Outlook reads of a zone is DTSTART and RRULE, and no more."""
    written = yearly_zone.write(ZoneInfo(name), 2026)
    assert [" ".join(part[line].to_ical().decode() for line in ("DTSTART", "RRULE"))
            for part in written.subcomponents] == rules


@pytest.mark.parametrize("name", ["Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns",
                                  "Asia/Tokyo", "Asia/Gaza", "Africa/Casablanca", "Australia/Lord_Howe",
                                  "Pacific/Chatham", "UTC"])
@pytest.mark.parametrize("year", [2024, 2026])
def test_clocks_show_what_they_show_in_the_zone(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    understood = yearly_zone.write(zone, year).to_tz(lookup_tzid=False)
    for day in range(730):
        noon = datetime(year, 1, 1, 12, tzinfo=zone) + timedelta(days=day)
        assert noon.replace(tzinfo=understood).utcoffset() == noon.utcoffset(), noon
