"""Booking: what is offered, and the one door to reserve it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from radicale_booking import again
from radicale_booking.domain import civil, location, question, repetition, slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.domain.seat import Seat
from radicale_booking.domain.unique_id import unique_id
from radicale_booking.errors import Conflict, InvalidInput, LinkExpired, NotFound, SlotTaken
from radicale_booking.services import (
    calendar_objects,
    email_check,
    guard,
    hours,
    life,
    maintenance_mode,
    manage,
    offers,
    private_links,
    requests,
)
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.email_check import Hold
from radicale_booking.services.requests import BookingRequest

if TYPE_CHECKING:
    from datetime import timedelta

    from radicale_booking.store.unit_of_work import UnitOfWork

__all__ = ["BookingRequest", "HostPage", "answers_of", "by_token", "explain", "host_page", "manage_url", "open_slots",
           "owner_of", "people", "refused_by", "reservation", "reservations", "reserve", "reserve_within", "seats_of",
           "series_of", "slots_to_move", "subject"]

manage_url = manage.url


@dataclass(frozen=True, slots=True)
class HostPage:
    """A host and the event types that are listed."""

    principal: Principal
    event_types: Sequence[EventType]


@again.if_undone
def host_page(app: Adapters, host: str) -> HostPage:
    """Raises ``NotFound`` when ``host`` is not a host."""
    with app.store.read(at_replica=True) as uow:
        principal = offers.host_of(uow, host)
        return HostPage(principal, [found for found in uow.event_types.all(host)
                                    if not (found.hidden or found.closed or found.private)])


@again.if_undone
def subject(app: Adapters, host: str, slug: str, link: str | None = None, *,
            booked: bool = False) -> tuple[Principal, EventType]:
    """The host and the event type, hidden ones too; private ones with a ``link``, or for somebody who has ``booked``
    it. Raises ``NotFound`` or ``LinkExpired``."""
    with app.store.read() as uow:
        found = _bookable(uow, host, slug)
        if not booked:
            private_links.checked(uow, found, link)
        return offers.host_of(uow, host), found


@again.if_undone
def slots_to_move(app: Adapters, reservation: Reservation, frame: Interval) -> list[slots.Slot]:
    """Where in ``frame`` the reservation, or the seat by which it is seen, could be moved to."""
    with app.store.read(at_replica=True) as uow:
        usual = uow.reservations.event_type_of(reservation).lasting_exactly(reservation.end - reservation.start)
        return offers.offered(app, uow, usual, frame, life.asked_by(uow, reservation))


@again.if_undone
def open_slots(app: Adapters, host: str, slug: str, frame: Interval, duration: timedelta | None = None,
               link: str | None = None) -> list[slots.Slot]:
    """What is offered now and starts in ``frame``, ``duration`` long. Raises ``NotFound`` or ``InvalidInput``."""
    with app.store.read(at_replica=True) as uow:
        found = _bookable(uow, host, slug)
        private_links.checked(uow, found, link)
        return offers.offered(app, uow, found.lasting(duration), frame)


@again.if_undone
def explain(app: Adapters, host: str, slug: str, start: datetime,
            duration: timedelta | None = None) -> list[slots.Verdict]:
    """Every rule's verdict on ``start`` (aware), each host's own where they take turns.

    Raises ``NotFound`` or ``InvalidInput``.
    """
    start = requests.checked_start(start)
    with app.store.read() as uow:
        return offers.explain(app, uow, _bookable(uow, host, slug).lasting(duration), start)


@again.if_undone
def refused_by(app: Adapters, host: str, slug: str, start: datetime, duration: timedelta | None = None,
               moving: Reservation | None = None) -> str:
    """The rule (one of ``slots.RULES``) because of which ``start`` (aware UTC) cannot be booked, or ``moving`` not be
    moved there; empty where it can. Raises ``NotFound`` or ``InvalidInput``."""
    with app.store.read() as uow:
        if moving is not None:
            chosen = uow.reservations.event_type_of(moving).lasting_exactly(moving.end - moving.start)
        else:
            chosen = _bookable(uow, host, slug).lasting(duration)
        try:
            offers.free(app, uow, chosen, [start], offers.NOBODY if moving is None else life.asked_by(uow, moving))
        except SlotTaken as refused:
            return refused.rule
    return ""


def reserve(app: Adapters, request: BookingRequest, actor: str = "page") -> Reservation:
    """Book ``request``; the same key gives the same reservation again. Of several occurrences all or none are booked,
    and the first is given.

    Where ``email_check`` is wanted of who comes from outside, it is held, for whatever address. Raises
    ``InvalidInput``, ``NotFound``, ``LinkExpired``, ``TooMany``, ``AddressRefused``, or ``SlotTaken`` when a start is
    not offered (any more).
    """
    hold = None
    if request.origin:
        held = email_check.asks(app, request.host, request.slug)
        may_be_asked = guard.admit(app, request.origin, request.email, quietly=held)
        hold = Hold(may_be_asked) if held else None
    return _reserve(app, request, actor, hold)


@again.if_undone
def _reserve(app: Adapters, request: BookingRequest, actor: str, hold: Hold | None) -> Reservation:
    with app.store.write(actor=actor, principal=request.host) as uow:
        return reserve_within(app, uow, request, hold)


def reserve_within(app: Adapters, uow: UnitOfWork, request: BookingRequest, hold: Hold | None = None) -> Reservation:
    """``reserve`` inside a transaction; one that fails must be undone. With ``hold`` the time is only held."""
    request = requests.checked(request)
    found = _bookable(uow, request.host, request.slug)
    earlier = _booked_before(uow, found, request)
    if earlier is not None:
        return earlier
    maintenance_mode.admit_booking(uow)
    link = private_links.checked(uow, found, request.link)
    if hold is None:
        guard.check(app, uow, found, request)
    else:
        guard.check_kind(app, request.email)
    chosen = found.lasting(request.duration)
    try:
        booked = _book(app, uow, chosen, request, email_check.until(app, uow, request.start) if hold else None)
    except Conflict as refused:
        taken = offers.taken(app, uow, chosen, request.start, refused)
        app.meter.refused(taken.rule)
        raise taken from refused
    if hold is not None:
        email_check.ask(uow, booked, hold, link)
        return booked
    if link is not None:
        uow.booking_links.use(link)
    app.meter.booked()
    return booked


@again.if_undone
def reservation(app: Adapters, uid: str) -> Reservation:
    """By its own uid, or as the invitee sees it whose seat has the uid. Raises ``NotFound``."""
    with app.store.read() as uow:
        return life.get(uow, uid)


@again.if_undone
def reservations(app: Adapters, host: str | None = None, status: str | None = None) -> list[Reservation]:
    """In order of their start. Raises ``NotFound`` for an unknown user ``host``."""
    with app.store.read() as uow:
        if host is not None and uow.principals.get(host) is None:
            raise NotFound("host", host)
        return uow.reservations.list(host=host, status=status)


@again.if_undone
def series_of(app: Adapters, reservation: Reservation) -> list[Reservation]:
    """All that were booked together with it, itself included, in order."""
    with app.store.read() as uow:
        return uow.reservations.of_series(reservation)


@again.if_undone
def seats_of(app: Adapters, reservation: Reservation) -> list[Seat]:
    """The seats of a group, in the order of booking; none of what one invitee sees."""
    with app.store.read() as uow:
        return uow.seats.of(reservation.id) if reservation.id is not None and reservation.seat is None else []


@again.if_undone
def owner_of(app: Adapters, reservation: Reservation) -> str:
    """Below whose booking page it was booked: a team's is not that of the host who was assigned."""
    with app.store.read() as uow:
        return uow.reservations.event_type_of(reservation).host


