"""The life of a reservation: every change of its state or time, and who is told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain import location
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.reservation import Reservation, moved_to, next_status, verified
from radicale_booking.domain.seat import Seat
from radicale_booking.domain.unique_id import unique_id
from radicale_booking.errors import Conflict, IllegalTransition, NotFound
from radicale_booking.services import calendar_objects, effects, offers, requests, webhooks
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.hours import Asked

BATCH = 100

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


def cancel(app: Adapters, uid: str, actor: str, reason: str = "") -> Reservation:
    """Free the time, or one seat, and take the event out of the host's calendar.

    ``uid`` is a reservation's or a seat's. Raises ``NotFound`` or ``IllegalTransition``.
    """
    return _end(app, uid, actor, "cancel", reason)


@again.if_undone
def decide(app: Adapters, uid: str, event: str, actor: str, reason: str = "") -> Reservation:
    """``confirm`` or ``decline`` a pending reservation. Raises ``NotFound`` or ``IllegalTransition``."""
    if event == "decline":
        return _end(app, uid, actor, event, reason)
    with app.store.write(actor=actor, principal=_host(app, uid)) as uow:
        found = get(uow, uid)
        confirmed = confirm(uow, found)
        calendar_objects.write(app, uow, uow.reservations.event_type_of(found), confirmed)
        return confirmed


@again.if_undone
def reschedule(app: Adapters, uid: str, start: datetime, actor: str) -> Reservation:
    """Give the reservation, or one seat, another time of the same length; on a conflict nothing has changed.

    ``uid`` is a reservation's or a seat's. Raises ``NotFound``, ``InvalidInput``, ``IllegalTransition``, or
    ``SlotTaken`` when ``start`` (aware) is not free.
    """
    start = requests.checked_start(start)
    with app.store.write(actor=actor, principal=_host(app, uid)) as uow:
        return move(app, uow, get(uow, uid), start)


def move(app: Adapters, uow: UnitOfWork, found: Reservation, start: datetime) -> Reservation:
    """``reschedule`` inside a transaction; one that fails must be undone. ``start`` is in UTC."""
    event_type = uow.reservations.event_type_of(found)
    usual = event_type.lasting_exactly(found.end - found.start)
    moved = moved_to(found, "reschedule", start, start + usual.duration, uow.now)
    if found.seat is not None and found.unverified:
        raise IllegalTransition("unverified", "reschedule")
    if found.seat is not None and start == found.start:
        # A form that is sent twice finds the seat where it is to go.
        return found
    asked = asked_by(uow, found)
    try:
        offers.assign(app, uow, usual, [start], asked)
        if found.seat is not None:
            return _move_seat(app, uow, event_type, found, moved)
        return _move_all(app, uow, event_type, found, moved)
    except Conflict as refused:
        raise offers.taken(app, uow, usual, start, refused, asked) from refused


def asked_by(uow: UnitOfWork, found: Reservation) -> Asked:
    """How to read a diary for ``found`` that is to move. What one invitee of a group sees frees no time of the host but
    with the last who leaves."""
    if found.seat is None:
        return Asked(excepted=found)
    return Asked(excepted=None if _others(uow, found) else found, seat=found)


def settled(uow: UnitOfWork, event_type: EventType, shared: Reservation) -> Reservation:
    """A group that others have only asked for until now, on the word of the first who comes."""
    if not shared.unverified:
        return shared
    shared = verified(shared, event_type.decided_by(shared.start, uow.now), uow.now)
    uow.reservations.set_state(shared)
    return shared


def former(uow: UnitOfWork, uid: str, seat: str, start: datetime, sequence: int) -> Reservation:
    """The reservation of a group that began at ``start`` as an invitee saw it who sits elsewhere since; ``sequence``:
    of the change. Raises ``NotFound``."""
    shared, found = uow.reservations.get_by_uid(uid), uow.seats.get(seat)
    if shared is None or found is None:
        raise NotFound("reservation", uid)
    return replace(seen_by(shared, found), status="cancelled", start=start, end=start + (shared.end - shared.start),
                   sequence=sequence)


def _move_all(app: Adapters, uow: UnitOfWork, event_type: EventType, found: Reservation,
              moved: Reservation) -> Reservation:
    uow.reservations.move(moved, event_type)
    calendar_objects.write(app, uow, event_type, moved)
    announce(uow, moved, "reschedule", {"from": found.start.isoformat()})
    return moved


def _move_seat(app: Adapters, uow: UnitOfWork, event_type: EventType, found: Reservation,
               moved: Reservation) -> Reservation:
    """Let the invitee who is seen sit in the group at the time of ``moved``, which is made where there is none.

    A group of which nobody is left goes along, or ends where that cannot be.
    """
    assert found.seat is not None  # noqa: S101 - the caller saw it
    left, joined = uow.reservations.get_by_uid(found.uid), uow.reservations.at(event_type, moved.start)
    assert left is not None  # noqa: S101 - read in this transaction
    alone = not _others(uow, found)
    if alone and joined is None and not uow.seats.held(left.id or 0):
        _move_all(app, uow, event_type, left, moved_to(left, "reschedule", moved.start, moved.end, uow.now))
        return get(uow, found.seat)
    left = set_ended(uow, left, "cancel") if alone else _touched(uow, left)
    first = joined is None or joined.unverified
    joined = _made(uow, event_type, moved) if joined is None else settled(uow, event_type, _touched(uow, joined))
    uow.seats.move(found.seat, joined)
    (calendar_objects.remove if alone else calendar_objects.write)(app, uow, event_type, left)
    calendar_objects.write(app, uow, event_type, joined)
    seen = get(uow, found.seat)
    _announce_seat_moved(uow, replace(found, sequence=left.sequence, status="cancelled"), seen, left, first=first)
    return seen


def _touched(uow: UnitOfWork, shared: Reservation) -> Reservation:
    """A group whose people change: what is sent about it from now on replaces what was (RFC 5546 §2.1.4)."""
    touched = replace(shared, sequence=shared.sequence + 1, modified=uow.now)
    uow.reservations.set_state(touched)
    return touched


def _made(uow: UnitOfWork, event_type: EventType, moved: Reservation) -> Reservation:
    """A new group at the time of ``moved``, for the one invitee who is seen there."""
    place = location.of_another(event_type.locations, moved.location, secrets.token_urlsafe(12))
    return uow.reservations.add(replace(
        moved, id=None, uid=unique_id(uow.now), seat=None, sequence=0, created=uow.now, guests=(), location=place,
        expires=event_type.decided_by(moved.start, uow.now) if moved.status == "pending" else None), event_type)


def _announce_seat_moved(uow: UnitOfWork, before: Reservation, seen: Reservation, left: Reservation, *,
                         first: bool) -> None:
    """Queue what follows when an invitee sits in another group than ``before``, both as this invitee sees them, and
    note it in the audit trail of both. ``left``: what the former has become; ``first``: nobody else came to the other.
    """
    effects.of_seat_moved(uow, before, seen, left)
    if left.live:
        webhooks.queue(uow, before, "leave")
    uow.audit.add("leave", before.uid, {"seat": before.seat or "", "to": seen.uid})
    if first:
        note(uow, seen, "request" if seen.status == "pending" else "book")
    else:
        webhooks.queue(uow, seen, "join")
    uow.audit.add("join", seen.uid, {"seat": before.seat or "", "from": before.uid})


@again.if_undone
def expire_due(app: Adapters) -> int:
    """Expire pending reservations whose time to be decided is over; how many, at most ``BATCH``."""
    with app.store.read() as uow:
        if not uow.reservations.expired(1):
            return 0
    with app.store.write(actor="upkeep") as uow:
        due = uow.reservations.expired(BATCH)
        for found in due:
            ended = release(uow, found, "expire")
            calendar_objects.remove(app, uow, uow.reservations.event_type_of(found), ended)
            if found.unverified:
                forget(uow, found)
        return len(due)


def forget(uow: UnitOfWork, ended: Reservation) -> None:
    """Keep no person of a hold that nobody has answered for: it may have been anybody's address."""
    assert ended.id is not None  # noqa: S101 - read from the store
    uow.persons.erase_reservation(ended.id)
    uow.persons.erase_seats(ended.id)


