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
_ZONES = ("Europe/Berlin", "Europe/Dublin", "America/New_York", "America/Santiago", "America/Nuuk", "Africa/Casablanca",
          "Australia/Lord_Howe", "Asia/Kathmandu", "Asia/Tehran", "Pacific/Apia", "Pacific/Chatham", "UTC")
#: Days on which clocks change somewhere, a leap day and the ends of a year and of a month.
_CHANGES = ((2026, 3, 29), (2026, 10, 25), (2026, 3, 8), (2026, 11, 1), (2026, 4, 5), (2026, 10, 4), (2026, 9, 6),
            (2026, 2, 15), (2021, 3, 22), (2011, 12, 30), (2028, 2, 29), (2026, 12, 31), (2026, 5, 31))


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
            notice=random.choice([0, 120]) * _MINUTE, **self.limits(),
            horizon=random.choice([1, 60]) * timedelta(days=1), horizon_business=random.random() < 0.2,
            first_day=random.choice([None, None, (self.base + timedelta(hours=20)).date()]),
            last_day=random.choice([None, None, (self.base + timedelta(days=1)).date()]),
            seats=random.choice([1, 1, 3]))
        # Limits and days are those of one zone, the grid runs on the clock of another.
        zone, self.grid_zone = (ZoneInfo(random.choice(_ZONES)) for _ in range(2))
        seats = self.event_type.seats > 1
        shared = [self.base + 15 * random.randint(0, 150) * _MINUTE for _ in range(random.randint(0, 3))]
        self.diary = slots.Diary(
            windows=[slots.Window(self.interval(15), self.grid_zone) for _ in range(random.randint(1, 3))],
            busy=[slots.Busy(self.interval(5)) for _ in range(random.randint(0, 4))],
            occupancies=[slots.Busy(self.interval(5)) for _ in range(random.randint(1, 3))],
            booked=[self.interval(15) for _ in range(random.randint(1, 3))],
            zone=zone, seats_taken={start: random.randint(1, 3) for start in shared} if seats else {})

    def limits(self) -> dict[str, int | None]:
        """At most two at once, so that they do not hide each other."""
        found: dict[str, int | None] = {}
        for _ in range(self.random.choice([0, 1, 2])):
            kind, period = self.random.choice(["limit", "minutes"]), self.random.choice(["day", "week", "month"])
            found[f"{kind}_per_{period}"] = self.random.choice([1, 2, 3]) * (1 if kind == "limit" else 60)
        return found

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
            and not (self._on_grid(start) - self._on_grid(window.start)) % event_type.grid_step
            for window in merge(window.interval for window in diary.windows))
        low, high = start - event_type.buffer_before, end + event_type.buffer_after
        free = not any(low < taken.interval.end and taken.interval.start < high
                       for taken in (*diary.busy, *diary.occupancies))
        return in_grid and free and self._has_seat(start) and self._in_limits(start) and self._in_time(start)

    def _has_seat(self, start: datetime) -> bool:
        """A group meets once for all its seats, and at no other time that its buffers and length overlap."""
        event_type = self.event_type
        length = event_type.buffer_before + event_type.duration + event_type.buffer_after
        apart = all(abs(other - start) >= length for other in self.diary.seats_taken if other != start)
        return apart and self.diary.seats_taken.get(start, 0) < event_type.seats

    def _in_limits(self, start: datetime) -> bool:
        event_type, day = self.event_type, self._local(start).date()
        booked = self.diary.booked
        if event_type.seats > 1:
            # Another seat in a meeting is no further meeting.
            booked = [other for other in booked if other.start != start]
        periods = {"day": lambda on: on, "week": lambda on: on.isocalendar()[:2], "month": lambda on: on.replace(day=1)}
        for period, key in periods.items():
            lengths = [other.length for other in booked if key(self._local(other.start).date()) == key(day)]
            most, most_minutes = (getattr(event_type, f"{kind}_per_{period}") for kind in ("limit", "minutes"))
            if most is not None and len(lengths) >= most:
                return False
            if most_minutes is not None and sum(lengths, event_type.duration) > most_minutes * _MINUTE:
                return False
        return True

    def _in_time(self, start: datetime) -> bool:
        event_type = self.event_type
        if start < self.now + event_type.notice:
            return False
        if event_type.first_day is not None and self._local(start).date() < event_type.first_day:
            return False
        if event_type.last_day is not None:
            return self._local(start).date() <= event_type.last_day
        if not event_type.horizon_business:
            return start < self.now + event_type.horizon
        today = self._local(self.now)
        days = [today.date() + timedelta(days=number) for number in range(1, 100)]
        last = [day for day in days if day.weekday() < 5][event_type.horizon.days - 1]
        return self._local(start) < datetime.combine(last, today.time())

    def _on_grid(self, instant: datetime) -> datetime:
        return instant.astimezone(self.grid_zone).replace(tzinfo=None)

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.diary.zone).replace(tzinfo=None)


@pytest.mark.parametrize("seed", range(160))
def test_offered_is_the_slow_enumeration_and_explain_agrees(seed: int) -> None:
    case = Case(Random(seed))
    minutes = [case.base + minute * _MINUTE for minute in range(2 * 24 * 60)]
    offered = case.starts(case.diary)
    assert offered == [start for start in minutes if case.expected(start)]
    for start in case.random.sample(minutes, 60) + offered[:20]:
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
def test_a_window_more_never_removes_a_slot_unless_it_moves_a_grid(seed: int) -> None:
    case = Case(Random(seed))
    added = case.interval(5)
    runs = merge(window.interval for window in case.diary.windows)
    # Windows that touch are one with one grid, which begins with the first of them.
    touched = [run.start for run in runs if added.start <= run.end and run.start <= added.end]
    first = min([added.start, *touched])
    moves_a_grid = any((case._on_grid(start) - case._on_grid(first)) % case.event_type.grid_step for start in touched)
    more = replace(case.diary, windows=[*case.diary.windows, slots.Window(added, case.grid_zone)])
    lost = set(case.starts(case.diary)) - set(case.starts(more))
    assert not lost or moves_a_grid
    assert all(added.start <= start or any(run.start <= start < run.end for run in runs) for start in case.starts(more))


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