@again.if_undone
def people(app: Adapters, names: Sequence[str]) -> list[Principal]:
    """The users ``names``, in order; of one who is not known any more the name is all there is."""
    with app.store.read(at_replica=True) as uow:
        return [uow.principals.get(name) or Principal(name) for name in names]


@again.if_undone
def answers_of(app: Adapters, reservation: Reservation) -> list[tuple[str, str]]:
    """What the event type asked and the invitee answered."""
    with app.store.read() as uow:
        return question.as_text(uow.reservations.event_type_of(reservation).questions, reservation.answers)


def by_token(app: Adapters, token: str) -> Reservation:
    """The reservation that a manage link is for. Raises ``NotFound``, or ``LinkExpired`` when it is long over."""
    found = reservation(app, manage.uid_in(app, token))
    if found.end + manage.OUTLIVES < app.clock():
        raise LinkExpired("manage", "expired")
    return found


def _bookable(uow: UnitOfWork, host: str, slug: str) -> EventType:
    offers.host_of(uow, host)
    found = uow.event_types.get(host, slug)
    if found is None:
        raise NotFound("event type", slug)
    return found


def _booked_before(uow: UnitOfWork, event_type: EventType, request: BookingRequest) -> Reservation | None:
    if request.idempotency_key is None:
        return None
    seat = uow.seats.by_key(event_type, request.idempotency_key)
    if seat is not None:
        earlier: Reservation | None = life.get(uow, seat.uid)
    else:
        earlier = uow.reservations.by_idempotency_key(event_type, request.idempotency_key)
    if earlier is not None and earlier.invitee_email != request.email:
        raise InvalidInput("idempotency_key", "", "was used for another booking", "load the page again")
    return earlier


