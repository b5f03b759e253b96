"""Seats: the invitees' places in reservations of group event types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.seat import Seat

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


class Seats:
    """The repository of seats."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, seat: Seat, idempotency_key: str | None = None) -> None:
        self._unit_of_work.insert(
            "reservation", "add_seat", reservation_id=seat.reservation_id, uid=seat.uid, name=seat.name,
            email=seat.email, timezone=seat.timezone, language=seat.language, note=seat.note,
            answers=json.dumps(dict(seat.answers), ensure_ascii=False), idempotency_key=idempotency_key,
            expires_epoch=int(seat.expires.timestamp()) if seat.expires is not None else None,
            now=self._unit_of_work.now_epoch)

    def get(self, uid: str) -> Seat | None:
        row = self._unit_of_work.one("reservation", "seat", uid=uid)
        return _read(row, row["reservation_uid"]) if row is not None else None

    def by_key(self, event_type: EventType, key: str) -> Seat | None:
        """The seat that was taken with the idempotency key."""
        row = self._unit_of_work.one("reservation", "seat_by_key", event_type_id=event_type.id, idempotency_key=key)
        return _read(row, row["reservation_uid"]) if row is not None else None

    def by_key_prefix(self, event_type: EventType, prefix: str) -> dict[str, Seat]:
        """The seats whose idempotency key begins with ``prefix``, by key, the oldest first."""
        rows = self._unit_of_work.query("reservation", "seats_by_key_prefix", event_type_id=event_type.id,
                                        prefix=prefix, after=prefix + chr(0x10FFFF))
        return {row["idempotency_key"]: _read(row, row["reservation_uid"]) for row in rows}

    def of(self, reservation_id: int) -> list[Seat]:
        """The seats that are taken, in the order of booking; none that is only held."""
        return [_read(row) for row in self._unit_of_work.query("reservation", "seats", reservation_id=reservation_id)]

    def held(self, reservation_id: int) -> list[Seat]:
        """The seats that are held for people who have not answered the mail to their address, in order."""
        rows = self._unit_of_work.query("reservation", "held_seats", reservation_id=reservation_id)
        return [_read(row) for row in rows]

    def lapsed(self, most: int) -> list[Seat]:
        """At most ``most`` seats that were held for too long."""
        rows = self._unit_of_work.query("reservation", "lapsed_seats", now=self._unit_of_work.now_epoch, most=most)
        return [_read(row, row["reservation_uid"]) for row in rows]

    def keep(self, uid: str) -> None:
        """Take the held seat for good."""
        self._unit_of_work.execute("reservation", "keep_seat", uid=uid)

    def cancel(self, uid: str) -> None:
        self._unit_of_work.execute("reservation", "cancel_seat", uid=uid)

    def move(self, uid: str, reservation: Reservation) -> None:
        """Let the seat be one of another ``reservation``."""
        self._unit_of_work.execute("reservation", "move_seat", uid=uid, reservation_id=reservation.id)

    def starts_of(self, event_type: EventType, frame: Interval, email: str) -> list[datetime]:
        """When in ``frame`` the live group reservations start in which the invitee has a seat, holds left out."""
        rows = self._unit_of_work.query("reservation", "starts_of_invitee", event_type_id=event_type.id, email=email,
                                        range_start=int(frame.start.timestamp()), range_end=int(frame.end.timestamp()))
        return [datetime.fromtimestamp(row["start_epoch"], UTC) for row in rows]

    def taken(self, event_type: EventType, frame: Interval) -> dict[datetime, int]:
        """Start of each live group reservation in ``frame`` -> seats taken or held."""
        rows = self._unit_of_work.query("reservation", "seats_taken", event_type_id=event_type.id,
                                        range_start=int(frame.start.timestamp()), range_end=int(frame.end.timestamp()))
        return {datetime.fromtimestamp(row["start_epoch"], UTC): row["taken"] for row in rows}


def _read(row: Row, reservation_uid: str = "") -> Seat:
    return Seat(row["reservation_id"], row["uid"] or "", row["name"], row["email"], row["timezone"], row["language"],
                row["note"], json.loads(row["answers"]), row["status"], reservation_uid,
                datetime.fromtimestamp(row["expires_epoch"], UTC) if row["expires_epoch"] is not None else None,
                row["id"])
