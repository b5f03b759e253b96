"""Event types."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.team import Team
from radicale_booking.store import event_type_rules

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


_COLUMNS = ("id", "host", "slug", "title", "description", "duration_minutes", "step_minutes", "buffer_before_minutes",
            "buffer_after_minutes", "notice_minutes", "horizon_days", "limit_per_day", "limit_per_week",
            "limit_per_month", "seats", "confirmation", "hidden", "closed", "origin", "rules")


class EventTypes:
    """The repository of event types; one that a transaction has read it knows until it changes one."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._known: dict[int, EventType] = {}

    def get(self, host: str, slug: str) -> EventType | None:
        row = self._unit_of_work.one("event_type", "get", host=host, slug=slug)
        return self._known.setdefault(row["id"], self._read(row)) if row is not None else None

    def by_id(self, event_type_id: int) -> EventType | None:
        if event_type_id not in self._known:
            row = self._unit_of_work.one("event_type", "by_id", id=event_type_id)
            if row is None:
                return None
            self._known[event_type_id] = self._read(row)
        return self._known[event_type_id]

    def all(self, host: str) -> list[EventType]:
        """All of the host's, hidden and closed ones included, the shortest first."""
        return [self._read(row) for row in self._unit_of_work.query("event_type", "all", host=host)]

    def of_everybody(self) -> list[EventType]:
        """Those of all hosts."""
        return [self._read(row) for row in self._unit_of_work.query("event_type", "of_everybody")]

    def add(self, event_type: EventType) -> EventType:
        """Store a new one for an existing host; the same with its ``id``."""
        added = replace(event_type, id=self._unit_of_work.insert("event_type", "add", **_values(event_type)))
        self._write_hosts(added)
        return added

    def update(self, event_type: EventType) -> None:
        self._known.clear()
        self._unit_of_work.execute("event_type", "update", **_values(event_type))
        self._write_hosts(event_type)

    def booked(self, event_type_id: int) -> bool:
        """Whether a reservation, past or future, refers to it."""
        return self._unit_of_work.one("event_type", "booked", id=event_type_id) is not None

    def remove(self, event_type_id: int) -> None:
        self._known.clear()
        self._unit_of_work.execute("event_type", "remove", id=event_type_id)

    def _write_hosts(self, event_type: EventType) -> None:
        self._unit_of_work.execute("event_type", "clear_hosts", id=event_type.id)
        for position, host in enumerate(event_type.team.hosts if event_type.team is not None else ()):
            self._unit_of_work.execute("event_type", "add_host", event_type_id=event_type.id, position=position,
                                       host=host)

    def _read(self, row: Row) -> EventType:
        usual, team = _parsed(tuple([row[column] for column in _COLUMNS]))
        if team is None:
            return usual
        hosts = tuple(found[0] for found in self._unit_of_work.query("event_type", "hosts", id=usual.id))
        # Without its last host it is its owner's again.
        return replace(usual, team=Team(team["kind"], hosts, team["strategy"])) if hosts else usual


@lru_cache(maxsize=1024)
def _parsed(values: tuple[Any, ...]) -> tuple[EventType, dict[str, Any] | None]:
    """The event type in a row's ``_COLUMNS`` and what its rules say of a team. Every look at a page asks for some, and
    they seldom change."""
    row = dict(zip(_COLUMNS, values, strict=True))
    step = row["step_minutes"]
    rules = event_type_rules.read(row["rules"])
    team = rules.pop("team", None)
    return EventType(
        host=row["host"], slug=row["slug"], title=row["title"], description=row["description"],
        duration=timedelta(minutes=row["duration_minutes"]),
        step=None if step is None else timedelta(minutes=step),
        buffer_before=timedelta(minutes=row["buffer_before_minutes"]),
        buffer_after=timedelta(minutes=row["buffer_after_minutes"]),
        notice=timedelta(minutes=row["notice_minutes"]), horizon=timedelta(days=row["horizon_days"]),
        limit_per_day=row["limit_per_day"], limit_per_week=row["limit_per_week"],
        limit_per_month=row["limit_per_month"], seats=row["seats"], confirmation=bool(row["confirmation"]),
        hidden=bool(row["hidden"]), closed=bool(row["closed"]), origin=row["origin"], id=row["id"], **rules), team


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
        "seats": event_type.seats, "confirmation": int(event_type.confirmation), "hidden": int(event_type.hidden),
        "closed": int(event_type.closed), "origin": event_type.origin, "rules": event_type_rules.write(event_type)}