def _book(app: Adapters, uow: UnitOfWork, event_type: EventType, request: BookingRequest,
          held_until: datetime | None) -> Reservation:
    """``held_until``: None where it is booked for good."""
    drafts = _drafts(event_type, request, _starts(uow, event_type, request), _zone(uow, event_type), uow.now)
    hosts = offers.assign(app, uow, event_type, [draft.start for draft in drafts])
    shared = uow.reservations.at(event_type, request.start) if event_type.seats > 1 else None
    if shared is not None:
        return _join(app, uow, event_type, shared, request, held_until)
    first, *others = (replace(draft, host=hosts[0].name, other_hosts=tuple(host.name for host in hosts[1:]),
                              **_waiting(event_type, draft, uow.now, held_until))
                      for draft in drafts)
    first = uow.reservations.add(first, event_type, request.idempotency_key)
    for other in others:
        # Limits count what was booked a moment ago.
        offers.check(app, uow, hosts, event_type, other.start)
        uow.reservations.add(other, event_type)
    if event_type.seats > 1:
        first = _take_seat(uow, first, request, event_type, held_until)
    if others:
        calendar_objects.write(app, uow, event_type, first)
    else:
        calendar_objects.add(app, uow, event_type, first)
    if held_until is None:
        life.announce(uow, first, "request" if event_type.confirmation else "book")
    return first


def _waiting(event_type: EventType, draft: Reservation, now: datetime, held_until: datetime | None) -> dict[str, Any]:
    """Whose word the reservation waits for, if anybody's, and for how long. A group waits for its seats, each of which
    has a time of its own."""
    if held_until is not None:
        return {"status": "pending", "unverified": True, "expires": held_until if event_type.seats == 1 else None}
    decided_by = event_type.decided_by(draft.start, now)
    return {"status": "confirmed" if decided_by is None else "pending", "expires": decided_by}


def _starts(uow: UnitOfWork, event_type: EventType, request: BookingRequest) -> list[datetime]:
    if not 1 <= request.occurrences <= event_type.repeat_most:
        raise InvalidInput("occurrences", str(request.occurrences), f"must be 1 to {event_type.repeat_most}",
                           "choose fewer")
    if request.occurrences == 1:
        return [request.start]
    return repetition.starts(request.start, _zone(uow, event_type), event_type.repeat_every,
                             event_type.repeat_interval, request.occurrences)


def _zone(uow: UnitOfWork, event_type: EventType) -> ZoneInfo:
    return hours.zone_of(offers.host_of(uow, event_type.host), event_type)


def _drafts(event_type: EventType, request: BookingRequest, starts: Sequence[datetime], zone: ZoneInfo,
            now: datetime) -> list[Reservation]:
    """The reservations without hosts and status; ``zone`` is that of the series."""
    series = unique_id(now) if len(starts) > 1 else None
    place = location.chosen(event_type.locations, request.location, request.location_value, secrets.token_urlsafe(12))
    answers = question.answers(event_type.questions, request.answers)
    return [Reservation(
        host="", slug=event_type.slug, title=event_type.title, uid=unique_id(now),
        status="", start=start, end=start + event_type.duration,
        invitee_name=request.name, invitee_email=request.email, created=now, modified=now,
        invitee_timezone=request.timezone, language=request.language, note=request.note, location=place,
        answers=answers, guests=request.guests, series=series,
        # In a fold the rule means the first of two instants.
        recurrence=civil.to_utc(civil.wall(start, zone), zone) if series else None)
        for start in starts]


def _join(app: Adapters, uow: UnitOfWork, event_type: EventType, shared: Reservation,
          request: BookingRequest, held_until: datetime | None) -> Reservation:
    """One more invitee of ``shared``; the reservation as this invitee sees it."""
    joined = _take_seat(uow, shared, request, event_type, held_until)
    if held_until is None:
        if shared.unverified:
            # Others have only asked for it.
            return email_check.settle_seat(app, uow, event_type, joined)
        calendar_objects.write(app, uow, event_type, shared)
        life.announce_seat(uow, joined, "request" if shared.status == "pending" else "book")
    return joined


def _take_seat(uow: UnitOfWork, booked: Reservation, request: BookingRequest, event_type: EventType,
               held_until: datetime | None) -> Reservation:
    assert booked.id is not None  # noqa: S101 - read from the store
    seat = Seat(booked.id, unique_id(uow.now), request.name, request.email, request.timezone, request.language,
                request.note, question.answers(event_type.questions, request.answers), expires=held_until)
    uow.seats.add(seat, request.idempotency_key)
    return life.seen_by(booked, seat)
