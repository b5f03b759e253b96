"""Which starts of an event type are offered, and why the others are not.

Listing and checking use the same rule functions, so what is shown is what is accepted.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from radicale_booking.domain import civil
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval, intersect, subtract


@dataclass(frozen=True, slots=True)
class Window:
    """Time opened for booking; its grid runs on the wall clock of ``zone``. ``href`` names the calendar item.

    ``anchor`` (aware UTC): where the grid begins, if the window was cut; by default its start.
    """

    interval: Interval
    zone: ZoneInfo
    href: str = ""
    anchor: datetime | None = None

    @property
    def grid_start(self) -> datetime:
        return self.anchor if self.anchor is not None else self.interval.start

    def within(self, parts: Iterable[Interval]) -> list[Window]:
        """What ``parts`` leave of it, on the same grid."""
        return [replace(self, interval=part, anchor=self.grid_start) for part in intersect([self.interval], parts)]

    def without(self, holes: Iterable[Interval]) -> list[Window]:
        """What is left of it outside ``holes``, on the same grid."""
        return [replace(self, interval=part, anchor=self.grid_start) for part in subtract([self.interval], holes)]


@dataclass(frozen=True, slots=True)
class Busy:
    """Time that cannot be booked; ``cause`` names what takes it."""

    interval: Interval
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Diary:
    """All that decides about one event type of one host.

    ``zone``: limits and date ranges count its days. ``booked`` are the live bookings of this event type.
    ``seats_taken``: start -> seats taken, of an event type with several seats; such a start's own occupancy does not
    close it, but closes every other start, whether it is among ``occupancies`` or not. Instants are aware UTC.
    """

    windows: Sequence[Window]
    busy: Sequence[Busy]
    occupancies: Sequence[Busy]
    booked: Sequence[Interval]
    zone: ZoneInfo
    seats_taken: Mapping[datetime, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slot:
    """An offered ``[start, end)`` in aware UTC with the seats that are free."""

    start: datetime
    end: datetime
    seats_left: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``rule`` says about a start; ``cause`` is the object or the bound that decided, perhaps empty.

    ``host``: whose verdict it is, where several hosts are asked one by one.
    """

    rule: str
    passed: bool
    cause: str = ""
    host: str = ""


def offered(event_type: EventType, diary: Diary, now: datetime, frame: Interval) -> list[Slot]:
    """The slots that start in ``frame``, in order."""
    question = _Question(event_type, diary, now)
    rules = tuple(rule for name, rule in _RULES.items() if question.asks(name))
    return [Slot(start, start + event_type.duration, question.seats_left(start))
            for start in question.candidates(frame) if _passes(question, rules, start)]


def _passes(question: _Question, rules: Iterable[_Rule], start: datetime) -> bool:
    # A loop: of a month's thousands of starts each is asked.
    for rule in rules:  # noqa: SIM110
        if not rule(question, start)[0]:
            return False
    return True


def explain(event_type: EventType, diary: Diary, now: datetime, start: datetime) -> list[Verdict]:
    """The verdict of every rule on ``start`` (aware), in the order of ``RULES``; offered iff all passed."""
    question, start = _Question(event_type, diary, now, explaining=True), start.astimezone(UTC)
    return [Verdict(name, *rule(question, start)) for name, rule in _RULES.items()]


def nearest(slots: Iterable[Slot], start: datetime, count: int = 5) -> tuple[datetime, ...]:
    """The ``count`` starts nearest to ``start`` (the earlier of two equally near), in order of time."""
    starts = {slot.start for slot in slots}
    return tuple(sorted(sorted(starts, key=lambda other: (abs(other - start), other))[:count]))


_BY_TIME = attrgetter("interval.start", "interval.end")


class _Timeline:
    """Intervals with causes, searched by bisection."""

    def __init__(self, entries: Iterable[Busy]) -> None:
        self._entries = sorted(entries, key=_BY_TIME)
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for entry in self._entries:
            if self._ends and entry.interval.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], entry.interval.end)
            else:
                self._starts.append(entry.interval.start)
                self._ends.append(entry.interval.end)

    def meets(self, start: datetime, end: datetime) -> bool:
        i = bisect_right(self._ends, start)
        return i < len(self._starts) and self._starts[i] < end

    def causes(self, start: datetime, end: datetime) -> str:
        met = (e.cause for e in self._entries if e.interval.start < end and start < e.interval.end)
        return ", ".join(dict.fromkeys(met))


