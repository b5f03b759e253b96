"""Reservations with the occupancies and seats that belong to them."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.reservation import Reservation

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True, slots=True)
class OccupancyRow:
    """A live occupancy, buffers included, of the reservation ``uid`` that starts at ``booked_start``."""

    interval: Interval
    uid: str
    event_type_id: int
    booked_start: datetime


class Reservations:
    """The repository of reservations. An overlap of live occupancies raises ``OverlapRefused``."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def get_by_uid(self, uid: str) -> Reservation | None:
        row = self._unit_of_work.one("reservation", "get_by_uid", uid=uid)
        return _read(row) if row is not None else None

    def by_idempotency_key(self, host: str, key: str) -> Reservation | None:
        row = self._unit_of_work.one("reservation", "by_idempotency_key", host=host, idempotency_key=key)
        return _read(row) if row is not None else None

    def list(self, host: str | None = None, status: str | None = None) -> list[Reservation]:
        """In order of their start; all where ``host`` and ``status`` are None."""
        return [_read(row) for row in self._unit_of_work.query("reservation", "list", host=host, status=status)]

    def at(self, event_type: EventType, start: datetime) -> Reservation | None:
        """The live reservation of ``event_type`` that starts at ``start``."""
        row = self._unit_of_work.one("reservation", "at", event_type_id=event_type.id, start_epoch=_epoch(start))
        return _read(row) if row is not None else None

    def add(self, reservation: Reservation, event_type: EventType, idempotency_key: str | None = None) -> Reservation:
        """Store a new reservation and its occupancy; the same with its ``id``."""
        reservation_id = self._unit_of_work.insert(
            "reservation", "add", event_type_id=event_type.id, uid=reservation.uid, status=reservation.status,
            start_epoch=_epoch(reservation.start), end_epoch=_epoch(reservation.end),
            invitee_name=reservation.invitee_name, invitee_email=reservation.invitee_email,
            invitee_timezone=reservation.invitee_timezone, language=reservation.language, note=reservation.note,
            idempotency_key=idempotency_key, sequence=reservation.sequence, reason=reservation.reason,
            now=self._unit_of_work.now_epoch, expires_epoch=_optional_epoch(reservation.expires))
        self._unit_of_work.execute("reservation", "add_occupancy", reservation_id=reservation_id,
                                   **_occupancy(reservation, event_type))
        return replace(reservation, id=reservation_id)

    def update(self, reservation: Reservation, event_type: EventType) -> None:
        """Store status, time, sequence, reason and expiry; the occupancy follows."""
        self._unit_of_work.execute(
            "reservation", "update", id=reservation.id, status=reservation.status,
            start_epoch=_epoch(reservation.start), end_epoch=_epoch(reservation.end), sequence=reservation.sequence,
            reason=reservation.reason, expires_epoch=_optional_epoch(reservation.expires),
            now=self._unit_of_work.now_epoch)
        self._unit_of_work.execute("reservation", "update_occupancy", reservation_id=reservation.id,
                                   **_occupancy(reservation, event_type))

    def event_type_of(self, reservation: Reservation) -> EventType:
        """The event type that was booked."""
        event_type = self._unit_of_work.event_types.get(reservation.host, reservation.slug)
        assert event_type is not None  # noqa: S101 - a foreign key holds it
        return event_type

    def occupancies(self, host: str, frame: Interval, except_uid: str | None = None) -> builtins.list[OccupancyRow]:
        """The host's live occupancies that overlap ``frame``, without those of the reservation ``except_uid``."""
        rows = self._unit_of_work.query("reservation", "occupancies", host=host, **_range(frame))
        return [OccupancyRow(Interval(_instant(row["start_epoch"]), _instant(row["end_epoch"])), row["uid"],
                             row["event_type_id"], _instant(row["booked_epoch"]))
                for row in rows if row["uid"] != except_uid]

    def starts(self, event_type_id: int, frame: Interval, except_uid: str | None = None) -> builtins.list[datetime]:
        """The starts of the event type's live reservations in ``frame``."""
        rows = self._unit_of_work.query("reservation", "starts", event_type_id=event_type_id, **_range(frame))
        return [_instant(row["start_epoch"]) for row in rows if row["uid"] != except_uid]

    def add_seat(self, reservation_id: int, name: str, email: str, timezone: str) -> int:
        """One more invitee of a group reservation; the seat's id."""
        return self._unit_of_work.insert("reservation", "add_seat", reservation_id=reservation_id, name=name,
                                         email=email, timezone=timezone, now=self._unit_of_work.now_epoch)

    def has_seat(self, reservation_id: int, email: str) -> bool:
        """Whether the invitee with the address ``email`` has a seat in the reservation."""
        return self._unit_of_work.one("reservation", "has_seat", reservation_id=reservation_id,
                                      email=email) is not None

    def seats_taken(self, event_type_id: int, frame: Interval) -> dict[datetime, int]:
        """Start of each live group reservation in ``frame`` -> seats taken."""
        rows = self._unit_of_work.query("reservation", "seats_taken", event_type_id=event_type_id, **_range(frame))
        return {_instant(row["start_epoch"]): row["taken"] for row in rows}


def _occupancy(reservation: Reservation, event_type: EventType) -> dict[str, int]:
    return {"start_epoch": _epoch(reservation.start - event_type.buffer_before),
            "end_epoch": _epoch(reservation.end + event_type.buffer_after), "live": int(reservation.live)}


def _range(frame: Interval) -> dict[str, int]:
    return {"range_start": _epoch(frame.start), "range_end": _epoch(frame.end)}


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())


def _optional_epoch(instant: datetime | None) -> int | None:
    return None if instant is None else _epoch(instant)


def _instant(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _read(row: Row) -> Reservation:
    expires = row["expires_epoch"]
    return Reservation(
        host=row["host"], slug=row["slug"], title=row["title"], uid=row["uid"], status=row["status"],
        start=_instant(row["start_epoch"]), end=_instant(row["end_epoch"]), invitee_name=row["invitee_name"],
        invitee_email=row["invitee_email"], created=_instant(row["created_epoch"]),
        modified=_instant(row["modified_epoch"]), invitee_timezone=row["invitee_timezone"], language=row["language"],
        note=row["note"], location=row["location"], sequence=row["sequence"], reason=row["reason"],
        expires=None if expires is None else _instant(expires), id=row["id"])
