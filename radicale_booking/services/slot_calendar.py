"""An event type as a calendar of its open slots, in which whoever is signed in books by storing an event.

Beside the slots everybody sees the events that they have booked in this way themselves.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking import again
from radicale_booking.domain import slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.offer import Offer, OpenSlot, slot_uid
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import Conflict, InvalidInput, NotAllowed, NotFound
from radicale_booking.services import booking, life, offers, private_links, requests
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.requests import LONGEST_KEY, BookingRequest

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

#: The first ones; who wants to look further ahead opens the page.
MOST_SLOTS = 1000


@dataclass(frozen=True, slots=True)
class OwnBooking:
    """What somebody has stored under ``href``."""

    href: str
    reservation: Reservation


@again.if_undone
def offer(app: Adapters, host: str, slug: str, link: str | None = None) -> Offer:
    """What is open now. Raises ``NotFound`` or ``LinkExpired``."""
    with app.store.read(at_replica=True) as uow:
        principal, event_type = _subject(uow, host, slug, link)
        earliest, latest = slots.bookable_period(event_type, uow.now, ZoneInfo(principal.timezone))
        found = offers.offered(app, uow, event_type, Interval(earliest, latest), offers.NOBODY) \
            if earliest < latest else []
    url = f"{app.settings.public_url}/book/{host}/{slug}/"
    return Offer(event_type, principal, [
        OpenSlot(slot, slot_uid(event_type, slot.start), f"{url}?start={slot.start:%Y-%m-%dT%H:%M:%SZ}")
        for slot in found[:MOST_SLOTS]], url)


@again.if_undone
def own(app: Adapters, user: str, host: str, slug: str) -> list[OwnBooking]:
    """What ``user`` has booked here and is still to take place or has taken place. Raises ``NotFound``."""
    prefix = _key(user, "")
    with app.store.read() as uow:
        _, event_type = _subject(uow, host, slug, None)
        found: dict[str, Reservation] = dict(uow.reservations.by_key_prefix(event_type, prefix))
        for key, seat in uow.seats.by_key_prefix(event_type, prefix).items():
            found[key] = life.get(uow, seat.uid)
        return [OwnBooking(key.removeprefix(prefix), reservation) for key, reservation in found.items()
                if reservation.live]


def put(app: Adapters, user: str, request: BookingRequest, href: str, end: datetime) -> bool:
    """Book what ``user`` has stored under ``href``, or move it there; whether it is new.

    ``request`` needs host, slug, start (aware) and note; ``end`` is aware too. Raises ``NotFound``, ``InvalidInput``,
    ``NotAllowed``, or ``SlotTaken`` when the start is not offered.
    """
    principal, event_type = _who_and_what(app, user, request)
    existing = next((one for one in own(app, user, request.host, request.slug) if one.href == href), None)
    if existing is not None:
        if end - request.start != existing.reservation.end - existing.reservation.start:
            raise InvalidInput("DTEND", "", "changes how long the booking is", "cancel it and book another")
        if request.start != existing.reservation.start:
            life.reschedule(app, existing.reservation.seat or existing.reservation.uid, request.start, user)
        return False
    booked = booking.reserve(app, BookingRequest(
        host=request.host, slug=request.slug, start=request.start, name=principal.shown_name,
        email=principal.email or "", timezone=principal.timezone, note=request.note[:requests.LONGEST_NOTE],
        idempotency_key=_checked_key(user, href), duration=_duration(event_type, end - request.start)), actor=user)
    if not booked.live:
        raise Conflict
    return True


@again.if_undone
def _who_and_what(app: Adapters, user: str, request: BookingRequest) -> tuple[Principal, EventType]:
    with app.store.read() as uow:
        return _invitee(uow, user), _subject(uow, request.host, request.slug, None)[1]


def remove(app: Adapters, user: str, host: str, slug: str, href: str) -> None:
    """Cancel what ``user`` has stored under ``href``. Raises ``NotFound``."""
    for one in own(app, user, host, slug):
        if one.href == href:
            life.cancel(app, one.reservation.seat or one.reservation.uid, user)
            return
    raise NotFound("booking", href)


def _subject(uow: UnitOfWork, host: str, slug: str, link: str | None) -> tuple[Principal, EventType]:
    principal = offers.host_of(uow, host)
    event_type = uow.event_types.get(host, slug)
    if event_type is None or event_type.closed:
        raise NotFound("event type", f"{host}/{slug}")
    private_links.checked(uow, event_type, link)
    return principal, event_type


def _invitee(uow: UnitOfWork, user: str) -> Principal:
    principal = uow.principals.get(user)
    if principal is None or not principal.email:
        raise NotAllowed("book", "this account has no e-mail address that could be written to")
    return principal


def _duration(event_type: EventType, asked: timedelta) -> timedelta:
    if asked not in event_type.durations:
        offered = ", ".join(f"{length.total_seconds() / 60:.0f}" for length in event_type.durations)
        raise InvalidInput("DTEND", "", "gives a length that is not offered", f"take one of these minutes: {offered}")
    return asked


def _checked_key(user: str, href: str) -> str:
    key = _key(user, href)
    if len(key) > LONGEST_KEY:
        raise InvalidInput("name", href[:40], "is too long", "store the event under a shorter name")
    return key


def _key(user: str, href: str) -> str:
    return f"dav:{hashlib.sha256(user.encode()).hexdigest()[:16]}:{href}"
