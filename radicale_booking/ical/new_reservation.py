"""The calendar object of a new reservation, line by line.

The library takes most of the time of a booking to write the same; a test holds that it would.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from radicale_booking.domain.booked_event import BookedEvent
from radicale_booking.ical.content_lines import Block, Line

STATUS = {"pending": "TENTATIVE", "confirmed": "CONFIRMED"}
PRODID = "-//radicale-booking//EN"
_ACCEPTED = (("CUTYPE", "INDIVIDUAL"), ("PARTSTAT", "ACCEPTED"), ("ROLE", "REQ-PARTICIPANT"))
_GUEST = (("CUTYPE", "INDIVIDUAL"), ("PARTSTAT", "NEEDS-ACTION"), ("ROLE", "OPT-PARTICIPANT"))
_ESCAPES = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n", "\r": None})


def write(booked: BookedEvent) -> str:
    """The object (RFC 5545 §3.6.1) of one reservation, with the hosts as organizer and participants."""
    event = Block("VEVENT", [*_facts(booked), *_people(booked)])
    return Block("VCALENDAR", [Line.make("VERSION", "2.0"), Line.make("PRODID", PRODID), event]).text()


def printable(name: str) -> str:
    """``name`` as a parameter's value can hold it (RFC 5545 §3.1)."""
    return "".join(letter if letter.isprintable() and letter != '"' else " " for letter in name)


def _facts(booked: BookedEvent) -> Iterator[Line]:
    [reservation] = booked.reservations
    summary = f"{reservation.title}: {', '.join(invitee.name for invitee in booked.invitees)}"
    yield Line.make("SUMMARY", _text(summary))
    yield Line.make("DTSTART", _instant(reservation.start))
    yield Line.make("DTEND", _instant(reservation.end))
    yield Line.make("DTSTAMP", _instant(reservation.modified))
    yield Line.make("UID", _text(reservation.calendar_uid))
    yield Line.make("SEQUENCE", str(reservation.sequence))
    yield Line.make("CREATED", _instant(reservation.created))
    yield Line.make("LAST-MODIFIED", _instant(reservation.modified))
    yield Line.make("STATUS", STATUS.get(reservation.status, "CANCELLED"))
    yield Line.make("TRANSP", "OPAQUE")
    yield Line.make("URL", booked.manage_url)
    if booked.description:
        yield Line.make("DESCRIPTION", _text(booked.description))
    if reservation.location:
        yield Line.make("LOCATION", _text(reservation.location))


def _people(booked: BookedEvent) -> Iterator[Line]:
    organizer, *others = booked.hosts
    if organizer.email:
        yield _person("ORGANIZER", organizer.email, organizer.shown_name)
    for host in (booked.hosts if others else ()):
        if host.email:
            yield _person("ATTENDEE", host.email, host.shown_name, _ACCEPTED)
    for invitee in booked.invitees:
        yield _person("ATTENDEE", invitee.email, invitee.name, _ACCEPTED)
    for guest in booked.guests:
        yield _person("ATTENDEE", guest, guest, _GUEST)


def _person(name: str, email: str, shown: str, parameters: tuple[tuple[str, str], ...] = ()) -> Line:
    # RFC 6868 gives the circumflex another meaning.
    return Line.make(name, f"mailto:{email}", (("CN", f'"{printable(shown).replace("^", "^^")}"'), *parameters))


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