def get(uow: UnitOfWork, uid: str) -> Reservation:
    """By its own uid, or as the invitee sees it whose seat has the uid. Raises ``NotFound``."""
    found = uow.reservations.get_by_uid(uid)
    if found is not None:
        return found
    seat = uow.seats.get(uid)
    shared = uow.reservations.get_by_uid(seat.reservation_uid) if seat is not None else None
    if seat is None or shared is None:
        raise NotFound("reservation", uid)
    return seen_by(shared, seat)


def seen_by(shared: Reservation, seat: Seat) -> Reservation:
    """A group's reservation as the invitee in ``seat`` sees it; one who has not answered a mail yet sees a hold."""
    if seat.status == "confirmed":
        status = "pending" if seat.expires is not None and shared.live else shared.status
    else:
        status = "expired" if seat.expires is not None else "cancelled"
    return replace(shared, invitee_name=seat.name, invitee_email=seat.email, invitee_timezone=seat.timezone,
                   language=seat.language, note=seat.note, answers=seat.answers, seat=seat.uid, status=status,
                   unverified=seat.expires is not None, expires=seat.expires or shared.expires)


def confirm(uow: UnitOfWork, found: Reservation) -> Reservation:
    """Confirm a pending reservation; its event is left alone. Raises ``IllegalTransition``."""
    confirmed = set_confirmed(uow, found)
    tell(uow, confirmed, "confirm")
    return confirmed


