"""Implicit scheduling (RFC 6638 §3.2): what storing, changing and removing an event means for all who take part.

The storage calls it inside its write transaction. An event without organizer and attendees costs nothing here.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radicale_booking.domain.itip import MOST_ATTENDEES, Message, ObjectView, normalised
from radicale_booking.domain.itip_attendee import allowed_attendee_change, attendee_reply
from radicale_booking.domain.itip_inbound import received
from radicale_booking.domain.itip_organizer import organizer_messages, revision
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidCalendar, NotAllowed, SchedulingRefused
from radicale_booking.services import attendee_mail, calendar_objects, itip_delivery, series_split
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An object as it is to be stored; ``schedule_tag`` None: it keeps the one it had."""

    text: str
    schedule_tag: str | None


def concerns(text: str | None) -> bool:
    """Whether ``text`` may be about several people."""
    return text is not None and ("\nATTENDEE" in text or "\nORGANIZER" in text)


def written(app: Adapters, uow: UnitOfWork, owner: Principal, collection: CollectionRow, old_text: str | None,
            text: str, uid: str, *, conditional: bool = False) -> Scheduled | None:
    """Do what storing ``text`` in place of ``old_text`` in a calendar of ``owner`` means; None: it means nothing.

    ``conditional``: by its Schedule-Tag. Then the program may not have seen the latest answers (RFC 6638 §3.2.10).
    Raises ``SchedulingRefused`` for what the owner may not change.
    """
    if not (concerns(text) or concerns(old_text)) or not _takes_part(owner, collection):
        return None
    if uow.reservations.of_object(uid):
        _answer_booking(app, uow, owner, old_text, text, uid)
        return None
    if old_text is None and series_split.goes_on(app, uow, owner, uid, text):
        return None
    new = _read(app, text := _plain(app, uow, text))
    old = _read(app, old_text) if concerns(old_text) else None
    if new is None:
        return None
    organizer = old.organizer if old is not None and old.organizer else new.organizer
    if organizer in owner.addresses:
        if old is None:
            _check_unique(uow, owner, collection, uid)
        return _organized(app, uow, owner, old_text if old else None, text, organizer)
    address = _attending(owner, new, old)
    if not organizer or address is None:
        return None
    if old is None:
        _check_unique(uow, owner, collection, uid)
    return _attended(app, uow, owner, old_text if old else None, text, address, conditional=conditional)


def removed(app: Adapters, uow: UnitOfWork, owner: Principal, collection: CollectionRow, text: str, uid: str, *,
            reply: bool = True) -> None:
    """Cancel or decline what was removed; with ``reply`` False an attendee leaves in silence (RFC 6638 §8.1)."""
    if not concerns(text) or not _takes_part(owner, collection):
        return
    if uow.reservations.of_object(uid):
        if reply and calendar_objects.find(uow, owner, uid) is None:
            _answer_booking(app, uow, owner, text, None, uid)
        return
    view = _read(app, text)
    if view is None or calendar_objects.find(uow, owner, uid) is not None:
        return
    if view.organizer in owner.addresses:
        for message in organizer_messages(view, None, view.organizer):
            itip_delivery.to_attendee(app, uow, _person(owner, view.organizer), message, text)
        return
    address = _attending(owner, view, None)
    if address is not None:
        for message in attendee_reply(view, None, address, schedule_reply=reply):
            _reply(app, uow, owner, message, text)


def check_copied(app: Adapters, uow: UnitOfWork, owner: Principal, text: str, uid: str) -> None:
    """Raises ``SchedulingRefused`` for a copy of what ``owner`` takes part in, and has (RFC 6638 §3.2.4.1)."""
    view = _read(app, text) if concerns(text) else None
    other = calendar_objects.find(uow, owner, uid) if view is not None else None
    if view is not None and other is not None and (view.organizer in owner.addresses
                                                   or _attending(owner, view) is not None):
        raise SchedulingRefused("unique-scheduling-object-resource", "two of one meeting would be two meetings",
                                f"/{other[0].path}/{other[1].href}")


def organizes(app: Adapters, owner: Principal, text: str) -> bool:
    """Whether ``owner`` is the organizer of the event; also where it cannot be read."""
    view = _read(app, text)
    return view is None or view.organizer in owner.addresses


def _takes_part(owner: Principal, collection: CollectionRow) -> bool:
    return collection.tag == "VCALENDAR" and collection.role != "bookable" and bool(owner.email)


def _answer_booking(app: Adapters, uow: UnitOfWork, owner: Principal, old_text: str | None, text: str | None,
                    uid: str) -> None:
    """Take the answer in the copy that an invitee or a guest keeps of a booking.

    Reservations have mails and rules of their own: what else stands in the copy is as these mails have it.
    """
    old, new = _read(app, old_text) if concerns(old_text) else None, _read(app, text)
    address = _attending(owner, new, old)
    hosts = {name for found in uow.reservations.of_object(uid) for name in found.hosts}
    if address is None or owner.name in hosts:
        return
    for name in sorted(hosts):
        uow.hold(name)
    for message in attendee_reply(old, new, address):
        reply = app.scheduling.write(text or old_text or "", message, uow.now)
        # Whoever is not in the booking has nothing to answer, whatever stands in the event.
        with contextlib.suppress(NotAllowed):
            attendee_mail.answered(app, uow, _person(owner, address), "REPLY", reply, "")


