"""Booking by mail (iMIP, RFC 6047): what a mail to a booking address or to a user's address does.

Each mail ends in exactly one of ``done``, ``ignored`` and ``quarantined``, in one transaction with what it causes.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Protocol

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.itip import Message, ObjectView
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import BookingError, NotFound, Unavailable
from radicale_booking.services import invited_booking, itip_delivery, life, maintenance_mode
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter

if TYPE_CHECKING:
    from radicale_booking.store.inbound import InboundRow
    from radicale_booking.store.unit_of_work import UnitOfWork

DONE, IGNORED, QUARANTINED = "done", "ignored", "quarantined"
_ANSWERS_A_DAY = 100
_DAY = timedelta(days=1)


class Mail(Protocol):
    """See ``notify.incoming.Incoming``."""

    @property
    def message_id(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def sender_name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def automatic(self) -> bool: ...
    @property
    def authenticated_by(self) -> tuple[str, ...]: ...


class Refused(Exception):
    """The mail is kept for people to look at, for ``reason``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def accepts(app: Adapters, recipient: str) -> bool:
    """Whether mail to the address is for this server: a user's, or one that books."""
    recipient = recipient.strip().lower()
    with app.store.read() as uow:
        return (uow.principals.by_email(recipient) is not None
                or invited_booking.event_type_at(app, uow, recipient) is not None)


def receive(app: Adapters, envelope_from: str, recipient: str, raw: bytes, mail: Mail, *, trusted: bool = False) -> str:
    """Deal with a mail to ``recipient``; one that comes again is not dealt with again.

    ``trusted``: a person has looked at it. Raises ``Unavailable``, in maintenance mode too: the mail server has to keep
    it then.
    """
    recipient = recipient.strip().lower()
    # A mail without a name of its own is told apart by what is in it.
    message_id = mail.message_id or hashlib.sha256(raw).hexdigest()
    with app.store.write(actor="mail") as uow:
        maintenance_mode.admit_booking(uow)
        if uow.inbound.known(message_id, recipient):
            return IGNORED
        status, reason = _dealt_with(app, uow, envelope_from, recipient, mail, trusted=trusted)
        uow.inbound.add(message_id, recipient, mail.sender, status, reason, raw if status == QUARANTINED else b"")
        return status


def quarantine(app: Adapters) -> list[InboundRow]:
    """What waits for people, the oldest first."""
    with app.store.read() as uow:
        return uow.inbound.quarantined()


def quarantined(app: Adapters, row_id: int) -> InboundRow:
    """Raises ``NotFound``."""
    with app.store.read() as uow:
        row = uow.inbound.get(row_id)
        if row is None or row.status != QUARANTINED:
            raise NotFound("mail in quarantine", str(row_id))
        return row


def drop(app: Adapters, row_id: int) -> None:
    """Raises ``NotFound``."""
    with app.store.write(actor="command") as uow:
        if not uow.inbound.drop(row_id):
            raise NotFound("mail in quarantine", str(row_id))


def _dealt_with(app: Adapters, uow: UnitOfWork, envelope_from: str, recipient: str, mail: Mail, *,
                trusted: bool) -> tuple[str, str]:
    if not mail.text:
        return IGNORED, "no calendar object"
    asks = mail.method in ("REQUEST", "COUNTER")
    if asks and (mail.automatic or not envelope_from or _is_ours(app, mail.sender)):
        # Nobody reads an answer to a machine, and ours must not be answered by ours.
        return IGNORED, "sent by a program"
    try:
        with uow.attempt():
            if not trusted:
                _check_sender(app, uow, mail)
            _apply(app, uow, recipient, mail)
    except Refused as refused:
        return QUARANTINED, refused.reason
    except Unavailable:
        raise
    except BookingError as error:
        return QUARANTINED, str(error)[:300]
    return DONE, mail.method


def _check_sender(app: Adapters, uow: UnitOfWork, mail: Mail) -> None:
    if not mail.sender:
        raise Refused("no single address in From")
    expected = app.settings.inbound.authserv_id
    if expected and expected not in mail.authenticated_by:
        raise Refused(f"{expected} does not say that the sender is {mail.sender}")
    if uow.inbound.answered(mail.sender, uow.now - _DAY) >= _ANSWERS_A_DAY:
        raise Refused(f"more than {_ANSWERS_A_DAY} mails of {mail.sender} in a day")


