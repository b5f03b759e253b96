"""Bringing iTIP messages to people: into a calendar and an inbox of this server, or by mail (RFC 6638 §3.2, §4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radicale_booking.domain import itip
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.itip import InstanceId, Message, ObjectView, in_order
from radicale_booking.domain.itip_attendee import keeps_schedule_tag
from radicale_booking.domain.itip_inbound import Action, received
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.unique_id import unique_id
from radicale_booking.errors import InvalidCalendar
from radicale_booking.services import accounts, auto_answer, calendar_objects, invited_booking
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.items import ItemRow
    from radicale_booking.store.unit_of_work import UnitOfWork

#: The tag of a collection that holds messages, and its name in the principal's home.
_INBOX_TAG, _INBOX = "SCHEDULE-INBOX", "inbox"
_MOST_REMARKS = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` is for SCHEDULE-STATUS; ``reply``: a REPLY that came at once, and ``remark`` what it adds."""

    status: str
    reply: str = ""
    remark: str = ""


def to_attendee(app: Adapters, uow: UnitOfWork, inviter: Inviter, message: Message, source: str) -> Outcome:
    """Deliver an organizer's REQUEST or CANCEL, written from ``source``. Raises ``InvalidCalendar``."""
    scheme, _, email = message.recipient.partition(":")
    if scheme != "mailto" or "@" not in email:
        return Outcome(itip.INVALID_USER)
    text = app.scheduling.write(source, message, uow.now)
    event_type = invited_booking.event_type_at(app, uow, email)
    if event_type is not None:
        uow.hold(event_type.host)
        return _book(app, uow, event_type, inviter, message, text)
    principal = uow.principals.by_email(email)
    if principal is not None:
        uow.hold(principal.name)
        return _into_calendar(app, uow, principal, message, text)
    local, _, domain = email.rpartition("@")
    if "+" in local and domain == app.settings.booking_domain.lower() and uow.principals.get(local.split("+")[0]):
        return Outcome(itip.INVALID_USER)
    by_mail(app, uow, inviter, message.method, message.recipient, text)
    return Outcome(itip.SENT)


def to_organizer(app: Adapters, uow: UnitOfWork, attendee: Inviter, message: Message, text: str) -> str:
    """Deliver the REPLY ``text``; its delivery status. Raises ``InvalidCalendar``."""
    scheme, _, email = message.recipient.partition(":")
    if scheme != "mailto" or "@" not in email:
        return itip.INVALID_USER
    principal = uow.principals.by_email(email)
    if principal is None:
        by_mail(app, uow, attendee, "REPLY", message.recipient, text)
        return itip.SENT
    uow.hold(principal.name)
    kept = calendar_objects.find(uow, principal, message.uid)
    if kept is None:
        return itip.REJECTED
    calendar, item = kept
    present = _readable(app, item)
    if present is None:
        return itip.REJECTED
    decision = received(present, "REPLY", app.scheduling.read(text))
    if decision.action is Action.STRANGER:
        return itip.NOT_ALLOWED
    if decision.action is Action.REPLY:
        changed = app.scheduling.apply_reply(item.text, text, decision.instances)
        store(app, uow, principal, calendar, item.href, message.uid, changed, item.schedule_tag)
        into_inbox(uow, principal, message, text)
        spread(app, uow, app.scheduling.read(changed), message.sender, dict(message.answers))
    return itip.DELIVERED


def spread(app: Adapters, uow: UnitOfWork, view: ObjectView, answering: str,
           answers: Mapping[InstanceId, str]) -> None:
    """Show the other attendees of this server what one has answered; their Schedule-Tags stay."""
    for address in view.everyone():
        if address in (answering, view.organizer) or not address.startswith("mailto:"):
            continue
        principal = uow.principals.by_email(address.removeprefix("mailto:"))
        if principal is None:
            continue
        uow.hold(principal.name)
        kept = calendar_objects.find(uow, principal, view.uid)
        if kept is None:
            continue
        text = kept[1].text
        for instance in in_order(answers):
            try:
                text = app.scheduling.answer(text, answering, answers[instance], instance=instance)
            except InvalidCalendar:
                # That instance is none of this attendee's.
                continue
        if text != kept[1].text:
            store(app, uow, principal, kept[0], kept[1].href, view.uid, text, kept[1].schedule_tag)


def _readable(app: Adapters, item: ItemRow) -> ObjectView | None:
    """None for what somebody has stored and nobody can read: others may go on without it."""
    try:
        return app.scheduling.read(item.text)
    except InvalidCalendar:
        return None


def store(app: Adapters, uow: UnitOfWork, owner: Principal, calendar: CollectionRow, href: str, uid: str, text: str,
          schedule_tag: str | None = None) -> None:
    """Store a scheduling object; without a Schedule-Tag it gets that of its text."""
    uow.items.store(calendar.id, href=href, uid=uid, name="VCALENDAR", component="VEVENT", text=text,
                    index=app.calendar.index(text, now=uow.now, owner=owner),
                    schedule_tag=schedule_tag or tag_of(text))