def _plain(app: Adapters, uow: UnitOfWork, text: str) -> str:
    """``text`` with the e-mail addresses of people who stand there by the path of their principal."""
    def known(address: str) -> str | None:
        if normalised(address).startswith("mailto:") or "/" not in address:
            return None
        principal = uow.principals.get(address.rstrip("/").rpartition("/")[2])
        return principal.addresses[0] if principal is not None and principal.email else None

    try:
        return app.scheduling.with_addresses(text, known)
    except InvalidCalendar:
        return text


def _read(app: Adapters, text: str | None) -> ObjectView | None:
    """None for what cannot be understood: such an object is kept as it came, and nobody hears of it."""
    try:
        return app.scheduling.read(text) if text is not None else None
    except InvalidCalendar:
        return None


def _attending(owner: Principal, *views: ObjectView | None) -> str | None:
    return next((address for view in views if view is not None for address in view.everyone()
                 if address in owner.addresses), None)


def _check_unique(uow: UnitOfWork, owner: Principal, collection: CollectionRow, uid: str) -> None:
    """RFC 6638 §3.2.4.1."""
    other = calendar_objects.find(uow, owner, uid)
    if other is not None and other[0].id != collection.id:
        raise SchedulingRefused("unique-scheduling-object-resource", "the event is in another calendar already",
                                f"/{other[0].path}/{other[1].href}")


def _organized(app: Adapters, uow: UnitOfWork, owner: Principal, old_text: str | None, text: str,
               organizer: str) -> Scheduled:
    if old_text is not None:
        text = app.scheduling.restore(old_text, text, organizer)
    old, new = _read(app, old_text), app.scheduling.read(text)
    _check_organizer(new, organizer)
    messages = organizer_messages(old, new, organizer)
    text = app.scheduling.revise(text, revision(old, new), uow.now)
    statuses: dict[str, str] = {}
    answers: list[tuple[str, str, str]] = []
    for message in messages:
        source = text if message.method == "REQUEST" else old_text or text
        outcome = itip_delivery.to_attendee(app, uow, _person(owner, organizer), message, source)
        if message.method == "REQUEST":
            statuses[message.recipient] = outcome.status
            if outcome.reply:
                answers.append((message.recipient, outcome.reply, outcome.remark))
    text = app.scheduling.set_status(text, statuses)
    for recipient, reply, remark in answers:
        text = _with_reply(app, uow, text, recipient, reply, remark)
    return Scheduled(text, itip_delivery.tag_of(text))


def _check_organizer(new: ObjectView, organizer: str) -> None:
    if not new.one_organizer:
        raise SchedulingRefused("same-organizer-in-all-components", "all instances have one organizer")
    if new.organizer not in ("", organizer):
        raise SchedulingRefused("allowed-organizer-scheduling-object-change", "the organizer stays")
    if any(len(component.attendees) > MOST_ATTENDEES for component in new.components):
        raise SchedulingRefused("max-attendees-per-instance", f"an event has {MOST_ATTENDEES} attendees at most")


def _with_reply(app: Adapters, uow: UnitOfWork, text: str, attendee: str, reply: str, remark: str) -> str:
    """The organizer's object with an answer that came at once; the other attendees see it too."""
    answered = app.scheduling.read(reply)
    decision = received(app.scheduling.read(text), "REPLY", answered)
    text = app.scheduling.apply_reply(text, reply, decision.instances)
    text = app.scheduling.set_comment(text, attendee, remark)
    partstats = {one.instance: one.attendees[0].partstat for one in answered.components}
    itip_delivery.spread(app, uow, app.scheduling.read(text), attendee, partstats)
    return text


def _attended(app: Adapters, uow: UnitOfWork, owner: Principal, old_text: str | None, text: str,
              address: str, *, conditional: bool) -> Scheduled:
    old = _read(app, old_text)
    if old is not None and old_text is not None:
        if all(one.organizer is None or one.organizer.by_server for one in old.components):
            changed = allowed_attendee_change(old, app.scheduling.read(text), address)
            if changed:
                raise SchedulingRefused("allowed-attendee-scheduling-object-change",
                                        f"the organizer decides about {', '.join(changed)}")
        text = app.scheduling.restore(old_text, text, address, answered=conditional)
    messages = attendee_reply(old, app.scheduling.read(text), address)
    text = answer = app.scheduling.unforced(text)
    for message in messages:
        text = app.scheduling.set_status(text, {message.recipient: _reply(app, uow, owner, message, text)})
    if old is not None and old_text is not None and app.scheduling.only_answered(old_text, answer, address):
        # Who saw the event before the answer may still change it.
        return Scheduled(text, None)
    return Scheduled(text, itip_delivery.tag_of(text))


def _reply(app: Adapters, uow: UnitOfWork, owner: Principal, message: Message, source: str) -> str:
    text = app.scheduling.write(source, message, uow.now)
    return itip_delivery.to_organizer(app, uow, _person(owner, message.sender), message, text)


def _person(owner: Principal, address: str) -> Inviter:
    return Inviter(address, owner.shown_name, owner.timezone, owner.language)
