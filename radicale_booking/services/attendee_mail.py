"""What those who were invited answer, by mail or in their calendar here: to a booking, or to an event of a user."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain.itip import EventView, InstanceId, Message, ObjectView
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import Conflict, NotAllowed, SlotTaken
from radicale_booking.services import calendar_objects, effects, itip_delivery, life
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.invited_booking import Inviter

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_ACTION = "answer"


def answered(app: Adapters, uow: UnitOfWork, who: Inviter, method: str, text: str, message_id: str) -> None:
    """Take the REPLY or COUNTER ``text`` of ``who``, an attendee of it; ``message_id`` names the mail.

    Raises ``NotAllowed`` where ``who`` has nothing to answer there, ``InvalidCalendar`` and ``Conflict``.
    """
    if method == "REPLY":
        text = app.scheduling.answer_of(text, who.address)
    view = app.scheduling.read(text)
    booked = uow.reservations.of_object(view.uid)
    if not booked:
        _to_user(app, uow, who, method, text, view)
        return
    concerned = _concerned(uow, who.email, uow.reservations.of_series(booked[0]), view.components[0].instance)
    if not concerned:
        if method == "REPLY" and _is_guest(who.email, booked):
            calendar_objects.take_reply(app, uow, booked[0], text)
            return
        raise NotAllowed(_ACTION, f"{who.email} has not booked this")
    if method == "COUNTER":
        _countered(app, uow, view, concerned, message_id)
    else:
        _replied(app, uow, who, text, view, concerned)


def is_known(app: Adapters, uow: UnitOfWork, who: str, view: ObjectView) -> bool:
    """Whether somebody with the address ``who`` has something to answer: a booking, or a user's event."""
    booked = uow.reservations.of_object(view.uid)
    if booked:
        return bool(_concerned(uow, who, booked, view.components[0].instance)) or _is_guest(who, booked)
    organizer = uow.principals.by_email(view.organizer.removeprefix("mailto:"))
    kept = calendar_objects.find(uow, organizer, view.uid) if organizer is not None else None
    return kept is not None and f"mailto:{who}" in app.scheduling.read(kept[1].text).everyone()


def _to_user(app: Adapters, uow: UnitOfWork, who: Inviter, method: str, text: str, view: ObjectView) -> None:
    if method == "COUNTER":
        raise NotAllowed(_ACTION, "a person has to decide about another time")
    answers = tuple((one.instance, attendee.partstat) for one in view.components for attendee in one.attendees
                    if attendee.address == who.address)
    message = Message("REPLY", view.uid, who.address, view.organizer, view.instances, answers=answers)
    itip_delivery.to_organizer(app, uow, who, message, text)


def _concerned(uow: UnitOfWork, email: str, booked: Sequence[Reservation], instance: InstanceId) -> list[Reservation]:
    """What of ``booked`` the invitee with the address has, as that invitee sees it: all, or one of its instances."""
    found = []
    for reservation in booked:
        if reservation.unverified or (instance is not None and reservation.recurrence not in (None, instance)):
            continue
        seats = uow.seats.of(reservation.id or 0)
        found += [life.get(uow, seat.uid) for seat in seats if seat.email.lower() == email]
        if not seats and reservation.invitee_email.lower() == email:
            found.append(reservation)
    return found


def _is_guest(email: str, booked: Sequence[Reservation]) -> bool:
    return any(guest.lower() == email for reservation in booked for guest in reservation.guests)


def _replied(app: Adapters, uow: UnitOfWork, who: Inviter, text: str, view: ObjectView,
             concerned: Sequence[Reservation]) -> None:
    component = view.components[0]
    attendee = component.attendee(who.address)
    partstat = attendee.partstat if attendee is not None else ""
    live = [one for one in concerned if one.live and one.end > uow.now and not _is_former(component, one)]
    if partstat != "DECLINED":
        calendar_objects.take_reply(app, uow, concerned[0], text)
        uow.audit.add("reply", concerned[0].uid, {"partstat": partstat})
    elif len(live) > 1:
        life.end_together(app, uow, live)
    elif live:
        life.end(app, uow, live[0], "cancel")
    else:
        uow.audit.add("reply", concerned[0].uid, {"partstat": partstat})


def _is_former(component: EventView, booked: Reservation) -> bool:
    """Whether it is about a time from which the booking was moved: who refuses that has not refused the new one."""
    return component.sequence < booked.sequence and component.start not in (booked.start, booked.recurrence)


def _countered(app: Adapters, uow: UnitOfWork, view: ObjectView, concerned: Sequence[Reservation],
               message_id: str) -> None:
    """Move the booking where it can be moved to the proposed time, else say that it stays (RFC 5546 §3.2.8)."""
    found, component = concerned[0], view.components[0]
    start = _aware(component.start, ZoneInfo(found.invitee_timezone))
    if start is None:
        raise NotAllowed(_ACTION, "a booking begins at a time of the day")
    free: Sequence[datetime] = ()
    if (found.live and len(concerned) == len(view.components) == 1 and start != found.start
            and component.length in (found.end - found.start, timedelta()) and "RRULE" not in component.properties):
        try:
            with uow.attempt():
                life.move(app, uow, found, start)
                return
        except SlotTaken as taken:
            free = taken.alternatives
        except Conflict:
            # A group stays together.
            free = ()
    effects.decline_counter(uow, found, hashlib.sha256(message_id.encode()).hexdigest()[:16], start, free)


def _aware(start: object, zone: ZoneInfo) -> datetime | None:
    if not isinstance(start, datetime):
        return None
    return start if start.tzinfo is not None else start.replace(tzinfo=zone)
