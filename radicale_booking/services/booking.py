"""Booking: what is offered, the one door to reserve it, and cancelling."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from radicale_booking.domain import slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation, next_status
from radicale_booking.errors import Conflict, InvalidInput, NotFound, SlotTaken
from radicale_booking.services import accounts, hours, requests
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.requests import BookingRequest

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

__all__ = ["BookingRequest", "HostPage", "by_token", "cancel", "event_type", "explain", "host_page", "manage_url",
           "open_slots", "reservation", "reservations", "reserve"]

_MOMENT = timedelta(minutes=1)
_NEARBY = timedelta(days=14)
_DECISION_TIME = timedelta(hours=24)
_MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class HostPage:
    """A host and the event types that are listed."""

    principal: Principal
    event_types: Sequence[EventType]


def host_page(app: Adapters, host: str) -> HostPage:
    """Raises ``NotFound`` when ``host`` is not a host."""
    with app.store.read() as uow:
        principal = host_of(uow, host)
        return HostPage(principal, [found for found in uow.event_types.all(host) if not found.hidden])


def event_type(app: Adapters, host: str, slug: str) -> EventType:
    """Hidden ones too. Raises ``NotFound``."""
    with app.store.read() as uow:
        return _bookable(uow, host, slug)[1]


def open_slots(app: Adapters, host: str, slug: str, frame: Interval) -> list[slots.Slot]:
    """What is offered now and starts in ``frame``. Raises ``NotFound``."""
    with app.store.read() as uow:
        principal, found = _bookable(uow, host, slug)
        return slots.offered(found, hours.diary(uow, principal, found, frame), uow.now, frame)


def explain(app: Adapters, host: str, slug: str, start: datetime) -> list[slots.Verdict]:
    """Every rule's verdict on ``start`` (aware). Raises ``NotFound`` or ``InvalidInput``."""
    start = requests.checked_start(start)
    with app.store.read() as uow:
        principal, found = _bookable(uow, host, slug)
        diary = hours.diary(uow, principal, found, Interval(start, start + _MOMENT))
        return slots.explain(found, diary, uow.now, start)


def reserve(app: Adapters, request: BookingRequest, actor: str = "page") -> Reservation:
    """Book ``request``; the same key gives the same reservation again.

    Raises ``InvalidInput``, ``NotFound``, or ``SlotTaken`` when the start is not offered (any more).
    """
    request = requests.checked(request)
    with app.store.write(actor=actor, principal=request.host) as uow:
        earlier = _booked_before(uow, request)
        if earlier is not None:
            return earlier
        principal, found = _bookable(uow, request.host, request.slug)
        moment = Interval(request.start, request.start + _MOMENT)
        try:
            check_offered(found, hours.diary(uow, principal, found, moment), uow.now, request.start)
            return _book(app, uow, principal, found, request)
        except Conflict as refused:
            raise taken(uow, principal, found, request.start, refused) from refused


def check_offered(event_type: EventType, diary: slots.Diary, now: datetime, start: datetime) -> None:
    """Raises ``SlotTaken`` without alternatives when ``start`` is not among the offered slots."""
    offered = slots.offered(event_type, diary, now, Interval(start, start + _MOMENT))
    if not any(slot.start == start for slot in offered):
        verdicts = slots.explain(event_type, diary, now, start)
        raise SlotTaken(start, rule=next((v.rule for v in verdicts if not v.passed), "grid"))


def taken(uow: UnitOfWork, principal: Principal, event_type: EventType, start: datetime, refused: Conflict,
          except_uid: str | None = None) -> SlotTaken:
    """``refused`` as ``SlotTaken`` with the free starts nearest to ``start``."""
    near = min(max(start, uow.now), uow.now + event_type.horizon)
    frame = Interval(near - _NEARBY, near + _NEARBY)
    free = slots.offered(event_type, hours.diary(uow, principal, event_type, frame, except_uid), uow.now, frame)
    rule = refused.rule if isinstance(refused, SlotTaken) else "occupancy"
    return SlotTaken(start, tuple(slots.nearest([slot for slot in free if slot.start != start], start)), rule)


def reservation(app: Adapters, uid: str) -> Reservation:
    """Raises ``NotFound``."""
    with app.store.read() as uow:
        return _reservation(uow, uid)


def reservations(app: Adapters, host: str | None = None, status: str | None = None) -> list[Reservation]:
    """In order of their start. Raises ``NotFound`` for an unknown user ``host``."""
    with app.store.read() as uow:
        if host is not None and uow.principals.get(host) is None:
            raise NotFound("host", host)
        return uow.reservations.list(host=host, status=status)


def cancel(app: Adapters, uid: str, actor: str, reason: str = "") -> Reservation:
    """Free the time and take the event out of the host's calendar. Raises ``NotFound`` or ``IllegalTransition``."""
    reason = requests.checked_text("reason", reason, requests.LONGEST_NOTE, lines=True)
    host = reservation(app, uid).host
    with app.store.write(actor=actor, principal=host) as uow:
        cancelled = release(uow, _reservation(uow, uid), "cancel", reason)
        _remove_event(uow, cancelled)
        return cancelled


def _remove_event(uow: UnitOfWork, cancelled: Reservation) -> None:
    """Remove the event wherever the host keeps it."""
    principal = uow.principals.get(cancelled.host)
    assert principal is not None  # noqa: S101 - a foreign key holds it
    assert principal.id is not None  # noqa: S101 - read from the store
    for calendar in uow.collections.of_principal(principal.id):
        item = uow.items.by_uid(calendar.id, cancelled.uid)
        if item is not None:
            uow.items.delete(calendar.id, item.href)


