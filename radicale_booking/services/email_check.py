"""Holding a time for somebody who books on the page until they answer a mail to the address they gave.

Nobody else hears of a hold, and it is the same for every address: what is known of an address is only asked when its
owner has answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain import slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.notice import AddressCheck
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation, verified
from radicale_booking.errors import IllegalTransition
from radicale_booking.services import (
    calendar_objects,
    effects,
    guard,
    life,
    maintenance_mode,
    offers,
    private_links,
    requests,
)
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.booking_links import BookingLink
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

EVENT = "address-check"
_PURPOSE = "confirm booking"
_NEARBY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Hold:
    """That a time is to be held only. ``may_be_asked``: whether the address has not had too many mails of late; the
    time is held all the same, so that nobody sees."""

    may_be_asked: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What a link from such a mail is about; ``together``: all that was asked for at once, ``waits``: whether it can be
    confirmed still."""

    reservation: Reservation
    event_type: EventType
    host: Principal
    together: Sequence[Reservation]
    waits: bool


def is_wanted(app: Adapters, event_type: EventType) -> bool:
    """Whether who books ``event_type`` on the page has to answer a mail first.

    By itself it is where a rule goes by the address: what becomes of a form would tell whether that is known.
    """
    if event_type.confirm_email or app.settings.guard.confirm_email is not None:
        return event_type.confirm_email or bool(app.settings.guard.confirm_email)
    return app.mailer is not None and guard.goes_by_address(app, event_type)


@again.if_undone
def asks(app: Adapters, host: str, slug: str) -> bool:
    """``is_wanted`` of what may not be there."""
    with app.store.read() as uow:
        found = uow.event_types.get(host, slug)
    return found is not None and is_wanted(app, found)


def until(app: Adapters, uow: UnitOfWork, start: datetime) -> datetime:
    """How long a time is held that begins at ``start``."""
    return min(uow.now + timedelta(minutes=app.settings.guard.confirm_email_minutes), start)


def ask(uow: UnitOfWork, held: Reservation, hold: Hold, link: BookingLink | None) -> None:
    """Queue the mail about what was ``held``, by a private ``link`` if any."""
    uow.audit.add("hold", held.uid, {"start": held.start.isoformat(), **({"seat": held.seat} if held.seat else {})})
    if hold.may_be_asked:
        uow.outbox.add(effects.MAIL, f"{held.seat or held.uid}/{EVENT}", held.invitee_email, {
            "event": EVENT, "uid": held.uid, **({"seat": held.seat} if held.seat else {}),
            **({"link": link.id} if link is not None else {})}, held.id)


def notice(app: Adapters, uow: UnitOfWork, row: OutboxRow) -> AddressCheck | None:
    """What the queued ``row`` asks; None when it need not be asked any more."""
    uid = str(row.payload.get("seat") or row.payload["uid"])
    found = _held(uow, uid)
    if not found.waits or not found.reservation.unverified or found.reservation.expires is None:
        return None
    token = app.links.sign(_PURPOSE, f"{uid} {row.payload.get('link', '')}", found.reservation.start)
    return AddressCheck(row.recipient, found.event_type.title, found.host.shown_name,
                        tuple((one.start, one.end) for one in found.together), found.reservation.invitee_timezone,
                        found.reservation.language, f"{app.settings.public_url}/booking/{token}/confirm",
                        found.reservation.expires, row.delivery_key, row.due)


@again.if_undone
def held(app: Adapters, token: str) -> Held:
    """What the link is about. Raises ``NotFound``, or ``LinkExpired`` when its time has come."""
    with app.store.read() as uow:
        return _held(uow, _opened(app, token)[0])


@again.if_undone
def instead(app: Adapters, about: Held) -> Sequence[datetime]:
    """The nearest free starts; none of what is booked by private links, for the one that was used is not known."""
    if about.event_type.private:
        return ()
    lost = about.reservation
    usual = about.event_type.lasting_exactly(lost.end - lost.start)
    with app.store.read() as uow:
        near = max(lost.start, uow.now)
        return slots.nearest(offers.offered(app, uow, usual, Interval(near - _NEARBY, near + _NEARBY)), near)


