"""What is offered, against a slow enumeration of every minute around changes of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain import slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval, merge

_MINUTE = timedelta(minutes=1)
_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
_CHANGES = ((2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 4, 5), (2026, 10, 4))


class Case:
    """A random event type, diary, present instant and frame of two days with a change of the clock inside."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.base = datetime(*random.choice(_CHANGES), tzinfo=UTC) - timedelta(hours=12)
        self.frame = Interval(self.base, self.base + timedelta(days=2))
        self.now = self.base + random.randint(0, 600) * _MINUTE
        self.event_type = EventType(
            "ada", "talk", "Talk", random.choice([15, 20, 30, 60]) * _MINUTE,
            step=random.choice([None, 10 * _MINUTE, 15 * _MINUTE, 25 * _MINUTE]),
            buffer_before=random.choice([0, 10]) * _MINUTE, buffer_after=random.choice([0, 20]) * _MINUTE,
            notice=random.choice([0, 120]) * _MINUTE, limit_per_day=random.choice([None, None, 2]),
            limit_per_week=random.choice([None, None, 3]), minutes_per_day=random.choice([None, None, 90]),
            horizon=random.choice([1, 60]) * timedelta(days=1), horizon_business=random.random() < 0.2,
            last_day=random.choice([None, None, (self.base + timedelta(days=1)).date()]))
        zone = ZoneInfo(random.choice(_ZONES))
        self.diary = slots.Diary(
            windows=[slots.Window(self.interval(15), zone) for _ in range(random.randint(1, 3))],
            busy=[slots.Busy(self.interval(5)) for _ in range(random.randint(0, 4))],
            occupancies=[slots.Busy(self.interval(5)) for _ in range(random.randint(1, 3))],
            booked=[self.interval(15) for _ in range(random.randint(1, 3))],
            zone=zone)

    def interval(self, unit: int) -> Interval:
        start = self.base + unit * self.random.randint(0, 150) * _MINUTE
        return Interval(start, start + unit * self.random.randint(1, 40) * _MINUTE)

    def starts(self, diary: slots.Diary) -> list[datetime]:
        return [slot.start for slot in slots.offered(self.event_type, diary, self.now, self.frame)]

    def expected(self, start: datetime) -> bool:
        """Design §7, word by word."""
        event_type, diary = self.event_type, self.diary
        end = start + event_type.duration
        in_grid = any(
            window.start <= start and end <= window.end
            and not (self._local(start) - self._local(window.start)) % event_type.grid_step
            for window in merge(window.interval for window in diary.windows))
        low, high = start - event_type.buffer_before, end + event_type.buffer_after
        free = not any(low < taken.interval.end and taken.interval.start < high
                       for taken in (*diary.busy, *diary.occupancies))
        return in_grid and free and self._in_limits(start) and self._in_time(start)

    def _in_limits(self, start: datetime) -> bool:
        event_type, day = self.event_type, self._local(start).date()
        booked = self.diary.booked
        on_day = [other.length for other in booked if self._local(other.start).date() == day]
        in_week = [other for other in booked if self._local(other.start).isocalendar()[:2] == day.isocalendar()[:2]]
        minutes = (sum(on_day, timedelta()) + event_type.duration) // _MINUTE
        return ((event_type.limit_per_day is None or len(on_day) < event_type.limit_per_day)
                and (event_type.limit_per_week is None or len(in_week) < event_type.limit_per_week)
                and (event_type.minutes_per_day is None or minutes <= event_type.minutes_per_day))

    def _in_time(self, start: datetime) -> bool:
        event_type = self.event_type
        if start < self.now + event_type.notice:
            return False
        if event_type.last_day is not None:
            return self._local(start).date() <= event_type.last_day
        if not event_type.horizon_business:
            return start < self.now + event_type.horizon
        today = self._local(self.now)
        days = [today.date() + timedelta(days=number) for number in range(1, 100)]
        last = [day for day in days if day.weekday() < 5][event_type.horizon.days - 1]
        return self._local(start) < datetime.combine(last, today.time())

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.diary.zone).replace(tzinfo=None)


@pytest.mark.parametrize("seed", range(100))
def test_offered_is_the_slow_enumeration_and_explain_agrees(seed: int) -> None:
    case = Case(Random(seed))
    minutes = [case.base + minute * _MINUTE for minute in range(2 * 24 * 60)]
    offered = case.starts(case.diary)
    assert offered == [start for start in minutes if case.expected(start)]
    for start in case.random.sample(minutes, 200) + offered[:20]:
        verdicts = slots.explain(case.event_type, case.diary, case.now, start)
        assert tuple(verdict.rule for verdict in verdicts) == slots.RULES
        assert all(verdict.passed for verdict in verdicts) == (start in offered)


@given(st.integers(0, 100_000))
def test_what_is_taken_never_adds_a_slot(seed: int) -> None:
    case = Case(Random(seed))
    before = set(case.starts(case.diary))
    more = [*case.diary.busy, slots.Busy(case.interval(5))]
    assert set(case.starts(replace(case.diary, busy=more))) <= before
    assert set(case.starts(replace(case.diary, occupancies=[*case.diary.occupancies, more[-1]]))) <= before


@given(st.integers(0, 100_000))
def test_a_window_apart_from_the_others_never_removes_a_slot(seed: int) -> None:
    case = Case(Random(seed))
    added = case.interval(15)
    # One that joins others may move their grid: a merged window has one.
    apart = all(added.end < window.interval.start or window.interval.end < added.start
                for window in case.diary.windows)
    more = replace(case.diary, windows=[*case.diary.windows, slots.Window(added, case.diary.zone)])
    if apart:
        assert set(case.starts(case.diary)) <= set(case.starts(more))


def test_overlapping_windows_merge_into_one_grid() -> None:
    nine = datetime(2026, 11, 24, 9, tzinfo=UTC)
    zone = ZoneInfo("UTC")
    windows = [slots.Window(Interval(nine + 20 * _MINUTE, nine + 90 * _MINUTE), zone),
               slots.Window(Interval(nine, nine + 45 * _MINUTE), zone)]
    found = slots.offered(EventType("ada", "talk", "Talk", 30 * _MINUTE), slots.Diary(windows, [], [], [], zone), nine,
                          Interval(nine, nine + timedelta(days=1)))
    assert [slot.start for slot in found] == [nine, nine + 30 * _MINUTE, nine + 60 * _MINUTE]


def test_nearest_are_in_order_of_time_and_the_earlier_wins() -> None:
    nine = datetime(2026, 11, 24, 9, tzinfo=UTC)
    offered = [slots.Slot(nine + hours * timedelta(hours=1), nine + (hours + 1) * timedelta(hours=1))
               for hours in (-3, -1, 1, 2, 5)]
    assert list(slots.nearest(offered, nine, count=3)) == [nine + hours * timedelta(hours=1) for hours in (-1, 1, 2)]
    assert list(slots.nearest(offered, nine, count=1)) == [nine - timedelta(hours=1)]
