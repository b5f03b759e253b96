"""Booking by mail (iMIP, RFC 6047): what a mail to a booking address or to a user's address does.

Each mail ends in exactly one of ``done``, ``ignored`` and ``quarantined``, in one transaction with what it causes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.effect import Returned
from radicale_booking.domain.itip import Message, ObjectView
from radicale_booking.errors import BookingError, NotAllowed, NotFound, Unavailable
from radicale_booking.services import (
    attendee_mail,
    correspondents,
    invited_booking,
    itip_delivery,
    maintenance_mode,
    quarantine_room,
    sender_check,
    speaker,
)
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter
from radicale_booking.services.speaker import DONE, IGNORED, QUARANTINED, Mail, Refused, Speaker

if TYPE_CHECKING:
    from radicale_booking.store.inbound import InboundRow
    from radicale_booking.store.unit_of_work import UnitOfWork

_ANSWERS_A_DAY = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a mail, and why; ``who``: the address in whose name it came, ``asked``
    whether it is to be asked. ``returned``: one of ours has not arrived."""

    status: str
    reason: str
    who: str = ""
    asked: bool = False
    returned: bool = False


@again.if_undone
def accepts(app: Adapters, recipient: str, envelope_from: str) -> bool:
    """Whether mail to the address is for this server: a user's, or one that books.

    The address that mail comes from takes reports about it, which come from nobody (RFC 5321 §4.5.5).
    """
    recipient = recipient.strip().lower()
    if not envelope_from and recipient == app.settings.mail.sender.lower():
        return True
    with app.store.read() as uow:
        return (uow.principals.by_email(recipient) is not None
                or invited_booking.event_type_at(app, uow, recipient) is not None)


@again.if_undone
def receive(app: Adapters, envelope_from: str, recipient: str, raw: bytes, mail: Mail, *, trusted: bool = False,
            say: Callable[[str], None] = lambda _: None) -> str:
    """Deal with a mail to ``recipient``; one that comes again is not dealt with again.

    ``trusted``: a person has looked at it. ``say`` tells people when the quarantine overflows, or mail of ours has not
    arrived. Raises ``Unavailable``, in maintenance mode too: the mail server has to keep it then.
    """
    recipient = recipient.strip().lower()
    # A mail without a name of its own is told apart by what is in it.
    message_id = mail.message_id or hashlib.sha256(raw).hexdigest()
    with app.store.write(actor="mail") as uow:
        maintenance_mode.admit_booking(uow)
        if uow.inbound.known(message_id, recipient):
            return IGNORED
        outcome = _dealt_with(app, uow, envelope_from, recipient, mail, trusted=trusted)
        row_id = uow.inbound.add(message_id, recipient, outcome.who or mail.sender, outcome.status, outcome.reason,
                                 raw if outcome.status == QUARANTINED else b"")
        if outcome.asked:
            sender_check.ask(uow, row_id, outcome.who)
        dropped = quarantine_room.keep_within(app, uow) if outcome.status == QUARANTINED else []
    if dropped:
        say(quarantine_room.sentence(dropped))
    if outcome.returned:
        say(outcome.reason)
    return outcome.status


@again.if_undone
def has_come(app: Adapters, message_id: str, recipient: str) -> bool:
    """Whether a mail was dealt with."""
    with app.store.read() as uow:
        return uow.inbound.known(message_id, recipient.strip().lower())


@again.if_undone
def confirm(app: Adapters, token: str) -> str:
    """Deal with the mail of a link as with one whose sender is sure; its status then, the same when that was done.

    Raises ``NotFound``, ``LinkExpired`` or ``Unavailable``.
    """
    with app.store.read() as uow:
        row = sender_check.row_of(app, uow, token)
    if row.status != QUARANTINED:
        return row.status
    return receive(app, row.sender, row.recipient, row.content, app.read_mail(row.content), trusted=True)


@again.if_undone
def quarantine(app: Adapters) -> list[InboundRow]:
    """What waits for people, the oldest first."""
    with app.store.read() as uow:
        return uow.inbound.quarantined()


@again.if_undone
def quarantined(app: Adapters, row_id: int) -> InboundRow:
    """Raises ``NotFound``."""
    with app.store.read() as uow:
        row = uow.inbound.get(row_id)
        if row is None or row.status != QUARANTINED:
            raise NotFound("mail in quarantine", str(row_id))
        return row


