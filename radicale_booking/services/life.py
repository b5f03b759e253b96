"""The life of a reservation: every change of its state or time, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.reservation import Reservation, moved_to, next_status
from radicale_booking.domain.seat import Seat
from radicale_booking.errors import Conflict, IllegalTransition, NotFound
from radicale_booking.services import calendar_objects, effects, offers, requests
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
    """Give the reservation another time of the same length; on a conflict nothing has changed.

    Raises ``NotFound``, ``InvalidInput``, ``IllegalTransition``, or ``SlotTaken`` when ``start`` (aware) is not free.
    """
    start = requests.checked_start(start)
    with app.store.write(actor=actor, principal=_host(app, uid)) as uow:
        return move(app, uow, get(uow, uid), start)


def move(app: Adapters, uow: UnitOfWork, found: Reservation, start: datetime) -> Reservation:
    """``reschedule`` inside a transaction; one that fails must be undone. ``start`` is in UTC."""
    if found.seat is not None:
        raise Conflict
    event_type = uow.reservations.event_type_of(found)
    usual = event_type.lasting_exactly(found.end - found.start)
    asked = Asked(excepted=found)
    moved = moved_to(found, "reschedule", start, start + usual.duration, uow.now)
    try:
        offers.assign(app, uow, usual, [start], asked)
        uow.reservations.move(moved, event_type)
    except Conflict as refused:
        raise offers.taken(app, uow, usual, start, refused, asked) from refused
    calendar_objects.write(app, uow, event_type, moved)
    announce(uow, moved, "reschedule", {"from": found.start.isoformat()})
    return moved


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
