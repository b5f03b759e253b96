"""Days on which clocks change, in zones of every kind, against counting minute by minute."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radicale_booking.domain import civil, hours, slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.recurrence import Component, expand
from radicale_booking.domain.rule import parse

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Zone and year, and how many of its days are not of 24 hours; a day that was left out counts.
PLACES = {
    ("Europe/Berlin", 2026): 2,
    ("Europe/Dublin", 2026): 2,  # summer is its standard time
    ("Europe/London", 2026): 2,
    ("America/New_York", 2026): 2,
    ("America/Santiago", 2026): 2,  # at midnight
    ("America/Havana", 2026): 2,  # midnight comes twice
    ("America/Nuuk", 2026): 2,  # on a Saturday evening
    ("America/St_Johns", 2006): 2,  # a minute after midnight
    ("Africa/Casablanca", 2026): 2,  # goes back for Ramadan
    ("Africa/Cairo", 2026): 2,  # there is no midnight in spring
    ("Asia/Beirut", 2026): 2,
    ("Asia/Tehran", 2021): 2,
    ("Asia/Tehran", 2026): 0,
    ("Asia/Kathmandu", 2026): 0,
    ("Asia/Kolkata", 2026): 0,
    ("Australia/Lord_Howe", 2026): 2,  # by half an hour
    ("Australia/Adelaide", 2026): 2,
    ("Pacific/Chatham", 2026): 2,
    ("Pacific/Apia", 2011): 3,  # left out 30 December
    ("Pacific/Kwajalein", 1993): 1,  # left out 21 August
    ("Antarctica/Troll", 2026): 2,  # by two hours
    ("America/Caracas", 2007): 1,  # half an hour for good
    ("UTC", 2028): 0,
}
BY_PLACE = pytest.mark.parametrize(("name", "year"), PLACES, ids=lambda value: str(value))


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + number * DAY for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


def odd_days(zone: ZoneInfo, year: int) -> list[date]:
    """The days of the year that are not of 24 hours."""
    found = [(on, civil.day(on, zone)) for on in days_of(year)]
    return [on for on, interval in found if interval is None or interval.length != DAY]


def minutes(low: datetime, high: datetime) -> list[datetime]:
    return [low + number * MINUTE for number in range(int((high - low) / MINUTE))]


@BY_PLACE
def test_days_follow_each_other_without_gap_or_overlap(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    days = [interval for on in days_of(year) if (interval := civil.day(on, zone)) is not None]
    assert all(one.end == other.start for one, other in pairwise(days))
    assert days[0].start.astimezone(zone).replace(tzinfo=None) == datetime(year, 1, 1)  # noqa: DTZ001 - wall time
    assert len(odd_days(zone, year)) == PLACES[name, year]


@BY_PLACE
def test_a_day_is_what_a_clock_shows_of_it(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    for on in {near for odd in odd_days(zone, year) for near in (odd - DAY, odd, odd + DAY)} or {date(year, 2, 28)}:
        noon = datetime.combine(on, time(12), UTC)
        shown = [moment for moment in minutes(noon - 2 * DAY, noon + 2 * DAY) if moment.astimezone(zone).date() == on]
        interval = civil.day(on, zone)
        if interval is None:
            assert shown == []
        else:
            assert shown[0] == interval.start
            beyond = set(shown) - set(minutes(interval.start, interval.end))
            # Where the next midnight comes twice, minutes of this day may follow the first of them.
            twice = len(civil.instants(datetime.combine(on + DAY, time()), zone)) == 2
            assert twice or not beyond


@BY_PLACE
def test_a_wall_time_has_the_instants_at_which_a_clock_shows_it(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    for on in odd_days(zone, year) or [date(year, 12, 31)]:
        midnight = datetime.combine(on, time(), UTC)
        around = minutes(midnight - 30 * HOUR, midnight + 54 * HOUR)
        shown: dict[datetime, list[datetime]] = {}
        for moment in around:
            shown.setdefault(moment.astimezone(zone).replace(tzinfo=None), []).append(moment)
        walls = minutes(midnight.replace(tzinfo=None) - HOUR, midnight.replace(tzinfo=None) + 25 * HOUR)
        for wall in walls[::5]:
            assert civil.instants(wall, zone) == shown.get(wall, [])
            if wall in shown:
                assert civil.to_utc(wall, zone) == shown[wall][0]
        assert Counter(map(len, (shown.get(wall, []) for wall in walls))).keys() <= {0, 1, 2}


@BY_PLACE
def test_pieces_divide_a_span_where_the_clock_changes(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    for on in odd_days(zone, year) or [date(year, 6, 1)]:
        middle = datetime.combine(on, time(7, 31), UTC)
        span = Interval(middle - 3 * DAY, middle + 3 * DAY)
        parts = civil.pieces(span, zone)
        assert (parts[0][0].start, parts[-1][0].end) == (span.start, span.end)
        assert all(one[0].end == other[0].start and one[1] != other[1]
                   for one, other in pairwise(parts))
        for part, offset in parts:
            moments = [*minutes(part.start, part.end), part.end - timedelta(seconds=1)]
            assert {moment.astimezone(zone).utcoffset() for moment in moments} == {offset}


@BY_PLACE
@pytest.mark.parametrize(("length", "step"), [(30, 30), (20, 45)])
def test_slots_over_a_change_are_the_starts_that_a_clock_shows_on_the_grid(name: str, year: int, length: int,
                                                                             step: int) -> None:
    zone = ZoneInfo(name)
    event_type = EventType("ada", "talk", "Talk", length * MINUTE, step=step * MINUTE, horizon=730 * DAY)
    for on in odd_days(zone, year) or [date(year, 12, 31)]:
        middle = civil.to_utc(datetime.combine(on, time(12)), zone)
        window = Interval(middle - 17 * HOUR, middle + 17 * HOUR)
        diary = slots.Diary([slots.Window(window, zone)], [], [], [], zone)
        found = [slot.start for slot in slots.offered(event_type, diary, window.start - 30 * DAY, window)]
        origin = window.start.astimezone(zone).replace(tzinfo=None)
        assert found == [moment for moment in minutes(window.start, window.end - (length - 1) * MINUTE)
                         if not (moment.astimezone(zone).replace(tzinfo=None) - origin) % (step * MINUTE)]
        for start in found:
            assert all(verdict.passed for verdict in slots.explain(event_type, diary, window.start - 30 * DAY, start))


@BY_PLACE
def test_hours_drawn_once_stay_at_their_time_of_the_day_all_year(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    daily = Component("u", datetime(year, 1, 1, 9), zone, 8 * HOUR, rules=(parse("FREQ=DAILY", zone),))  # noqa: DTZ001
    frame = Interval(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    walls = [one.start.astimezone(zone).replace(tzinfo=None) for one in expand([daily], frame, UTC).instances
             if one.start.astimezone(zone).year == year]
    left_out = {on for on in days_of(year) if civil.day(on, zone) is None}
    assert {wall.date() for wall in walls} == set(days_of(year)) - left_out
    assert {wall.time() for wall in walls} == {time(9)}


@BY_PLACE
def test_days_off_and_overrides_are_days_of_the_zone(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    for on in odd_days(zone, year) or [date(year, 12, 31)]:
        whole = civil.day(on, zone)
        noon = civil.to_utc(datetime.combine(on, time(12)), zone)
        window = slots.Window(Interval(noon - 3 * DAY, noon + 3 * DAY), zone)
        opened = hours.opened([window], {}, zone, days_off=[on])
        left = [moment for part in opened for moment in minutes(part.interval.start, part.interval.end)]
        assert {moment for moment in minutes(window.interval.start, window.interval.end)
                if whole is None or not whole.start <= moment < whole.end} == set(left)
        replaced = hours.opened([], {on: ((time(), time()),)}, zone)
        assert [part.interval for part in replaced] == ([whole] if whole is not None else [])


@pytest.mark.parametrize(("start", "rule", "expected"), [
    ((2024, 2, 29), "FREQ=YEARLY;COUNT=3", [(2024, 2, 29), (2028, 2, 29), (2032, 2, 29)]),
    ((2024, 1, 31), "FREQ=MONTHLY;COUNT=4", [(2024, 1, 31), (2024, 3, 31), (2024, 5, 31), (2024, 7, 31)]),
    ((2023, 12, 30), "FREQ=DAILY;COUNT=4", [(2023, 12, 30), (2023, 12, 31), (2024, 1, 1), (2024, 1, 2)]),
    ((2024, 2, 28), "FREQ=DAILY;COUNT=3", [(2024, 2, 28), (2024, 2, 29), (2024, 3, 1)]),
    ((2100, 2, 28), "FREQ=DAILY;COUNT=2", [(2100, 2, 28), (2100, 3, 1)]),
    ((2096, 2, 29), "FREQ=YEARLY;COUNT=2", [(2096, 2, 29), (2104, 2, 29)]),
    ((2023, 1, 31), "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", [(2023, 1, 31), (2023, 2, 28), (2023, 3, 31)]),
    ((2024, 12, 30), "FREQ=WEEKLY;BYDAY=MO,SU;COUNT=3", [(2024, 12, 30), (2025, 1, 5), (2025, 1, 6)]),
    ((2020, 12, 28), "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;COUNT=2", [(2020, 12, 28), (2026, 12, 28)]),
    ((2024, 12, 31), "FREQ=YEARLY;BYYEARDAY=366;COUNT=2", [(2024, 12, 31), (2028, 12, 31)]),
    ((2023, 12, 31), "FREQ=YEARLY;BYYEARDAY=-1;COUNT=2", [(2023, 12, 31), (2024, 12, 31)]),
])
def test_leap_days_and_ends_of_years(start: tuple[int, int, int], rule: str,
                                     expected: list[tuple[int, int, int]]) -> None:
    zone = ZoneInfo("Europe/Berlin")
    source = Component("u", datetime(*start, 9), zone, HOUR, rules=(parse(rule, zone),))  # noqa: DTZ001 - wall time
    found = expand([source], Interval(datetime(2020, 1, 1, tzinfo=UTC), datetime(2110, 1, 1, tzinfo=UTC)), UTC)
    assert [one.start.astimezone(zone).replace(tzinfo=None) for one in found.instances] == [
        datetime(*day, 9) for day in expected]  # noqa: DTZ001 - wall times


def test_the_ends_of_time_are_instants_too() -> None:
    first, last = datetime.min, datetime.max  # noqa: DTZ901 - wall times are naive
    assert civil.to_utc(first, ZoneInfo("Asia/Tokyo")) == first.replace(tzinfo=UTC)
    assert civil.to_utc(last, ZoneInfo("America/New_York")) == last.replace(tzinfo=UTC)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(PLACES)), st.integers(0, 366 * 24 * 60), st.integers(1, 3 * 24 * 60))
def test_a_wall_time_and_its_instant_agree(place: tuple[str, int], minute: int, length: int) -> None:
    name, year = place
    zone = ZoneInfo(name)
    instant = datetime(year, 1, 1, tzinfo=UTC) + minute * MINUTE
    wall = civil.wall(instant, zone)
    assert instant in civil.instants(wall, zone)
    assert civil.to_utc(wall, zone) == civil.instants(wall, zone)[0] <= instant
    parts = civil.pieces(Interval(instant, instant + length * MINUTE), zone)
    assert sum((part.length for part, _ in parts), timedelta()) == length * MINUTE
