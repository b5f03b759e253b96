"""What a host does in a calendar program: moving and removing reservations, drawing bookable hours.

The storage calls it inside its write transaction, after the item is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from radicale_booking.domain import hours
from radicale_booking.domain.event_type import EventType, slugify
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation, next_status
from radicale_booking.errors import Conflict, InvalidInput
from radicale_booking.services import booking
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.ical.reservation_event import EventChange
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import UnitOfWork

DEFAULT_DURATION = timedelta(minutes=30)
_LONGEST_TITLE = 200
_LONGEST_SLUG = 60
_LONGEST_MEETING = timedelta(days=1)


def item_written(app: Adapters, uow: UnitOfWork, collection: CollectionRow, old_text: str | None, new_text: str,
                 uid: str) -> None:
    """The item ``uid`` was stored in ``collection`` in place of ``old_text``.

    Raises ``SlotTaken`` when a reservation was moved onto another one, ``InvalidInput`` when its new time is none.
    """
    principal = _owner(uow, collection)
    if principal is None:
        return
    if collection.role == "bookable":
        _hours_changed(uow, principal, _titles(app, uow, principal, old_text), _titles(app, uow, principal, new_text))
        return
    reservation = _own_reservation(uow, principal, uid)
    if reservation is not None:
        _follow(uow, principal, reservation, app.calendar.read_change(new_text, uid))


def item_removed(app: Adapters, uow: UnitOfWork, collection: CollectionRow, uid: str, text: str) -> None:
    """The item ``uid`` with ``text`` was removed from ``collection``; a reservation moved to another stays."""
    principal = _owner(uow, collection)
    if principal is None or principal.id is None:
        return
    if collection.role == "bookable":
        _hours_changed(uow, principal, _titles(app, uow, principal, text), set())
        return
    reservation = _own_reservation(uow, principal, uid)
    if reservation is not None and not any(
            uow.items.has_uid(calendar.id, uid) for calendar in uow.collections.of_principal(principal.id)):
        booking.release(uow, reservation, "cancel")


def _owner(uow: UnitOfWork, collection: CollectionRow) -> Principal | None:
    if collection.tag != "VCALENDAR" or collection.principal_id is None:
        return None
    return uow.principals.by_id(collection.principal_id)


def _own_reservation(uow: UnitOfWork, principal: Principal, uid: str) -> Reservation | None:
    reservation = uow.reservations.get_by_uid(uid)
    return reservation if reservation is not None and reservation.host == principal.name and reservation.live else None


def _follow(uow: UnitOfWork, principal: Principal, reservation: Reservation, change: EventChange) -> None:
    """Bring ``reservation`` to what the host made of its event."""
    status = (change.status or "").upper()
    if status == "CANCELLED":
        booking.release(uow, reservation, "decline" if reservation.status == "pending" else "cancel")
        return
    start, end = change.start.astimezone(UTC), change.end.astimezone(UTC)
    if (start, end) != (reservation.start, reservation.end):
        if not timedelta() < end - start <= _LONGEST_MEETING:
            raise InvalidInput("event", reservation.uid, "must be longer than nothing and at most a day",
                               "change its end")
        reservation = replace(reservation, start=start, end=end, modified=uow.now,
                              status=next_status(reservation.status, "reschedule"),
                              sequence=max(reservation.sequence + 1, change.sequence))
        _reschedule(uow, principal, reservation)
    if status == "CONFIRMED" and reservation.status == "pending":
        confirmed = replace(reservation, status=next_status("pending", "confirm"), expires=None, modified=uow.now,
                            sequence=reservation.sequence + 1)
        uow.reservations.update(confirmed, uow.reservations.event_type_of(confirmed))
        booking.announce(uow, confirmed, "confirm")


def _reschedule(uow: UnitOfWork, principal: Principal, reservation: Reservation) -> None:
    event_type = uow.reservations.event_type_of(reservation)
    try:
        uow.reservations.update(reservation, event_type)
    except Conflict as refused:
        raise booking.taken(uow, principal, event_type, reservation.start, refused, reservation.uid) from refused
    booking.announce(uow, reservation, "reschedule")


def _titles(app: Adapters, uow: UnitOfWork, principal: Principal, text: str | None) -> set[str]:
    """The titles of the windows that ``text`` describes."""
    if text is None:
        return set()
    index = app.calendar.index(text, now=uow.now, owner=principal)
    return {_title(row.summary) for row in index.rows if not row.cancelled and not row.all_day}


def _title(summary: str | None) -> str:
    return " ".join((summary or "").split())[:_LONGEST_TITLE].strip()


def _hours_changed(uow: UnitOfWork, principal: Principal, before: set[str], after: set[str]) -> None:
    """Make, revive and hide the event types that live by the windows' titles."""
    assert principal.id is not None  # noqa: S101 - read from the store
    event_types = uow.event_types.all(principal.name)
    for title in sorted(after - before):
        if hours.is_generic(title):
            continue
        known = next((found for found in event_types if hours.matches(found, title)), None)
        if known is None:
            event_types.append(_create(uow, principal, title, event_types))
        elif known.origin == "calendar" and known.hidden:
            uow.event_types.update(replace(known, hidden=False))
            uow.audit.add("event type revive", f"{principal.name}/{known.slug}")
    present = [_title(title) for title in uow.instances.titles(principal.id)]
    for found in event_types:
        lost = any(hours.matches(found, title) for title in before - after)
        if found.origin == "calendar" and lost and not any(hours.matches(found, title) for title in present):
            uow.event_types.update(replace(found, hidden=True))
            uow.audit.add("event type hide", f"{principal.name}/{found.slug}")


def _create(uow: UnitOfWork, principal: Principal, title: str, event_types: Iterable[EventType]) -> EventType:
    slugs = {found.slug for found in event_types}
    stem = slugify(title)[:_LONGEST_SLUG].strip("-") or "event"
    slug, number = stem, 1
    while slug in slugs:
        number += 1
        slug = f"{stem}-{number}"
    created = uow.event_types.add(EventType(host=principal.name, slug=slug, title=title, duration=DEFAULT_DURATION,
                                            origin="calendar"))
    uow.audit.add("event type add", f"{principal.name}/{slug}", {"origin": "calendar"})
    return created
