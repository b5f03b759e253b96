"""Booking by invitation: the address of an event type as an attendee, ``<host>+<slug>@<domain>``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.invitation import Invitation
from radicale_booking.domain.itip import InstanceId, Message, ObjectView
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import (
    BookingError,
    TooMany,
    Unavailable,
)
from radicale_booking.services import booking, guard, itip_keys, life
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.auto_answer import by_majority

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_MOST_INSTANCES = 52
_OVER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Inviter:
    """Who invites: becomes the invitee of the booking. ``address`` is normalised, ``timezone`` an IANA name.

    ``language`` is a tag, '' where nothing is known; ``mail``: the Message-ID of the mail that invites, if one does.
    """

    address: str
    name: str
    timezone: str = "UTC"
    language: str = ""
    mail: str = ""

    @property
    def email(self) -> str:
        return self.address.removeprefix("mailto:")


@dataclass
class Decided:
    """PARTSTAT of each instance, and why some were declined."""

    answers: dict[InstanceId, str] = field(default_factory=dict)
    refused: list[BookingError] = field(default_factory=list)


def event_type_at(app: Adapters, uow: UnitOfWork, email: str) -> EventType | None:
    """The event type that the e-mail address books; None where it is no such address."""
    local, _, domain = email.rpartition("@")
    host, plus, slug = local.partition("+")
    if not plus or domain != app.settings.booking_domain.lower():
        return None
    # Addresses come in lower case, names of users need not be.
    principal = uow.principals.get(host) or next(
        (one for one in uow.principals.search(host, 50) if one.name.lower() == host), None)
    if principal is None or not principal.host:
        return None
    return uow.event_types.get(principal.name, slug)


def requested(app: Adapters, uow: UnitOfWork, event_type: EventType, inviter: Inviter, text: str) -> Decided:
    """Book what the REQUEST ``text`` asks for by all rules of the event type, or say why not.

    What was booked for an earlier version is moved along, or freed. Raises ``InvalidCalendar``.
    """
    view = app.scheduling.read(text)
    frame = Interval(uow.now - _OVER, uow.now + timedelta(days=app.settings.instance_future_days))
    instances = app.scheduling.occurrences(text, frame, ZoneInfo(inviter.timezone), _MOST_INSTANCES)
    names = {itip_keys.of_instance(view.uid, inviter.address, instance) for instance, _ in instances}
    for key, booked in _live(uow, event_type, itip_keys.of_event(view.uid, inviter.address)):
        if booked.end > uow.now and key.rpartition("/")[0] + "/" not in names:
            _taken_back(app, uow, booked)
    decided = Decided()
    try:
        guard.admit_within(app, uow, inviter.email)
    except TooMany as refused:
        return Decided({instance: "DECLINED" for instance, _ in instances}, [refused])
    for instance, interval in instances:
        component = view.governing(instance)
        sequence = component.sequence if component is not None else 0
        decided.answers[instance] = _decide(app, uow, event_type, inviter, _Wish(view, instance, interval, sequence),
                                            decided.refused)
    if decided.answers:
        decided.answers = by_majority(view, decided.answers)
    return decided


def cancelled(app: Adapters, uow: UnitOfWork, event_type: EventType, inviter: Inviter, message: Message) -> None:
    """Free what was booked for the instances of a CANCEL."""
    for instance in message.instances:
        prefix = itip_keys.of_event(message.uid, inviter.address) if instance is None else \
            itip_keys.of_instance(message.uid, inviter.address, instance)
        for _, booked in _live(uow, event_type, prefix):
            _taken_back(app, uow, booked)


@dataclass(frozen=True, slots=True)
class _Wish:
    view: ObjectView
    instance: InstanceId
    interval: Interval
    sequence: int


def _decide(app: Adapters, uow: UnitOfWork, event_type: EventType, inviter: Inviter, wish: _Wish,
            refusals: list[BookingError]) -> str:
    earlier = next((booked for _, booked in _live(
        uow, event_type, itip_keys.of_instance(wish.view.uid, inviter.address, wish.instance))), None)
    if earlier is not None and (earlier.start, earlier.end) == (wish.interval.start, wish.interval.end):
        return _accepted(app, uow, event_type, earlier, wish)
    try:
        with uow.attempt():
            booked = _booked(app, uow, event_type, inviter, wish, earlier)
            return _accepted(app, uow, event_type, booked, wish)
    except Unavailable:
        raise
    except BookingError as refused:
        refusals.append(refused)
    if earlier is not None:
        # The organizer does not come at the former time any more.
        _taken_back(app, uow, earlier)
    return "DECLINED"


def _booked(app: Adapters, uow: UnitOfWork, event_type: EventType, inviter: Inviter, wish: _Wish,
            earlier: Reservation | None) -> Reservation:
    if earlier is not None and earlier.end - earlier.start == wish.interval.length:
        return life.move(app, uow, earlier, wish.interval.start)
    if earlier is not None:
        _taken_back(app, uow, earlier)
    key = itip_keys.of_version(wish.view.uid, inviter.address, wish.instance, wish.sequence)
    if key in uow.reservations.by_key_prefix(event_type, key) or key in uow.seats.by_key_prefix(event_type, key):
        # The same version was booked and ended since.
        key = f"{key}.{uow.now_epoch}"
    return booking.reserve_within(app, uow, booking.BookingRequest(
        event_type.host, event_type.slug, wish.interval.start, inviter.name or inviter.email, inviter.email,
        inviter.timezone, inviter.language or app.settings.mail.language, idempotency_key=key,
        duration=wish.interval.length))


def _live(uow: UnitOfWork, event_type: EventType, prefix: str) -> Iterator[tuple[str, Reservation]]:
    for key, booked in uow.reservations.by_key_prefix(event_type, prefix).items():
        if booked.live and event_type.seats == 1:
            yield key, booked
    for key, seat in uow.seats.by_key_prefix(event_type, prefix).items():
        seen = life.get(uow, seat.uid)
        if seen.live:
            yield key, seen


def _taken_back(app: Adapters, uow: UnitOfWork, booked: Reservation) -> None:
    """Free what the organizer does not want any more, and need not be told of."""
    uow.reservations.set_invitation(booked, None)
    life.end(app, uow, booked, "cancel")


def _accepted(app: Adapters, uow: UnitOfWork, event_type: EventType, booked: Reservation, wish: _Wish) -> str:
    """The PARTSTAT for what is booked; the event is kept in mind, for what becomes of it later."""
    attendee = f"{event_type.host}+{event_type.slug}@{app.settings.booking_domain}".lower()
    uow.reservations.set_invitation(booked, Invitation(wish.view.uid, attendee, wish.interval.start, wish.sequence,
                                                       wish.instance))
    return "TENTATIVE" if booked.status == "pending" else "ACCEPTED"
