"""Occurrences: what blocks a host's time, and when the host can be booked, read without parsing an item."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

from radicale_booking.domain.interval import Interval

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


_EPOCHS = itemgetter(0, 1)
#: Most windows begin on the day; one that adjoins others is looked for in longer and longer steps.
_NIGHT, _STRETCH = timedelta(hours=12), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BusyRow:
    """A time that blocks, and the object that causes it."""

    interval: Interval
    busy_type: str
    collection_path: str
    href: str
    uid: str
    summary: str | None
    categories: str | None = None


@dataclass(frozen=True, slots=True)
class WindowRow:
    """An occurrence in the bookable hours; ``zone`` is the IANA name of its own zone, if it has one."""

    interval: Interval
    summary: str
    all_day: bool
    href: str
    zone: str | None


class Instances:
    """The repository of occurrences."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def busy(self, principal_id: int, frame: Interval) -> list[BusyRow]:
        """What blocks ``frame`` in the principal's opaque calendars (RFC 4791 §7.10).

        An item that could not be read, and a series beyond the time it is expanded to, block all they may cover.
        """
        found = [BusyRow(_interval(row), row["busy_type"], row["path"], row["href"], row["uid"], row["summary"])
                 for row in self._overlapping("busy", principal_id, frame)]
        blocking = self._unit_of_work.query("instance", "blocking_items", principal_id=principal_id, **_range(frame))
        return found + [
            BusyRow(_interval(row), row["busy_type"], row["path"], row["href"], row["uid"],
                    f"/{row['path']}/{row['href']}: {row['summary'] or 'not expanded as far as this'}")
            for row in blocking]

    def busy_spans(self, principal_id: int, frame: Interval, paths: Collection[str] = (),
                   shortest: timedelta = timedelta(0)) -> list[Interval]:
        """When ``frame`` is blocked as ``busy`` has it, not by what; ``paths``: by these calendars alone.

        What overlaps, adjoins or leaves less than ``shortest`` between is one.
        """
        rows = [*self._overlapping("busy_spans", principal_id, frame),
                *self._unit_of_work.query("instance", "blocking_items", principal_id=principal_id, **_range(frame))]
        return [Interval(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end
                in _merged(map(_EPOCHS, [row for row in rows if row["path"] in paths] if paths else rows),
                           max(1, int(shortest.total_seconds())))]

    def unreadable(self, principal_id: int) -> list[tuple[str, str]]:
        """The principal's items that could not be read: address and reason."""
        rows = self._unit_of_work.query("instance", "unreadable", principal_id=principal_id)
        return [(f"/{row['path']}/{row['href']}", row["unreadable"]) for row in rows]

    def windows(self, principal_id: int, frame: Interval,
                longest: timedelta = timedelta(0)) -> tuple[Interval, list[WindowRow]]:
        """The occurrences in the bookable hours that overlap ``frame``, and those before that adjoin one another up to
        it, as far as ``longest`` back; after the frame that holds them."""
        start, stretch = frame.start - min(_NIGHT, longest), _STRETCH
        rows = self._overlapping("windows", principal_id, Interval(start, frame.end))
        while start > frame.start - longest and rows and rows[0]["start_epoch"] <= start.timestamp():
            start = datetime.fromtimestamp(rows[0]["start_epoch"], UTC) - stretch
            rows = self._overlapping("windows", principal_id, Interval(start, frame.end))
            stretch *= 2
        return Interval(start, frame.end), list(map(_window, rows))

    def all_day(self, principal_id: int, frame: Interval) -> list[BusyRow]:
        """The all-day occurrences in any of the principal's calendars that overlap ``frame``."""
        return [BusyRow(_interval(row), row["busy_type"], row["path"], row["href"], row["uid"], row["summary"],
                        row["categories"])
                for row in self._overlapping("all_day", principal_id, frame)]

    def titles(self, principal_id: int) -> list[str]:
        """The different titles of the windows in the bookable hours."""
        return [row[0] for row in self._unit_of_work.query("instance", "titles", principal_id=principal_id)]

    def _overlapping(self, name: str, principal_id: int, frame: Interval) -> Sequence[Row]:
        return self._unit_of_work.query("instance", name, principal_id=principal_id, **_range(frame))


def _merged(spans: Iterable[tuple[int, int]], shortest: int) -> Iterator[tuple[int, int]]:
    """In order, what has less than ``shortest`` between as one; a month of a full calendar has many."""
    ordered = sorted(spans)
    if not ordered:
        return
    first, last = ordered[0]
    for start, end in ordered:
        if start - last >= shortest:
            yield first, last
            first, last = start, end
        elif end > last:
            last = end
    yield first, last


def _range(frame: Interval) -> dict[str, int]:
    return {"range_start": int(frame.start.timestamp()), "range_end": int(frame.end.timestamp())}


def _window(row: Row) -> WindowRow:
    return WindowRow(_interval(row), row["summary"] or "", bool(row["all_day"]), row["href"], row["zone"])


def _interval(row: Row) -> Interval:
    return Interval(datetime.fromtimestamp(row["start_epoch"], UTC), datetime.fromtimestamp(row["end_epoch"], UTC))