def _apply(app: Adapters, uow: UnitOfWork, recipient: str, mail: Mail) -> None:
    view = app.scheduling.read(mail.text)
    own = f"mailto:{mail.sender}"
    if mail.method in ("REQUEST", "CANCEL"):
        if view.organizer != own:
            raise Refused(f"{mail.sender} is not the organizer {view.organizer.removeprefix('mailto:')}")
        _from_organizer(app, uow, recipient, mail, view)
    elif mail.method in ("REPLY", "COUNTER"):
        _from_attendee(app, uow, mail, view, own)
    else:
        raise Refused(f"METHOD:{mail.method} means nothing here")


def _from_organizer(app: Adapters, uow: UnitOfWork, recipient: str, mail: Mail, view: ObjectView) -> None:
    inviter = Inviter(view.organizer, mail.sender_name)
    message = Message(mail.method, view.uid, view.organizer, f"mailto:{recipient}", view.instances,
                      sequence=max((one.sequence for one in view.components), default=0))
    if message.recipient not in view.everyone():
        raise Refused(f"{recipient} is not invited")
    outcome = itip_delivery.to_attendee(app, uow, inviter, message, mail.text)
    # What was declined with a remark has been mailed already.
    if outcome.reply and not outcome.remark and uow.principals.by_email(mail.sender) is None:
        itip_delivery.by_mail(app, uow, Inviter(message.recipient, _name_of(app, uow, recipient)), "REPLY",
                              view.organizer, outcome.reply)


def _from_attendee(app: Adapters, uow: UnitOfWork, mail: Mail, view: ObjectView, own: str) -> None:
    if own not in view.everyone():
        raise Refused(f"{mail.sender} is not among the attendees")
    booked = uow.reservations.of_object(view.uid)
    if booked:
        _about_booking(app, uow, mail, view, own, booked)
        return
    if mail.method == "COUNTER":
        raise Refused("a person has to decide about another time")
    answers = tuple((one.instance, attendee.partstat) for one in view.components for attendee in one.attendees
                    if attendee.address == own)
    message = Message("REPLY", view.uid, own, view.organizer, view.instances, answers=answers)
    itip_delivery.to_organizer(app, uow, Inviter(own, mail.sender_name), message, mail.text)


def _about_booking(app: Adapters, uow: UnitOfWork, mail: Mail, view: ObjectView, own: str,
                   booked: list[Reservation]) -> None:
    """The invitee of a reservation declines it, or wants another time."""
    reservation = _as_seen(uow, mail.sender, booked)
    component = view.components[0]
    partstat = next((one.partstat for one in component.attendees if one.address == own), "")
    if mail.method == "COUNTER":
        ahead = Interval(uow.now, uow.now + timedelta(days=app.settings.instance_future_days))
        wanted = app.scheduling.occurrences(mail.text, ahead, UTC, 1)
        if not wanted or reservation.seat is not None or not reservation.live:
            raise Refused("another time cannot be given to this booking")
        life.move(app, uow, reservation, wanted[0][1].start)
    elif partstat == "DECLINED" and reservation.live:
        life.end(app, uow, reservation, "cancel")
    else:
        uow.audit.add("reply", reservation.uid, {"partstat": partstat})


def _as_seen(uow: UnitOfWork, sender: str, booked: list[Reservation]) -> Reservation:
    for reservation in booked:
        if reservation.invitee_email.lower() == sender and not uow.seats.of(reservation.id or 0):
            return reservation
        for seat in uow.seats.of(reservation.id or 0):
            if seat.email.lower() == sender:
                return life.get(uow, seat.uid)
    raise Refused(f"{sender} has not booked this")


def _is_ours(app: Adapters, sender: str) -> bool:
    local, _, domain = sender.rpartition("@")
    books = "+" in local and domain == app.settings.booking_domain.lower()
    return books or sender == app.settings.mail.sender.lower()


def _name_of(app: Adapters, uow: UnitOfWork, recipient: str) -> str:
    event_type = invited_booking.event_type_at(app, uow, recipient)
    host = uow.principals.get(event_type.host) if event_type is not None else uow.principals.by_email(recipient)
    return host.shown_name if host is not None else recipient