@again.if_undone
def drop(app: Adapters, row_id: int) -> None:
    """Raises ``NotFound``."""
    with app.store.write(actor="command") as uow:
        if not uow.inbound.drop(row_id):
            raise NotFound("mail in quarantine", str(row_id))


def _dealt_with(app: Adapters, uow: UnitOfWork, envelope_from: str, recipient: str, mail: Mail, *,
                trusted: bool) -> _Outcome:
    if mail.returned is not None and recipient == app.settings.mail.sender.lower() and not envelope_from:
        return _returned(uow, mail.returned)
    if not mail.text:
        return _Outcome(IGNORED, "no calendar object")
    if _is_ours(app, mail.sender):
        return _Outcome(IGNORED, "our own mail")
    if mail.method in ("REQUEST", "COUNTER") and (mail.automatic or not envelope_from):
        # Nobody reads an answer to a machine.
        return _Outcome(IGNORED, "sent by a program")
    who = mail.sender
    try:
        with uow.attempt():
            view = app.scheduling.read(mail.text)
            speaking = speaker.of(app, uow, recipient, mail, view)
            who = speaking.who.email
            if not trusted and not speaking.sure and app.settings.inbound.without_proof == "confirm":
                sender_check.admit(app, uow, who, mail, envelope_from)
                return _Outcome(QUARANTINED, f"waits until {who} says that it is theirs", who, asked=True)
            if not trusted:
                _check(app, uow, speaking)
            _apply(app, uow, recipient, speaking.who, mail, view)
    except Refused as refused:
        return _Outcome(QUARANTINED, refused.reason, who)
    except Unavailable:
        raise
    except NotAllowed as refused:
        return _Outcome(QUARANTINED, refused.reason, who)
    except BookingError as error:
        return _Outcome(QUARANTINED, str(error)[:300], who)
    return _Outcome(DONE, mail.method, who)


def _returned(uow: UnitOfWork, report: Returned) -> _Outcome:
    """Note that a mail which its server had taken came to nothing, as one that is given up."""
    row = uow.outbox.returned(report.envelope_id, f"returned: {report.reason}")
    if row is None:
        return _Outcome(IGNORED, "a report about no mail of ours")
    uow.audit.add("mail returned", str(row.payload.get("uid", row.delivery_key)),
                  {"recipient": row.recipient, "error": report.reason, "row": row.id})
    return _Outcome(DONE, f"mail {row.id} to {row.recipient} was returned: {report.reason}", returned=True)


def _check(app: Adapters, uow: UnitOfWork, speaking: Speaker) -> None:
    who = speaking.who.email
    if not speaking.sure:
        raise Refused(f"nobody says that the sender is {who}")
    if uow.inbound.answered(who, uow.now - _DAY) >= _ANSWERS_A_DAY:
        raise Refused(f"more than {_ANSWERS_A_DAY} mails of {who} in a day")


def _apply(app: Adapters, uow: UnitOfWork, recipient: str, who: Inviter, mail: Mail, view: ObjectView) -> None:
    if mail.method in ("REPLY", "COUNTER"):
        attendee_mail.answered(app, uow, who, mail.method, mail.text, mail.message_id or mail.text)
        return
    message = Message(mail.method, view.uid, view.organizer, f"mailto:{recipient}", view.instances,
                      sequence=max((one.sequence for one in view.components), default=0))
    outcome = itip_delivery.to_attendee(app, uow, who, message, mail.text)
    # What was declined with a remark has been mailed already.
    if outcome.reply and not outcome.remark and uow.principals.by_email(who.email) is None:
        itip_delivery.by_mail(app, uow, Inviter(message.recipient, _name_of(app, uow, recipient)), "REPLY",
                              view.organizer, outcome.reply, answers=who.mail)


def _is_ours(app: Adapters, sender: str) -> bool:
    local, _, domain = sender.rpartition("@")
    books = "+" in local and domain == app.settings.booking_domain.lower()
    return books or sender == app.settings.mail.sender.lower()


def _name_of(app: Adapters, uow: UnitOfWork, recipient: str) -> str:
    host = correspondents.host_at(app, uow, recipient)
    return host.shown_name if host is not None else recipient


