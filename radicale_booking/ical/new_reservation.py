"""The calendar object of a new reservation, line by line, and what the store keeps of it.

The library takes most of the time of a booking to write the same, and reading it again takes as long as the booking.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil, floor

from radicale_booking.domain.booked_event import BookedEvent
from radicale_booking.domain.item_index import SUMMARY_LIMIT, InstanceRow, ItemIndex
from radicale_booking.ical.content_lines import CONTROLS, folded

STATUS = {"pending": "TENTATIVE", "confirmed": "CONFIRMED"}
PRODID = "-//radicale-booking//EN"
_ACCEPTED = ";CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT"
_GUEST = ";CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION;ROLE=OPT-PARTICIPANT"
#: How a TEXT (RFC 5545 §3.3.11) is written, and how it is read again.
_ESCAPES = {**CONTROLS, **str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n", "\r": None})}
_READ = {**CONTROLS, **str.maketrans({"\n": "\n", "\r": None})}


def write(booked: BookedEvent) -> str:
    """The object (RFC 5545 §3.6.1) of one reservation, with the hosts as organizer and participants."""
    return "".join([f"{folded(line)}\r\n" for line in (
        "BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "BEGIN:VEVENT", *_facts(booked), *_people(booked),
        "END:VEVENT", "END:VCALENDAR")])


def index(booked: BookedEvent) -> ItemIndex:
    """What is kept of ``write(booked)`` for the organizer."""
    [reservation] = booked.reservations
    start, end = floor(reservation.start.timestamp()), ceil(reservation.end.timestamp())
    row = InstanceRow(start, end, "BUSY-TENTATIVE" if reservation.status == "pending" else "BUSY",
                      summary=_summary(booked).translate(_READ)[:SUMMARY_LIMIT], zone="UTC")
    return ItemIndex(start, end, rows=(row,))


def printable(name: str) -> str:
    """``name`` as a parameter's value can hold it (RFC 5545 §3.1)."""
    if name.isprintable() and '"' not in name:
        return name
    return "".join(letter if letter.isprintable() and letter != '"' else " " for letter in name)


def _facts(booked: BookedEvent) -> Iterator[str]:
    [reservation] = booked.reservations
    modified = _instant(reservation.modified)
    yield f"SUMMARY:{_text(_summary(booked))}"
    yield f"DTSTART:{_instant(reservation.start)}"
    yield f"DTEND:{_instant(reservation.end)}"
    yield f"DTSTAMP:{modified}"
    yield f"UID:{_text(reservation.calendar_uid)}"
    yield f"SEQUENCE:{reservation.sequence}"
    yield f"CREATED:{_instant(reservation.created)}"
    yield f"LAST-MODIFIED:{modified}"
    yield f"STATUS:{STATUS.get(reservation.status, 'CANCELLED')}"
    yield "TRANSP:OPAQUE"
    yield f"URL:{booked.manage_url.translate(CONTROLS)}"
    if booked.description:
        yield f"DESCRIPTION:{_text(booked.description)}"
    if reservation.location:
        yield f"LOCATION:{_text(reservation.location)}"


def _summary(booked: BookedEvent) -> str:
    return f"{booked.reservations[0].title}: {', '.join([invitee.name for invitee in booked.invitees])}"


def _people(booked: BookedEvent) -> Iterator[str]:
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


def _person(name: str, email: str, shown: str, parameters: str = "") -> str:
    # RFC 6868 gives the circumflex another meaning.
    return f'{name};CN="{printable(shown).replace("^", "^^")}"{parameters}:mailto:{email.translate(CONTROLS)}'


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