def combined(diaries: Sequence[Diary]) -> Diary:
    """The diary of several hosts who meet together: time that all of them open and none has taken."""
    first, *others = diaries
    if not others:
        return first
    windows = merged(first.windows)
    for other in others:
        open_times = [window.interval for window in merged(other.windows)]
        windows = [replace(part, anchor=None) for window in windows for part in window.within(open_times)]
    return replace(first, windows=windows, busy=[busy for diary in diaries for busy in diary.busy],
                   occupancies=[taken for diary in diaries for taken in diary.occupancies])


def merged(windows: Iterable[Window]) -> list[Window]:
    """Overlapping or adjacent windows as one, with the zone and the grid of the earliest."""
    runs: list[Window] = []
    for window in sorted(windows, key=lambda window: (window.interval, window.zone.key, window.href)):
        if runs and window.interval.start <= runs[-1].interval.end:
            last = runs[-1]
            end = max(last.interval.end, window.interval.end)
            runs[-1] = replace(last, interval=Interval(last.interval.start, end))
        else:
            runs.append(window)
    return runs


class _Question:
    """One event type and diary, prepared for many starts."""

    def __init__(self, event_type: EventType, diary: Diary, now: datetime, *, explaining: bool = False) -> None:
        self.event_type, self.diary = event_type, diary
        # A list needs no causes, and finding them would be most of its work.
        self.explaining = explaining
        self.step = event_type.grid_step
        self._before, self._after = event_type.buffer_before, event_type.duration + event_type.buffer_after
        self.limits = event_type.limits
        self.earliest, self.latest = bookable_period(event_type, now, diary.zone)
        self.windows = merged(diary.windows)
        self._window_starts = [window.interval.start for window in self.windows]
        self.shared = {start: Interval(start - event_type.buffer_before,
                                       start + event_type.duration + event_type.buffer_after)
                       for start in (diary.seats_taken if event_type.seats > 1 else ())}
        own = set(self.shared.values())
        occupancies = [taken for taken in diary.occupancies if taken.interval not in own]
        # For a list one look at all that is taken is enough.
        self.busy = _Timeline(diary.busy if explaining else [*diary.busy, *occupancies])
        self.occupancies = _Timeline(occupancies if explaining else ())
        self.booked: dict[tuple[str, Hashable], list[Interval]] = defaultdict(list)
        for booking in diary.booked if self.limits else ():
            on = booking.start.astimezone(diary.zone).date()
            for name, key in _PERIODS.items():
                self.booked[name, key(on)].append(booking)

    def asks(self, rule: str) -> bool:
        """Whether ``rule`` can refuse one of the ``candidates``."""
        needed = {"busy": True, "occupancy": bool(self.shared), "limit": self.limits,
                  "seats": self.event_type.seats > 1}
        return needed.get(rule, False)

    def window_at(self, start: datetime) -> Window | None:
        i = bisect_right(self._window_starts, start) - 1
        return self.windows[i] if i >= 0 and start < self.windows[i].interval.end else None

    def seats_left(self, start: datetime) -> int:
        return max(0, self.event_type.seats - self.diary.seats_taken.get(start, 0))

    def occupied(self, start: datetime) -> tuple[datetime, datetime]:
        return start - self._before, start + self._after

    def candidates(self, frame: Interval) -> Iterator[datetime]:
        """The starts on the grid of every window that are in ``frame`` and neither too soon nor too late."""
        low, high = max(frame.start, self.earliest), min(frame.end, self.latest)
        first = max(0, bisect_left(self._window_starts, low) - 1)
        for window in self.windows[first:]:
            if window.interval.start >= high:
                break
            start = max(low, window.interval.start)
            end = min(high, window.interval.end - self.event_type.duration + timedelta.resolution)
            if start < end:
                yield from self._grid(window, Interval(start, end))

    def _grid(self, window: Window, part: Interval) -> Iterator[datetime]:
        origin = civil.wall(window.grid_start, window.zone)
        for piece, offset in civil.pieces(part, window.zone):
            shown = piece.start.replace(tzinfo=None) + offset
            start = piece.start + (origin - shown) % self.step
            while start < piece.end:
                yield start
                start += self.step