@again.if_undone
def confirm(app: Adapters, token: str) -> Reservation:
    """Book what the link is about, and tell all whom it concerns; what is booked already is given again.

    Raises ``NotFound``, ``LinkExpired``, ``AddressRefused``, ``UnderMaintenance``, or ``IllegalTransition`` when it is
    held no longer.
    """
    uid, link = _opened(app, token)
    with app.store.read() as uow:
        host = life.get(uow, uid).host
    with app.store.write(actor="invitee", principal=host) as uow:
        about = _held(uow, uid)
        found, event_type = about.reservation, about.event_type
        if not found.unverified:
            return found
        if not about.waits:
            raise IllegalTransition(found.status, "verify")
        maintenance_mode.admit_booking(uow)
        offers.host_of(uow, event_type.host)
        guard.check(app, uow, event_type, requests.BookingRequest(
            found.host, found.slug, found.start, found.invitee_name, found.invitee_email,
            occurrences=len(about.together)), shown=True)
        if link is not None:
            private_links.use(uow, link)
        app.meter.booked()
        return settle_seat(app, uow, event_type, found) if found.seat else _settle(app, uow, about)


def settle_seat(app: Adapters, uow: UnitOfWork, event_type: EventType, seen: Reservation) -> Reservation:
    """Let the invitee who is seen have the seat for good; as this invitee sees it then. The first makes the group."""
    assert seen.seat is not None  # noqa: S101 - the caller saw it
    uow.seats.keep(seen.seat)
    shared = uow.reservations.get_by_uid(seen.uid)
    assert shared is not None  # noqa: S101 - read in this transaction
    first = shared.unverified
    shared = life.settled(uow, event_type, shared)
    calendar_objects.write(app, uow, event_type, shared)
    seen = life.get(uow, seen.seat)
    event = "request" if shared.status == "pending" else "book"
    (life.announce if first else life.announce_seat)(uow, seen, event)
    return seen


@again.if_undone
def expire_seats(app: Adapters) -> int:
    """Give back seats that were held for too long, and groups of nobody else; how many, at most ``life.BATCH``."""
    with app.store.read() as uow:
        if not uow.seats.lapsed(1):
            return 0
    with app.store.write(actor="upkeep") as uow:
        lapsed = uow.seats.lapsed(life.BATCH)
        for seat in lapsed:
            assert seat.id is not None  # noqa: S101 - read from the store
            uow.seats.cancel(seat.uid)
            uow.persons.erase_seat(seat.id)
            shared = uow.reservations.get_by_uid(seat.reservation_uid)
            if shared is not None and shared.live and shared.unverified and not uow.seats.held(seat.reservation_id):
                ended = life.release(uow, shared, "expire")
                calendar_objects.remove(app, uow, uow.reservations.event_type_of(shared), ended)
                life.forget(uow, ended)
        return len(lapsed)


def _settle(app: Adapters, uow: UnitOfWork, about: Held) -> Reservation:
    booked = [verified(one, about.event_type.decided_by(one.start, uow.now), uow.now) for one in about.together]
    for one in booked:
        uow.reservations.set_state(one)
    calendar_objects.write(app, uow, about.event_type, booked[0])
    life.announce(uow, booked[0], "request" if about.event_type.confirmation else "book")
    return booked[0]


def _held(uow: UnitOfWork, uid: str) -> Held:
    found = life.get(uow, uid)
    event_type = uow.reservations.event_type_of(found)
    together = [one for one in uow.reservations.of_series(found) if one.live and one.unverified]
    waits = found.live and (found.expires is None or uow.now < found.expires)
    host = uow.principals.get(found.host) or Principal(found.host)
    return Held(found, event_type, host, together or [found], waits)


def _opened(app: Adapters, token: str) -> tuple[str, int | None]:
    """The uid and the private link in a link of ours."""
    uid, _, link = app.links.open(_PURPOSE, token).partition(" ")
    return uid, int(link) if link else None
