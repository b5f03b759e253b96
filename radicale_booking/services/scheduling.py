"""What a host does in a calendar program with reservations: moving, confirming, cancelling and undoing.

The storage calls it inside its write transaction, after the item is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from radicale_booking.domain.booked_event import EventChange
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation, moved_to
from radicale_booking.errors import Conflict, InvalidInput
from radicale_booking.services import calendar_objects, life, offers, series_split, windows
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.hours import Asked

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import UnitOfWork

_LONGEST_MEETING = timedelta(days=1)

#: What happened to which reservations of one object.
News = list[tuple[str, Reservation]]


def item_written(app: Adapters, uow: UnitOfWork, collection: CollectionRow, old_text: str | None, new_text: str,
                 uid: str) -> None:
    """The item ``uid`` was stored in ``collection`` in place of ``old_text``.

    Raises ``SlotTaken`` when a reservation was moved onto another one, ``InvalidInput`` when its new time is none.
    """
    principal = _owner(uow, collection)
    if principal is None:
        return
    if collection.role == "bookable":
        windows.changed(app, uow, principal, collection, uid, old_text, new_text)
        return
    reservations = _own(uow, principal, uid)
    if not reservations and old_text is None and series_split.goes_on(app, uow, principal, uid, new_text):
        reservations = _own(uow, principal, uid)
    if reservations:
        _follow_all(app, uow, principal, reservations, app.calendar.read_changes(new_text, uid))


def item_removed(app: Adapters, uow: UnitOfWork, collection: CollectionRow, uid: str, text: str) -> None:
    """The item ``uid`` with ``text`` was removed from ``collection``; a reservation moved to another stays."""
    principal = _owner(uow, collection)
    if principal is None:
        return
    if collection.role == "bookable":
        windows.changed(app, uow, principal, collection, uid, text, None)
        return
    if calendar_objects.find(uow, principal, uid) is not None:
        return
    news: News = []
    for reservation in _own(uow, principal, uid):
        if reservation.live:
            _end(app, uow, principal, reservation, "cancel", news)
    _tell(uow, news)


def _owner(uow: UnitOfWork, collection: CollectionRow) -> Principal | None:
    return uow.principals.owner_of(collection) if collection.tag == "VCALENDAR" else None


def _own(uow: UnitOfWork, principal: Principal, uid: str) -> list[Reservation]:
    return [found for found in uow.reservations.of_object(uid) if principal.name in found.hosts]


def _follow_all(app: Adapters, uow: UnitOfWork, principal: Principal, reservations: Sequence[Reservation],
                changes: Sequence[EventChange]) -> None:
    news: News = []
    if reservations[0].series is None:
        _follow(app, uow, principal, reservations[0], changes[0], news)
        _tell(uow, news)
        return
    pairs = _paired(reservations, changes)
    gone = [found for found, change in pairs if change is None and found.live]
    cut = bool(gone) and any(change is not None and found.live for found, change in pairs)
    rest = series_split.rest_of(app, uow, principal, gone) if cut else None
    if rest is not None:
        pairs = [(found, change) for found, change in pairs if change is not None]
        _follow_each(app, uow, principal,
                     [*pairs, *zip(series_split.take_over(uow, rest[0], gone, rest[1]), rest[1], strict=True)], news)
    else:
        _follow_each(app, uow, principal, pairs, news)
    _tell(uow, news, series_split.PATIENCE if cut else timedelta())


def _follow_each(app: Adapters, uow: UnitOfWork, principal: Principal,
                 pairs: Sequence[tuple[Reservation, EventChange | None]], news: News) -> None:
    # Where one moves to the time of the next, the next moves first.
    later = any(change is not None and change.start > found.start for found, change in pairs)
    for found, change in reversed(pairs) if later else pairs:
        # One that is left alone needs no rule.
        recurrence = (change.recurrence or change.start) if change is not None else found.recurrence
        if recurrence != found.recurrence:
            found = replace(found, recurrence=recurrence)
            uow.reservations.set_state(found)
        _follow(app, uow, principal, found, change, news)


def _tell(uow: UnitOfWork, news: News, patience: timedelta = timedelta()) -> None:
    """Tell both sides of ``news``; once where a whole series has the same to tell, or has moved in part.

    An end may be undone within ``patience`` before anybody hears of it.
    """
    by_event: dict[str, list[Reservation]] = {}
    for event, found in news:
        by_event.setdefault(event, []).append(found)
    for event, told in by_event.items():
        told.sort(key=lambda found: found.start)
        others = [found for found in uow.reservations.of_series(told[0])
                  if found.live and found.uid not in {one.uid for one in told}]
        # A message about all that are left replaces what the invitee's program knows, a cancellation ends it all.
        together = len(told) > 1 and (not others or event == "reschedule")
        for found in told[:1] if together else told:
            life.tell(uow, found, event, together=together, due=uow.now + patience if event == "cancel" else None)


def _paired(reservations: Sequence[Reservation],
            changes: Sequence[EventChange]) -> list[tuple[Reservation, EventChange | None]]:
    """Each occurrence with what the host made of it, None where it is gone.

    A host who moves the whole series gives every occurrence another start: then their order tells them apart.
    """
    by_recurrence = {change.recurrence: change for change in changes}
    known = any(found.recurrence in by_recurrence for found in reservations)
    shifted = len(changes) == len(reservations) and changes[0].recurrence != reservations[0].recurrence
    if known and not shifted:
        return [(found, by_recurrence.get(found.recurrence)) for found in reservations]
    return [(found, changes[number] if number < len(changes) else None) for number, found in enumerate(reservations)]


def _follow(app: Adapters, uow: UnitOfWork, principal: Principal, reservation: Reservation,
            change: EventChange | None, news: News) -> None:
    """Bring ``reservation`` to what the host made of its event; None: it is gone."""
    if change is None or change.removed:
        if reservation.live:
            _end(app, uow, principal, reservation, "cancel", news)
        return
    if change.status == "CANCELLED":
        if reservation.live:
            _end(app, uow, principal, reservation, "decline" if reservation.status == "pending" else "cancel", news)
        return
    if not reservation.live:
        if (reservation.status == "cancelled" and change.start > uow.now and not reservation.unverified
                and _ended_by_host(uow, reservation)):
            _move(app, uow, principal, reservation, change,
                  "resume" if change.status == "TENTATIVE" else "reinstate", news)
        return
    if (change.start, change.end) != (reservation.start, reservation.end):
        reservation = _move(app, uow, principal, reservation, change, "reschedule", news)
    if change.status == "CONFIRMED" and reservation.status == "pending":
        confirmed = life.set_confirmed(uow, reservation)
        news.append(("confirm", confirmed))
        calendar_objects.write(app, uow, uow.reservations.event_type_of(confirmed), confirmed, principal.name)


def _move(app: Adapters, uow: UnitOfWork, principal: Principal, reservation: Reservation, change: EventChange,
          event: str, news: News) -> Reservation:
    if not timedelta() < change.end - change.start <= _LONGEST_MEETING:
        raise InvalidInput("event", reservation.calendar_uid, "must be longer than nothing and at most a day",
                           "change its end")
    event_type = uow.reservations.event_type_of(reservation)
    if event == "resume":
        reservation = replace(reservation, expires=uow.now + event_type.decision_time)
    moved = moved_to(reservation, event, change.start, change.end, uow.now)
    moved = replace(moved, reason="", sequence=max(moved.sequence, change.sequence))
    try:
        uow.reservations.move(moved, event_type)
    except Conflict as refused:
        raise offers.taken(app, uow, event_type, change.start, refused, Asked(excepted=reservation)) from refused
    calendar_objects.write(app, uow, event_type, moved, principal.name)
    life.note(uow, moved, event, {"from": reservation.start.isoformat()})
    ended = f"{reservation.uid}/{reservation.sequence}/cancel/"
    if event == "reschedule" or not uow.outbox.withdraw(reservation.id, ended):
        news.append((event, moved))
    elif (moved.start, moved.end) != (reservation.start, reservation.end):
        # Nobody has heard that it was ended meanwhile.
        news.append(("reschedule", moved))
    return moved


def _end(app: Adapters, uow: UnitOfWork, principal: Principal, reservation: Reservation, event: str,
         news: News) -> None:
    ended = life.set_ended(uow, reservation, event)
    news.append((event, ended))
    calendar_objects.remove(app, uow, uow.reservations.event_type_of(ended), ended, principal.name)


def _ended_by_host(uow: UnitOfWork, reservation: Reservation) -> bool:
    """What an invitee cancelled stays so, whatever a program writes that has not heard of it yet."""
    return uow.audit.last_actor(reservation.uid, "cancel") in reservation.hosts