def tag_of(text: str) -> str:
    """The Schedule-Tag of an object that was changed to ``text``."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def into_inbox(uow: UnitOfWork, principal: Principal, message: Message, text: str) -> None:
    """Show the message in the inbox, in place of the last one of its kind: not every program ever empties it."""
    path = f"{principal.name}/{_INBOX}"
    inbox = uow.collections.get(path)
    if inbox is None and uow.collections.get(principal.name) is not None:
        inbox = uow.collections.add(path, _INBOX_TAG)
    if inbox is None or inbox.tag != _INBOX_TAG:
        return
    name = hashlib.sha256(f"{message.method} {message.sender} {message.uid}".encode()).hexdigest()[:40]
    uow.items.store(inbox.id, href=f"{name}.ics", uid=message.uid, name="VCALENDAR", component="VEVENT", text=text,
                    index=ItemIndex())


def by_mail(app: Adapters, uow: UnitOfWork, sender: Inviter, method: str, recipient: str, text: str,
            remark: str = "", answers: str = "") -> None:
    """Queue the message for somebody elsewhere (RFC 6047); ``answers``: the Message-ID of the mail that it answers."""
    view = app.scheduling.read(text)
    first = view.master or view.components[0]
    uow.outbox.add("mail", f"itip/{unique_id(uow.now)}", recipient.removeprefix("mailto:"), {
        "event": "itip", "to": "attendee" if method != "REPLY" else "organizer", "uid": view.uid, "method": method,
        "text": text, "sender": sender.email, "sender_name": sender.name or sender.email, "remark": remark,
        "answers": answers, "summary": app.scheduling.plain(first.properties.get("SUMMARY", "")) or "Event"})


def _book(app: Adapters, uow: UnitOfWork, event_type: EventType, inviter: Inviter, message: Message,
          text: str) -> Outcome:
    if message.method == "CANCEL":
        invited_booking.cancelled(app, uow, event_type, inviter, message)
        return Outcome(itip.DELIVERED)
    decided = invited_booking.requested(app, uow, event_type, inviter, text)
    if not decided.answers:
        return Outcome(itip.DELIVERED)
    remark = app.composer.remark(
        decided.refused[:_MOST_REMARKS], language=inviter.language, timezone=inviter.timezone,
        url=f"{app.settings.public_url}/book/{event_type.host}/{event_type.slug}/")
    reply = _reply(app, uow, message, text, decided.answers, remark)
    if decided.refused:
        host = uow.principals.get(event_type.host)
        sender = Inviter(message.recipient, host.shown_name if host else event_type.host, inviter.timezone)
        by_mail(app, uow, sender, "REPLY", message.sender, reply, remark, inviter.mail)
    return Outcome(itip.DELIVERED, reply, remark)


def _into_calendar(app: Adapters, uow: UnitOfWork, principal: Principal, message: Message, text: str) -> Outcome:
    kept = calendar_objects.find(uow, principal, message.uid)
    copy = _readable(app, kept[1]) if kept is not None else None
    if kept is not None and copy is None:
        return Outcome(itip.REJECTED)
    decision = received(copy, message.method, app.scheduling.read(text), message.sender)
    if decision.action is Action.STRANGER:
        return Outcome(itip.NOT_ALLOWED)
    if decision.action is Action.CANCEL and kept is not None:
        cancelled = app.scheduling.apply_cancel(kept[1].text, text, decision.instances)
        store(app, uow, principal, kept[0], kept[1].href, message.uid, cancelled)
        into_inbox(uow, principal, message, text)
    if decision.action not in (Action.CREATE, Action.UPDATE):
        return Outcome(itip.DELIVERED)
    address = message.recipient
    changed = app.scheduling.apply_request(kept[1].text if kept else None, text, decision.instances, address)
    return _answered(app, uow, principal, message, kept, changed, copy)


def _answered(app: Adapters, uow: UnitOfWork, principal: Principal, message: Message,
              kept: tuple[CollectionRow, ItemRow] | None, changed: str, copy: ObjectView | None) -> Outcome:
    """Store the copy, with an answer where the principal's mode gives one; the person sees the message otherwise."""
    address = message.recipient
    calendar = kept[0] if kept is not None else accounts.default_calendar(uow, principal)
    href = kept[1].href if kept is not None else f"{unique_id(uow.now)}.ics"
    answers = auto_answer.answers(app, uow, principal, changed, address, (calendar.path, href))
    for instance in in_order(answers):
        changed = app.scheduling.answer(changed, address, answers[instance], instance=instance)
    same = copy is not None and kept is not None and keeps_schedule_tag(copy, app.scheduling.read(changed), address)
    store(app, uow, principal, calendar, href, message.uid, changed,
          kept[1].schedule_tag if same and kept is not None else None)
    if not answers:
        into_inbox(uow, principal, message, app.scheduling.write(changed, message, uow.now))
        return Outcome(itip.DELIVERED)
    return Outcome(itip.DELIVERED, _reply(app, uow, message, changed, answers, ""))


def _reply(app: Adapters, uow: UnitOfWork, request: Message, source: str, answers: Mapping[InstanceId, str],
           remark: str) -> str:
    instances = in_order(answers)
    reply = Message("REPLY", request.uid, request.recipient, request.sender, instances,
                    answers=tuple((instance, answers[instance]) for instance in instances))
    return app.scheduling.write(source, reply, uow.now, remark)
