from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval
from radicale_booking.web import month
from radicale_booking.web.wording import read_instant
from radicale_booking.web.zones import listed_zones, zone_or


def test_weeks_hold_every_day_of_the_month_once() -> None:
    days = [cell for week in month.weeks(date(2026, 11, 1), {}, selected=None, today=date(2026, 11, 5), first_weekday=6)
            for cell in week]
    assert [cell.date.day for cell in days if cell] == list(range(1, 31))
    assert len(days) % 7 == 0
    assert [cell.date.day for cell in days if cell and cell.today] == [5]


def test_frame_is_local_and_follows_the_clock_change() -> None:
    frame = month.month_frame(date(2026, 10, 1), ZoneInfo("Europe/Berlin"))
    assert frame == Interval(datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC))


def test_neighbouring_months() -> None:
    assert month.following(date(2026, 12, 1)) == date(2027, 1, 1)
    assert month.preceding(date(2027, 1, 1)) == date(2026, 12, 1)


def test_starts_are_grouped_by_local_day() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert list(month.by_day([late], ZoneInfo("Europe/Berlin"))) == [date(2026, 11, 25)]
    assert list(month.by_day([late], ZoneInfo("America/New_York"))) == [date(2026, 11, 24)]


def test_zones() -> None:
    assert {"Europe/Berlin", "Pacific/Chatham", "Asia/Kolkata", "UTC"} <= set(listed_zones())
    assert zone_or("nonsense", "also nonsense").key == "UTC"


def test_instants_are_utc_to_the_second() -> None:
    assert read_instant("2026-11-24T09:00:00Z") == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert read_instant("2026-11-24T09:00:00") is None