def set_confirmed(uow: UnitOfWork, found: Reservation) -> Reservation:
    """``confirm`` without telling anybody."""
    if found.unverified:
        raise IllegalTransition("unverified", "confirm")
    confirmed = replace(found, status=next_status(found.status, "confirm"), expires=None, modified=uow.now,
                        sequence=found.sequence + 1)
    uow.reservations.set_state(confirmed)
    note(uow, confirmed, "confirm")
    return confirmed


def release(uow: UnitOfWork, found: Reservation, event: str, reason: str = "") -> Reservation:
    """End ``found`` by ``event`` (cancel, decline, expire) and tell both sides; its event is left alone.

    Raises ``IllegalTransition``.
    """
    ended = set_ended(uow, found, event, reason)
    tell(uow, ended, event)
    return ended


def set_ended(uow: UnitOfWork, found: Reservation, event: str, reason: str = "") -> Reservation:
    """``release`` without telling anybody."""
    ended = replace(found, status=next_status(found.status, event), reason=reason, modified=uow.now,
                    sequence=found.sequence + 1, expires=None)
    uow.reservations.set_state(ended)
    note(uow, ended, event)
    return ended


def announce(uow: UnitOfWork, found: Reservation, event: str, detail: dict[str, str] | None = None) -> None:
    """Queue what follows from ``event`` and note it in the audit trail."""
    tell(uow, found, event)
    note(uow, found, event, detail)


def note(uow: UnitOfWork, found: Reservation, event: str, detail: dict[str, str] | None = None) -> None:
    """Write ``event`` into the audit trail, and queue what follows besides mail."""
    effects.follow(uow, found, event, (detail or {}).get("from", ""))
    uow.audit.add(event, found.uid, {"status": found.status, "start": found.start.isoformat(),
                                     "sequence": found.sequence, **(detail or {})})


def tell(uow: UnitOfWork, found: Reservation, event: str, *, together: bool = False,
         due: datetime | None = None) -> None:
    """Queue the mails to all whom ``event`` concerns, for ``due`` (aware UTC; None: now); ``together``: they speak for
    all of the series."""
    effects.tell(uow, found, event, together=together, due=due)


def announce_seat(uow: UnitOfWork, seen: Reservation, event: str) -> None:
    """Queue what follows when one invitee of a group comes or goes, and note it in the audit trail."""
    assert seen.seat is not None  # noqa: S101 - seen_by gave it
    effects.of_seat(uow, seen, event)
    uow.audit.add("leave" if event == "cancel" else "join", seen.uid, {"seat": seen.seat})


@again.if_undone
def _end(app: Adapters, uid: str, actor: str, event: str, reason: str) -> Reservation:
    reason = requests.checked_text("reason", reason, requests.LONGEST_NOTE, lines=True)
    with app.store.write(actor=actor, principal=_host(app, uid)) as uow:
        return end(app, uow, get(uow, uid), event, reason)


def end(app: Adapters, uow: UnitOfWork, found: Reservation, event: str, reason: str = "") -> Reservation:
    """``cancel`` or ``decline`` inside a transaction. Raises ``IllegalTransition``."""
    event_type = uow.reservations.event_type_of(found)
    if found.seat is not None and _others(uow, found):
        return _leave(app, uow, event_type, found)
    ended = release(uow, found, event, reason)
    calendar_objects.remove(app, uow, event_type, ended)
    return ended


def end_together(app: Adapters, uow: UnitOfWork, found: Sequence[Reservation]) -> None:
    """``cancel`` all occurrences ``found``, at least one and all live, and tell of them in one mail."""
    event_type = uow.reservations.event_type_of(found[0])
    ended = [set_ended(uow, one, "cancel") for one in found]
    for one in ended:
        calendar_objects.remove(app, uow, event_type, one)
    tell(uow, ended[0], "cancel", together=len(ended) > 1)


def _others(uow: UnitOfWork, seen: Reservation) -> bool:
    """Whether anybody else comes; for those who hold a seat only another hold keeps the group together."""
    assert seen.id is not None  # noqa: S101 - read from the store
    seats = [*uow.seats.of(seen.id), *(uow.seats.held(seen.id) if seen.unverified else ())]
    return any(seat.uid != seen.seat for seat in seats)


def _leave(app: Adapters, uow: UnitOfWork, event_type: EventType, seen: Reservation) -> Reservation:
    """One invitee of a group goes, the others stay. Raises ``IllegalTransition`` for one who went before."""
    assert seen.seat is not None  # noqa: S101 - the caller saw it
    gone = replace(seen, status=next_status(seen.status, "cancel"))
    uow.seats.cancel(seen.seat)
    announce_seat(uow, gone, "cancel")
    calendar_objects.write(app, uow, event_type, gone)
    return gone


def _host(app: Adapters, uid: str) -> str:
    with app.store.read() as uow:
        return get(uow, uid).host
