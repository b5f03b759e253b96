"""The calendar objects of reservations, in the calendars of their hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.booked_event import BookedEvent, Invitee
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.itip_inbound import Action, received
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.question import as_text
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidCalendar
from radicale_booking.services import accounts, hours, manage
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.items import ItemRow
    from radicale_booking.store.unit_of_work import UnitOfWork


def add(app: Adapters, uow: UnitOfWork, event_type: EventType, reservation: Reservation) -> None:
    """Make the object of ``reservation`` that was made in this transaction, alone: nobody has it yet."""
    # A seat is a row of its own, which nobody has taken but in a group.
    alone = [_invitee(reservation)] if event_type.seats == 1 else None
    booked = _booked_event(app, uow, event_type, [reservation], alone)
    text = app.calendar.write(booked)
    for number, host in enumerate(booked.hosts):
        index = app.calendar.index(text, now=uow.now, owner=host) if number else app.calendar.index_new(booked)
        uow.items.add(_target(uow, host, event_type).id, href=hours.event_href(reservation.calendar_uid),
                      uid=reservation.calendar_uid, name="VCALENDAR", component="VEVENT", text=text, index=index)


def write(app: Adapters, uow: UnitOfWork, event_type: EventType, reservation: Reservation,
          author: str | None = None) -> None:
    """Bring the object of ``reservation``, and of its series, up to date in the calendar of every host but ``author``.

    What the host wrote into it stays; an object that is missing is made in the default calendar.
    """
    booked = _booked_event(app, uow, event_type, uow.reservations.of_object(reservation.calendar_uid))
    for host in booked.hosts:
        if host.name == author:
            continue
        kept = find(uow, host, reservation.calendar_uid)
        if kept is None:
            _store(app, uow, host, _target(uow, host, event_type), hours.event_href(reservation.calendar_uid), booked)
        else:
            _store(app, uow, host, kept[0], kept[1].href, booked, kept[1].text)


@again.if_undone
def for_invitee(app: Adapters, reservation: Reservation) -> str:
    """The object as the invitee may keep it: with nobody else's seat."""
    with app.store.read() as uow:
        event_type = uow.reservations.event_type_of(reservation)
        booked = _booked_event(app, uow, event_type, uow.reservations.of_object(reservation.calendar_uid))
        known = [replace(found, object_uid=None) for found in uow.reservations.of_series(reservation)]
        return app.calendar.write(replace(booked, reservations=known, invitees=[_invitee(reservation)],
                                          manage_url=manage.url(app, reservation)))


def remove(app: Adapters, uow: UnitOfWork, event_type: EventType, reservation: Reservation,
           author: str | None = None) -> None:
    """Take what is over out of the calendars of the hosts but ``author``: the object, or one occurrence of it."""
    if any(other.live for other in uow.reservations.of_object(reservation.calendar_uid)):
        write(app, uow, event_type, reservation, author)
        return
    for name in reservation.hosts:
        host = uow.principals.get(name) if name != author else None
        kept = find(uow, host, reservation.calendar_uid) if host is not None else None
        if kept is not None:
            uow.items.delete(kept[0].id, kept[1].href)


def take_reply(app: Adapters, uow: UnitOfWork, reservation: Reservation, reply: str) -> None:
    """Show the hosts what an invitee or a guest answers, the iTIP message ``reply``. Raises ``InvalidCalendar``."""
    for name in reservation.hosts:
        host = uow.principals.get(name)
        kept = find(uow, host, reservation.invitation_uid) if host is not None else None
        if kept is None:
            continue
        decision = received(app.scheduling.read(kept[1].text), "REPLY", app.scheduling.read(reply))
        if decision.action is Action.REPLY:
            text = app.scheduling.apply_reply(kept[1].text, reply, decision.instances)
            uow.items.store(kept[0].id, href=kept[1].href, uid=reservation.invitation_uid, name="VCALENDAR",
                            component="VEVENT", text=text, index=app.calendar.index(text, now=uow.now, owner=host))


def find(uow: UnitOfWork, host: Principal, calendar_uid: str) -> tuple[CollectionRow, ItemRow] | None:
    """The object wherever the host keeps it."""
    assert host.id is not None  # noqa: S101 - read from the store
    item = uow.items.of_principal_by_uid(host.id, calendar_uid)
    calendar = uow.collections.by_id(item.collection_id) if item is not None else None
    return (calendar, item) if calendar is not None and item is not None else None


def _rewritten(app: Adapters, text: str, booked: BookedEvent) -> str:
    try:
        return app.calendar.rewrite(text, booked)
    except InvalidCalendar:
        # The host's own edit cannot be read; what is booked must still be right.
        return app.calendar.write(booked)


def _target(uow: UnitOfWork, host: Principal, event_type: EventType) -> CollectionRow:
    wanted = uow.collections.get(event_type.target_calendar) if event_type.target_calendar else None
    if wanted is not None and wanted.principal_id == host.id and wanted.tag == "VCALENDAR":
        return wanted
    assert host.id is not None  # noqa: S101 - read from the store
    return uow.collections.by_role(host.id, "default") or accounts.make_collections(uow, host)


def _store(app: Adapters, uow: UnitOfWork, host: Principal, calendar: CollectionRow, href: str, booked: BookedEvent,
           kept: str | None = None) -> None:
    text = app.calendar.write(booked) if kept is None else _rewritten(app, kept, booked)
    uow.items.store(calendar.id, href=href, uid=booked.reservations[0].calendar_uid, name="VCALENDAR",
                    component="VEVENT", text=text, index=app.calendar.index(text, now=uow.now, owner=host))


def _booked_event(app: Adapters, uow: UnitOfWork, event_type: EventType,
                  reservations: Sequence[Reservation], invitees: Sequence[Invitee] | None = None) -> BookedEvent:
    """The object of ``reservations``: one, or those of a series; ``invitees`` where they are known."""
    first = reservations[0]
    hosts = [host for name in first.hosts if (host := uow.principals.get(name)) is not None]
    owner = uow.principals.get(event_type.host) or hosts[0]
    return BookedEvent(
        reservations=reservations, hosts=hosts, invitees=invitees or _invitees(uow, first),
        guests=() if first.unverified else first.guests,
        description=_description(event_type, first), manage_url=manage.url(app, first),
        zone=hours.zone_of(owner, event_type), every=event_type.repeat_every, interval=event_type.repeat_interval)


def _invitees(uow: UnitOfWork, reservation: Reservation) -> Sequence[Invitee]:
    assert reservation.id is not None  # noqa: S101 - read from the store
    taken = uow.seats.of(reservation.id) or uow.seats.held(reservation.id)
    seats = [Invitee(seat.name, seat.email) for seat in taken]
    return seats or [_invitee(reservation)]


def _invitee(reservation: Reservation) -> Invitee:
    return Invitee(reservation.invitee_name, reservation.invitee_email)


def _description(event_type: EventType, reservation: Reservation) -> str:
    lines = [reservation.note] if reservation.note else []
    lines += [f"{label}: {answer}" for label, answer in as_text(event_type.questions, reservation.answers)]
    return "\n".join(lines)