def bookable_period(event_type: EventType, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """``[earliest, latest)`` of the starts that notice, horizon and date range allow at ``now``, in aware UTC."""
    now = now.astimezone(UTC)
    earliest, latest = now + event_type.notice, now + event_type.horizon
    if event_type.horizon_business:
        local = civil.wall(now, zone)
        end = _business_day(local.date(), event_type.horizon.days)
        latest = civil.to_utc(datetime.combine(end, local.time()), zone)
    if event_type.first_day is not None:
        earliest = max(earliest, civil.midnight(event_type.first_day, zone))
    if event_type.last_day is not None:
        latest = civil.midnight(event_type.last_day + timedelta(days=1), zone)
    return earliest, latest


def _business_day(on: date, count: int) -> date:
    """The ``count``-th day from Monday to Friday after ``on``."""
    while count:
        on += timedelta(days=1)
        count -= on.weekday() < 5
    return on


def _day(on: date) -> Hashable:
    return on


def _week(on: date) -> Hashable:
    return on - timedelta(days=on.weekday())


def _month(on: date) -> Hashable:
    return on.year, on.month


def _in_window(question: _Question, start: datetime) -> tuple[bool, str]:
    window = question.window_at(start)
    if window is None:
        return False, ""
    return start + question.event_type.duration <= window.interval.end, window.href


def _on_grid(question: _Question, start: datetime) -> tuple[bool, str]:
    window = question.window_at(start)
    if window is None:
        return False, ""
    distance = civil.wall(start, window.zone) - civil.wall(window.grid_start, window.zone)
    return not distance % question.step, window.href


def _after_notice(question: _Question, start: datetime) -> tuple[bool, str]:
    return (True, "") if start >= question.earliest else (False, question.earliest.isoformat())


def _before_horizon(question: _Question, start: datetime) -> tuple[bool, str]:
    return (True, "") if start < question.latest else (False, question.latest.isoformat())


def _not_busy(question: _Question, start: datetime) -> tuple[bool, str]:
    span = question.occupied(start)
    if not question.busy.meets(*span):
        return True, ""
    return False, question.busy.causes(*span) if question.explaining else ""


def _not_occupied(question: _Question, start: datetime) -> tuple[bool, str]:
    low, high = question.occupied(start)
    if question.occupancies.meets(low, high):
        return False, question.occupancies.causes(low, high) if question.explaining else ""
    for other, interval in question.shared.items():
        if other != start and interval.start < high and low < interval.end:
            return False, other.isoformat()
    return True, ""


def _within_limits(question: _Question, start: datetime) -> tuple[bool, str]:
    event_type = question.event_type
    if not question.limits:
        return True, ""
    on = start.astimezone(question.diary.zone).date()
    for name, key in _PERIODS.items():
        count, minutes = getattr(event_type, f"limit_per_{name}"), getattr(event_type, f"minutes_per_{name}")
        # Another seat at a booked start is no further meeting; another host's is.
        others = [booked.length for booked in question.booked[name, key(on)]
                  if event_type.seats == 1 or booked.start != start]
        if count is not None and len(others) >= count:
            return False, f"{count}/{name}"
        if minutes is not None and sum(others, event_type.duration) > timedelta(minutes=minutes):
            return False, f"{minutes} min/{name}"
    return True, ""


def _seat_free(question: _Question, start: datetime) -> tuple[bool, str]:
    left = question.seats_left(start)
    return left > 0, "" if left else f"{question.event_type.seats}/{question.event_type.seats}"


_PERIODS: dict[str, Callable[[date], Hashable]] = {"day": _day, "week": _week, "month": _month}
_Rule = Callable[[_Question, datetime], tuple[bool, str]]
_RULES: dict[str, _Rule] = {
    "window": _in_window, "grid": _on_grid, "notice": _after_notice, "horizon": _before_horizon,
    "busy": _not_busy, "occupancy": _not_occupied, "limit": _within_limits, "seats": _seat_free,
}
RULES = tuple(_RULES)
