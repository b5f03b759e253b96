"""A reservation as a calendar object, and what a host's edit of it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import icalendar

from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import read_calendar

_STATUS = {"pending": "TENTATIVE", "confirmed": "CONFIRMED"}


@dataclass(frozen=True, slots=True)
class EventChange:
    """What an event says now: times in aware UTC, ``status`` in upper case or empty."""

    start: datetime
    end: datetime
    status: str
    sequence: int


def write(reservation: Reservation, host: Principal, manage_url: str) -> str:
    """The VEVENT of ``reservation`` (RFC 5545 §3.6.1) with ``host`` as organizer and the invitee as attendee."""
    event = icalendar.Event()
    event.add("UID", reservation.uid)
    event.add("DTSTAMP", reservation.modified)
    event.add("CREATED", reservation.created)
    event.add("LAST-MODIFIED", reservation.modified)
    event.add("DTSTART", reservation.start)
    event.add("DTEND", reservation.end)
    event.add("SUMMARY", f"{reservation.title}: {reservation.invitee_name}")
    if reservation.note:
        event.add("DESCRIPTION", reservation.note)
    if reservation.location:
        event.add("LOCATION", reservation.location)
    event.add("STATUS", _STATUS.get(reservation.status, "CANCELLED"))
    event.add("SEQUENCE", reservation.sequence)
    event.add("TRANSP", "OPAQUE")
    event.add("URL", manage_url)
    if host.email:
        event.add("ORGANIZER", address(host.email, host.shown_name, {}))
    event.add("ATTENDEE", address(reservation.invitee_email, reservation.invitee_name, {
        "CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "ACCEPTED"}))
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//radicale-booking//EN")
    calendar.add("VERSION", "2.0")
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8"))


def read_change(text: str, uid: str) -> EventChange:
    """What the event ``uid`` in ``text`` says. Raises ``InvalidCalendar`` when it has no times."""
    for event in read_calendar(text).walk("VEVENT"):
        if str(event.get("UID", "")) == uid and "RECURRENCE-ID" not in event:
            return _change(event)
    raise InvalidCalendar("VEVENT", uid, "is not in the object", "keep the event's UID")


def _change(event: Any) -> EventChange:
    try:
        start, end = event.start, event.end
    except (icalendar.IncompleteComponent, icalendar.InvalidCalendar, ValueError) as error:
        raise InvalidCalendar("VEVENT", str(event.get("UID", "")), str(error), "give it a start and an end") from None
    if not isinstance(start, datetime) or not isinstance(end, datetime) or start.tzinfo is None or end.tzinfo is None:
        raise InvalidCalendar("DTSTART", str(start), "is not a time in a time zone",
                              "keep a booking at a time of the day")
    return EventChange(start.astimezone(UTC), end.astimezone(UTC), str(event.get("STATUS", "")).strip().upper(),
                       int(event.get("SEQUENCE", 0)))


def address(email: str, name: str, parameters: dict[str, str]) -> icalendar.vCalAddress:
    """``email`` with its ``name`` (CN) and further ``parameters``, fit for any text in the name."""
    written = icalendar.vCalAddress(f"mailto:{email}")
    # A parameter's value cannot hold these (RFC 5545 §3.1).
    written.params["CN"] = "".join(letter if letter.isprintable() and letter != '"' else " " for letter in name)
    for key, value in parameters.items():
        written.params[key] = value
    return written