def release(uow: UnitOfWork, reservation: Reservation, event: str, reason: str = "") -> Reservation:
    """End ``reservation`` by ``event`` (cancel, decline, expire) and tell both sides; its event is left alone.

    Raises ``IllegalTransition``.
    """
    ended = replace(reservation, status=next_status(reservation.status, event), reason=reason, modified=uow.now,
                    sequence=reservation.sequence + 1, expires=None)
    uow.reservations.update(ended, uow.reservations.event_type_of(ended))
    announce(uow, ended, event)
    return ended


def announce(uow: UnitOfWork, reservation: Reservation, event: str) -> None:
    """Queue the mails to host and invitee about ``event`` and note it in the audit trail."""
    principal = uow.principals.get(reservation.host)
    recipients = {"host": principal.email if principal is not None else None, "invitee": reservation.invitee_email}
    for role, address in recipients.items():
        if address:
            uow.outbox.add("mail", f"{reservation.uid}/{reservation.sequence}/{event}/{role}", address,
                           {"event": event, "to": role, "uid": reservation.uid, "sequence": reservation.sequence},
                           reservation.id)
    uow.audit.add(event, reservation.uid, {"status": reservation.status, "start": reservation.start.isoformat(),
                                           "sequence": reservation.sequence})


def manage_url(app: Adapters, reservation: Reservation) -> str:
    """The invitee's page of ``reservation``; whoever knows it may cancel."""
    return f"{app.settings.public_url}/booking/{app.links.sign(_MANAGE, reservation.uid)}/"


def by_token(app: Adapters, token: str) -> Reservation:
    """The reservation that a manage link is for. Raises ``NotFound`` or ``LinkExpired``."""
    return reservation(app, app.links.open(_MANAGE, token))


def host_of(uow: UnitOfWork, name: str) -> Principal:
    """Raises ``NotFound`` when ``name`` is not a host."""
    principal = uow.principals.get(name)
    if principal is None or not principal.host:
        raise NotFound("host", name)
    return principal


def _bookable(uow: UnitOfWork, host: str, slug: str) -> tuple[Principal, EventType]:
    principal = host_of(uow, host)
    found = uow.event_types.get(host, slug)
    if found is None:
        raise NotFound("event type", slug)
    return principal, found


def _reservation(uow: UnitOfWork, uid: str) -> Reservation:
    found = uow.reservations.get_by_uid(uid)
    if found is None:
        raise NotFound("reservation", uid)
    return found


def _booked_before(uow: UnitOfWork, request: BookingRequest) -> Reservation | None:
    if request.idempotency_key is None:
        return None
    earlier = uow.reservations.by_idempotency_key(request.host, request.idempotency_key)
    if earlier is None:
        return None
    if (earlier.slug, earlier.invitee_email) != (request.slug, request.email):
        raise InvalidInput("idempotency_key", "", "was used for another booking", "load the page again")
    return earlier


def _book(app: Adapters, uow: UnitOfWork, principal: Principal, event_type: EventType,
          request: BookingRequest) -> Reservation:
    shared = uow.reservations.at(event_type, request.start) if event_type.seats > 1 else None
    if shared is not None:
        return _join(uow, shared, request)
    status = "pending" if event_type.confirmation else "confirmed"
    booked = uow.reservations.add(
        Reservation(
            host=principal.name, slug=event_type.slug, title=event_type.title, uid=str(uuid.uuid4()), status=status,
            start=request.start, end=request.start + event_type.duration, invitee_name=request.name,
            invitee_email=request.email, created=uow.now, modified=uow.now, invitee_timezone=request.timezone,
            language=request.language, note=request.note, location=event_type.location,
            expires=uow.now + _DECISION_TIME if event_type.confirmation else None),
        event_type, request.idempotency_key)
    if event_type.seats > 1:
        _add_seat(uow, booked, request)
    write_event(app, uow, principal, booked)
    announce(uow, booked, "request" if event_type.confirmation else "book")
    return booked


def _join(uow: UnitOfWork, shared: Reservation, request: BookingRequest) -> Reservation:
    """One more invitee of ``shared``; the reservation as this invitee sees it."""
    assert shared.id is not None  # noqa: S101 - read from the store
    if uow.reservations.has_seat(shared.id, request.email):
        raise InvalidInput("email", request.email, "has a seat at this time already", "choose another time")
    seat = _add_seat(uow, shared, request)
    uow.outbox.add("mail", f"{shared.uid}/seat-{seat}/book/invitee", request.email,
                   {"event": "book", "to": "invitee", "uid": shared.uid, "sequence": shared.sequence}, shared.id)
    uow.audit.add("join", shared.uid, {"seat": seat})
    return replace(shared, invitee_name=request.name, invitee_email=request.email,
                   invitee_timezone=request.timezone, language=request.language, note=request.note)


def _add_seat(uow: UnitOfWork, booked: Reservation, request: BookingRequest) -> int:
    assert booked.id is not None  # noqa: S101 - read from the store
    return uow.reservations.add_seat(booked.id, request.name, request.email, request.timezone)


def write_event(app: Adapters, uow: UnitOfWork, principal: Principal, booked: Reservation) -> None:
    """Put the event of ``booked`` into the host's default calendar, which is made if the host removed it."""
    calendar = accounts.make_collections(uow, principal)
    text = app.calendar.write(booked, principal, manage_url(app, booked))
    index = app.calendar.index(text, now=uow.now, owner=principal)
    uow.items.store(calendar.id, href=hours.event_href(booked.uid), uid=booked.uid, name="VCALENDAR",
                    component="VEVENT", text=text, index=index)
