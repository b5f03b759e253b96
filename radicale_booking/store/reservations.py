"""Reservations with the occupancies that belong to them."""

from __future__ import annotations

import builtins
import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.invitation import Invitation
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.team import Turn

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True, slots=True)
class OccupancyRow:
    """A live occupancy, buffers included, of the reservation ``uid`` whose calendar object is ``calendar_uid``."""

    interval: Interval
    uid: str
    calendar_uid: str


class Reservations:
    """The repository of reservations. An overlap of live occupancies raises ``OverlapRefused``."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def get_by_uid(self, uid: str) -> Reservation | None:
        row = self._unit_of_work.one("reservation", "get_by_uid", uid=uid)
        return self._read(row) if row is not None else None

    def of_object(self, calendar_uid: str) -> builtins.list[Reservation]:
        """The reservations that the calendar object ``calendar_uid`` stands for: one, or a series in order."""
        return [self._read(row) for row in
                self._unit_of_work.query("reservation", "of_object", calendar_uid=calendar_uid)]

    def of_series(self, reservation: Reservation) -> builtins.list[Reservation]:
        """All that were booked together with it, itself included, in order."""
        if reservation.series is None:
            return [reservation]
        return [self._read(row) for row in self._unit_of_work.query("reservation", "of_series",
                                                                    series=reservation.series)]

    def series_ahead(self, host: str, since: datetime) -> builtins.list[Reservation]:
        """The occurrences to come of series that the host organizes, series by series, in order: those that live and
        those that were cancelled after ``since``."""
        rows = self._unit_of_work.query("reservation", "series_ahead", host=host, since=_epoch(since),
                                        now=self._unit_of_work.now_epoch)
        return [self._read(row) for row in rows]

    def by_idempotency_key(self, event_type: EventType, key: str) -> Reservation | None:
        row = self._unit_of_work.one("reservation", "by_idempotency_key", event_type_id=event_type.id,
                                     idempotency_key=key)
        return self._read(row) if row is not None else None

    def by_key_prefix(self, event_type: EventType, prefix: str) -> dict[str, Reservation]:
        """The reservations whose idempotency key begins with ``prefix``, by key, the oldest first."""
        rows = self._unit_of_work.query("reservation", "by_key_prefix", event_type_id=event_type.id, prefix=prefix,
                                        after=prefix + chr(0x10FFFF))
        return {row["idempotency_key"]: self._read(row) for row in rows}

    def list(self, host: str | None = None, status: str | None = None) -> builtins.list[Reservation]:
        """In order of their start; all where ``host`` and ``status`` are None."""
        return [self._read(row) for row in self._unit_of_work.query("reservation", "list", host=host, status=status)]

    def live_of_host(self, host: str, frame: Interval) -> builtins.list[Reservation]:
        """What ``host`` alone or with others takes part in and starts in ``frame``, in order."""
        rows = self._unit_of_work.query("reservation", "live_of_host", host=host, **_range(frame))
        return [self._read(row) for row in rows]

    def at(self, event_type: EventType, start: datetime) -> Reservation | None:
        """The live reservation of ``event_type`` that starts at ``start``."""
        row = self._unit_of_work.one("reservation", "at", event_type_id=event_type.id, start_epoch=_epoch(start))
        return self._read(row) if row is not None else None

    def expired(self, most: int) -> builtins.list[Reservation]:
        """At most ``most`` pending reservations whose time to be decided is over."""
        rows = self._unit_of_work.query("reservation", "expired", now=self._unit_of_work.now_epoch, most=most)
        return [self._read(row) for row in rows]

    def add(self, reservation: Reservation, event_type: EventType, idempotency_key: str | None = None) -> Reservation:
        """Store a new reservation and an occupancy of each of its hosts; the same with its ``id``."""
        reservation_id = self._unit_of_work.insert(
            "reservation", "add", host=reservation.host, event_type_id=event_type.id, uid=reservation.uid,
            status=reservation.status, start_epoch=_epoch(reservation.start), end_epoch=_epoch(reservation.end),
            invitee_name=reservation.invitee_name, invitee_email=reservation.invitee_email,
            invitee_timezone=reservation.invitee_timezone, language=reservation.language, note=reservation.note,
            idempotency_key=idempotency_key, sequence=reservation.sequence, reason=reservation.reason,
            now=self._unit_of_work.now_epoch, expires_epoch=_optional_epoch(reservation.expires),
            location=reservation.location, answers=json.dumps(dict(reservation.answers), ensure_ascii=False),
            guests=json.dumps(reservation.guests), series=reservation.series,
            recurrence_epoch=_optional_epoch(reservation.recurrence), unverified=int(reservation.unverified))
        for host in reservation.hosts:
            self._unit_of_work.execute("reservation", "add_occupancy", reservation_id=reservation_id, host=host,
                                       live=int(reservation.live), **_occupied(reservation, event_type))
        return replace(reservation, id=reservation_id, event_type_id=event_type.id or 0)

    def set_state(self, reservation: Reservation) -> None:
        """Store status, sequence, reason, expiry, whose word it waits for, recurrence and object; one that is no longer
        live frees its time."""
        self._update(reservation)
        if not reservation.live:
            self._unit_of_work.execute("reservation", "end_occupancy", reservation_id=reservation.id)

    def move(self, reservation: Reservation, event_type: EventType) -> None:
        """Store the time too, which every host's occupancy follows, live."""
        self._update(reservation)
        self._unit_of_work.execute("reservation", "move_occupancy", reservation_id=reservation.id,
                                   **_occupied(reservation, event_type))

    def _update(self, reservation: Reservation) -> None:
        self._unit_of_work.execute(
            "reservation", "update", id=reservation.id, status=reservation.status,
            start_epoch=_epoch(reservation.start), end_epoch=_epoch(reservation.end), sequence=reservation.sequence,
            reason=reservation.reason, expires_epoch=_optional_epoch(reservation.expires),
            recurrence_epoch=_optional_epoch(reservation.recurrence), object_uid=reservation.object_uid,
            unverified=int(reservation.unverified), now=self._unit_of_work.now_epoch)

    def event_type_of(self, reservation: Reservation) -> EventType:
        """The event type that was booked."""
        event_type = self._unit_of_work.event_types.by_id(reservation.event_type_id)
        assert event_type is not None  # noqa: S101 - a foreign key holds it
        return event_type

    def occupancies(self, host: str, frame: Interval) -> builtins.list[OccupancyRow]:
        """The host's live occupancies that overlap ``frame``."""
        rows = self._unit_of_work.query("reservation", "occupancies", host=host, **_range(frame))
        return [OccupancyRow(Interval(_instant(row["start_epoch"]), _instant(row["end_epoch"])), row["uid"],
                             row["calendar_uid"]) for row in rows]

    def booked(self, event_type: EventType, frame: Interval, except_uid: str | None = None) -> builtins.list[Interval]:
        """The event type's live reservations that start in ``frame``, without ``except_uid``."""
        rows = self._unit_of_work.query("reservation", "booked", event_type_id=event_type.id, **_range(frame))
        return [Interval(_instant(row["start_epoch"]), _instant(row["end_epoch"])) for row in rows
                if row["uid"] != except_uid]

    def of_invitee(self, event_type: EventType, email: str) -> int:
        """How many live reservations of the event type the invitee has to come, holds left out."""
        rows = self._unit_of_work.query("reservation", "of_invitee", event_type_id=event_type.id, email=email,
                                        now=self._unit_of_work.now_epoch)
        return int(rows[0][0])

    def invited(self, reservation: Reservation) -> tuple[bool, Invitation | None]:
        """Whether it, or the seat by which it is seen, was booked by an invitation; by which, while that is there."""
        row = self._unit_of_work.one("reservation", "invitation", uid=reservation.uid, seat=reservation.seat)
        return row is not None, _invitation(row["invited"]) if row is not None and row["invited"] else None

    def set_invitation(self, reservation: Reservation, invitation: Invitation | None) -> None:
        """Keep the event by which it, or the seat, was booked; None: its organizer has taken it back."""
        invited = json.dumps(asdict(invitation), default=lambda moment: moment.isoformat()) if invitation else None
        if reservation.seat is not None:
            self._unit_of_work.execute("reservation", "set_invitation_of_seat", seat=reservation.seat, invited=invited)
        else:
            self._unit_of_work.execute("reservation", "set_invitation", uid=reservation.uid, invited=invited)

    def reader(self, email: str) -> tuple[str, str] | None:
        """Language (a tag) and zone of ``email`` in the last booking of theirs; None where there is none."""
        row = self._unit_of_work.one("reservation", "reader", email=email)
        return (row["language"], row["timezone"]) if row is not None else None

    def turns(self, event_type: EventType) -> dict[str, Turn]:
        """The hosts of a team's event type by name, with what decides whose turn it is."""
        rows = self._unit_of_work.query("reservation", "turns", event_type_id=event_type.id,
                                        now=self._unit_of_work.now_epoch)
        return {row["host"]: Turn(row["host"], row["bookings"], row["last_id"]) for row in rows}

    def _read(self, row: Row) -> Reservation:
        hosts = self._unit_of_work.query("reservation", "hosts", reservation_id=row["id"]) if row["shared"] else ()
        return Reservation(
            host=row["host"], slug=row["slug"], title=row["title"], uid=row["uid"], status=row["status"],
            start=_instant(row["start_epoch"]), end=_instant(row["end_epoch"]), invitee_name=row["invitee_name"],
            invitee_email=row["invitee_email"], created=_instant(row["created_epoch"]),
            modified=_instant(row["modified_epoch"]), event_type_id=row["event_type_id"],
            invitee_timezone=row["invitee_timezone"], language=row["language"], note=row["note"],
            location=row["location"], answers=json.loads(row["answers"]), guests=tuple(json.loads(row["guests"])),
            other_hosts=tuple(found[0] for found in hosts if found[0] != row["host"]), series=row["series"],
            recurrence=_optional_instant(row["recurrence_epoch"]), object_uid=row["object_uid"],
            sequence=row["sequence"], reason=row["reason"],
            expires=_optional_instant(row["expires_epoch"]), unverified=bool(row["unverified"]), id=row["id"])


def _occupied(reservation: Reservation, event_type: EventType) -> dict[str, int]:
    return {"start_epoch": _epoch(reservation.start - event_type.buffer_before),
            "end_epoch": _epoch(reservation.end + event_type.buffer_after)}


def _range(frame: Interval) -> dict[str, int]:
    return {"range_start": _epoch(frame.start), "range_end": _epoch(frame.end)}


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())


def _optional_epoch(instant: datetime | None) -> int | None:
    return None if instant is None else _epoch(instant)


def _instant(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _optional_instant(epoch: int | None) -> datetime | None:
    return None if epoch is None else _instant(epoch)


def _invitation(text: str) -> Invitation:
    kept = json.loads(text)
    instance = kept["instance"]
    if instance is not None:
        instance = datetime.fromisoformat(instance) if "T" in instance else date.fromisoformat(instance)
    return Invitation(kept["uid"], kept["attendee"], datetime.fromisoformat(kept["start"]), kept["sequence"], instance)
