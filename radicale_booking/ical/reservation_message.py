"""A reservation as an iTIP message (RFC 5546), for the mail about it (RFC 6047)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import icalendar

from radicale_booking.domain.principal import Principal
from radicale_booking.domain.repetition import Repetition
from radicale_booking.domain.reservation import Reservation
from radicale_booking.ical import yearly_zone
from radicale_booking.ical.reservation_event import FREQUENCY, address

_STATUS = {"pending": "TENTATIVE", "confirmed": "CONFIRMED"}


def write_message(method: str, reservation: Reservation, host: Principal, *, sender: str, at: datetime, summary: str,
                  description: str = "", url: str = "", others: Sequence[Reservation] = (),
                  repetition: Repetition | None = None, guests: Sequence[str] = ()) -> str:
    """The calendar object of ``method``: REQUEST and CANCEL for the invitee, REPLY for the host.

    The organizer is the host, for whom ``sender`` (an address) writes, or ``sender`` when the host has no address.
    The sequence is the reservation's, so that later messages replace earlier ones (RFC 5546 §2.1.4); ``at`` (aware)
    is when the message was made. Times are in UTC, which every program shows in its own zone; those of a rule are on
    its clocks. ``others``: the further occurrences of a series, by the rule ``repetition`` as far as they follow it;
    without them a message about one occurrence changes that alone. ``guests``: addresses of further attendees.
    """
    event = icalendar.Event()
    event.add("UID", reservation.invitation_uid)
    event.add("DTSTAMP", at)
    zone = _write_times(event, sorted([reservation, *others], key=lambda one: one.start), repetition)
    event.add("SUMMARY", summary)
    if description:
        event.add("DESCRIPTION", description)
    if reservation.location:
        event.add("LOCATION", reservation.location)
    if url:
        event.add("URL", url)
    event.add("STATUS", "CANCELLED" if method == "CANCEL" else _STATUS.get(reservation.status, "CANCELLED"))
    event.add("SEQUENCE", reservation.sequence)
    event.add("TRANSP", "OPAQUE")
    event.add("ORGANIZER", _organizer(host, sender))
    event.add("ATTENDEE", address(reservation.invitee_email, reservation.invitee_name, {
        "CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "RSVP": "FALSE",
        "PARTSTAT": "ACCEPTED" if reservation.live else "DECLINED"}))
    for guest in guests:
        event.add("ATTENDEE", address(guest, guest, {"CUTYPE": "INDIVIDUAL", "ROLE": "REQ-PARTICIPANT", "RSVP": "TRUE",
                                                  "PARTSTAT": "NEEDS-ACTION" if reservation.live else "DECLINED"}))
    return as_message(method, event, zone)


def _write_times(event: icalendar.Event, told: Sequence[Reservation],
                 repetition: Repetition | None) -> icalendar.Timezone | None:
    """When they are, in order; the zone in which that is said, where it is not UTC."""
    first, *others = told
    starts = [one.start for one in told]
    ruled = repetition.covering(starts) if repetition is not None and others else []
    if repetition is not None and ruled:
        # Outlook takes further dates (RDATE) only where there is a rule.
        event.add("DTSTART", first.start.astimezone(repetition.zone))
        event.add("DTEND", first.end.astimezone(repetition.zone))
        event.add("RRULE", {"FREQ": FREQUENCY[repetition.every], "INTERVAL": repetition.interval, "COUNT": len(ruled)})
        for start in ruled:
            if start not in starts:
                event.add("EXDATE", start.astimezone(repetition.zone))
        return yearly_zone.write(repetition.zone, first.start.year)
    event.add("DTSTART", first.start)
    event.add("DTEND", first.end)
    if others:
        event.add("RDATE", starts[1:])
    elif first.recurrence is not None:
        event.add("RECURRENCE-ID", first.recurrence)
    return None


def write_declined_counter(reservation: Reservation, host: Principal, *, sender: str, at: datetime,
                           comment: str) -> str:
    """The DECLINECOUNTER for an invitee whose proposal is not taken (RFC 5546 §3.2.8); else as ``write_message``."""
    event = icalendar.Event()
    event.add("UID", reservation.invitation_uid)
    event.add("DTSTAMP", at)
    event.add("SEQUENCE", reservation.sequence)
    if reservation.recurrence is not None:
        event.add("RECURRENCE-ID", reservation.recurrence)
    event.add("ORGANIZER", _organizer(host, sender))
    event.add("COMMENT", comment)
    return as_message("DECLINECOUNTER", event)


def as_message(method: str, event: icalendar.Event, zone: icalendar.Timezone | None = None) -> str:
    """``event`` as the only one of a calendar object with ``method``; ``zone`` is the one that its times are in."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//radicale-booking//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    if zone is not None:
        calendar.add_component(zone)
    calendar.add_component(event)
    return str(calendar.to_ical().decode("utf-8"))


def _organizer(host: Principal, sender: str) -> icalendar.vCalAddress:
    if not host.email or host.email.lower() == sender.lower():
        return address(host.email or sender, host.shown_name, {})
    # The mail's sender must be the organizer or write for it (RFC 6047 §2.3).
    return address(host.email, host.shown_name, {"SENT-BY": f"mailto:{sender}"})
