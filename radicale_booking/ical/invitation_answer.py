"""What the organizer of an event is told about the booking that was made by it (RFC 5546 §3.2.3, §3.2.7)."""

from __future__ import annotations

from datetime import datetime

import icalendar

from radicale_booking.domain.invitation import Invitation
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.ical.reservation_event import address
from radicale_booking.ical.reservation_message import as_message


def write_answer(method: str, partstat: str, invitation: Invitation, booked: Reservation, host: Principal,
                 at: datetime) -> str:
    """The REPLY or COUNTER of the booking address, sent ``at`` (aware): a COUNTER proposes the booking's time."""
    event = icalendar.Event()
    event.add("UID", invitation.uid)
    event.add("DTSTAMP", at)
    event.add("SEQUENCE", invitation.sequence)
    if invitation.instance is not None:
        event.add("RECURRENCE-ID", invitation.instance)
    event.add("DTSTART", booked.start)
    event.add("DTEND", booked.end)
    event.add("SUMMARY", booked.title)
    event.add("ORGANIZER", address(booked.invitee_email, booked.invitee_name, {}))
    event.add("ATTENDEE", address(invitation.attendee, host.shown_name, {"PARTSTAT": partstat}))
    if booked.reason:
        event.add("COMMENT", booked.reason)
    return as_message(method, event)
