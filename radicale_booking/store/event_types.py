"""Event types."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from radicale_booking.domain.event_type import EventType

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


class EventTypes:
    """The repository of event types."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def get(self, host: str, slug: str) -> EventType | None:
        row = self._unit_of_work.one("event_type", "get", host=host, slug=slug)
        return _read(row) if row is not None else None

    def by_id(self, event_type_id: int) -> EventType | None:
        row = self._unit_of_work.one("event_type", "by_id", id=event_type_id)
        return _read(row) if row is not None else None

    def all(self, host: str) -> list[EventType]:
        """All of the host's, hidden ones included, the shortest first."""
        return [_read(row) for row in self._unit_of_work.query("event_type", "all", host=host)]

    def add(self, event_type: EventType) -> EventType:
        """Store a new one for an existing host; the same with its ``id``."""
        return replace(event_type, id=self._unit_of_work.insert("event_type", "add", **_values(event_type)))

    def update(self, event_type: EventType) -> None:
        self._unit_of_work.execute("event_type", "update", **_values(event_type))

    def booked(self, event_type_id: int) -> bool:
        """Whether a reservation, past or future, refers to it."""
        return self._unit_of_work.one("event_type", "booked", id=event_type_id) is not None

    def remove(self, event_type_id: int) -> None:
        self._unit_of_work.execute("event_type", "remove", id=event_type_id)


def _minutes(length: timedelta | None) -> int | None:
    return None if length is None else length // timedelta(minutes=1)


def _values(event_type: EventType) -> dict[str, object]:
    return {
        "host": event_type.host, "slug": event_type.slug, "title": event_type.title,
        "description": event_type.description, "duration_minutes": _minutes(event_type.duration),
        "step_minutes": _minutes(event_type.step), "buffer_before_minutes": _minutes(event_type.buffer_before),
        "buffer_after_minutes": _minutes(event_type.buffer_after), "notice_minutes": _minutes(event_type.notice),
        "horizon_days": event_type.horizon // timedelta(days=1), "limit_per_day": event_type.limit_per_day,
        "limit_per_week": event_type.limit_per_week, "limit_per_month": event_type.limit_per_month,
        "seats": event_type.seats, "confirmation": int(event_type.confirmation), "location": event_type.location,
        "hidden": int(event_type.hidden), "origin": event_type.origin}


def _read(row: Row) -> EventType:
    step = row["step_minutes"]
    return EventType(
        host=row["host"], slug=row["slug"], title=row["title"], description=row["description"],
        duration=timedelta(minutes=row["duration_minutes"]), step=None if step is None else timedelta(minutes=step),
        buffer_before=timedelta(minutes=row["buffer_before_minutes"]),
        buffer_after=timedelta(minutes=row["buffer_after_minutes"]), notice=timedelta(minutes=row["notice_minutes"]),
        horizon=timedelta(days=row["horizon_days"]), limit_per_day=row["limit_per_day"],
        limit_per_week=row["limit_per_week"], limit_per_month=row["limit_per_month"], seats=row["seats"],
        confirmation=bool(row["confirmation"]), location=row["location"], hidden=bool(row["hidden"]),
        origin=row["origin"], id=row["id"])
