"""The text of an iTIP message (RFC 5546 §3.2) from the object it is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from radicale_booking.domain.itip import InstanceId, Message, normalised
from radicale_booking.ical.content_lines import Block, Line
from radicale_booking.ical.scheduling_object import REPLIED, SchedulingText, stamp

_PRODID = "-//radicale-booking//EN"
#: What stays between a participant and his server (RFC 6638 §7).
_INTERNAL = ("SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", REPLIED)
#: What a reply says of the event (RFC 5546 §3.2.3); the organizer knows the rest.
_REPLIED_WITH = frozenset({"UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "SUMMARY", "ORGANIZER", "SEQUENCE",
                           "DTSTAMP", "RRULE", "RDATE", "EXDATE"})


def write(source: str, message: Message, now: datetime, comment: str = "") -> str:
    """``message`` as text, sent at ``now`` (aware): of ``source`` only what concerns the recipient, without alarms.

    A REQUEST is written from the organizer's new object, a CANCEL from the old one, a REPLY from the attendee's object.
    Raises ``InvalidCalendar`` where ``source`` has not the instances of the message.
    """
    origin = SchedulingText.parse(source)
    events = [_event(origin, instance, message, now, comment) for instance in message.instances]
    lines = [Line.make("VERSION", "2.0"), Line.make("PRODID", _PRODID), Line.make("METHOD", message.method)]
    used = {tzid for event in events for tzid in _zones(event)}
    zones = [block for block in origin.calendar.blocks("VTIMEZONE")
             if any(line.value in used for line in block.lines("TZID"))]
    return Block("VCALENDAR", [*lines, *zones, *events]).text()


def public(line: Line) -> Line:
    """An ATTENDEE or ORGANIZER as others may see it."""
    for parameter in _INTERNAL:
        line = line.having(parameter, None)
    return line


def escaped(text: str) -> str:
    """``text`` as a value of type TEXT (RFC 5545 §3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(plain, written)
    return "".join(letter for letter in text if letter >= " " or letter == "\t")


def _event(origin: SchedulingText, instance: InstanceId, message: Message, now: datetime, comment: str) -> Block:
    event = (origin.events[None] if instance is None else origin.override(instance)).copy()
    event.drop(lambda item: isinstance(item, Block) or item.name == "REQUEST-STATUS")
    event.change("ATTENDEE", public)
    event.change("ORGANIZER", public)
    event.put(Line.make("DTSTAMP", stamp(now)))
    if message.method == "CANCEL":
        event.put(Line.make("STATUS", "CANCELLED"))
        event.put(Line.make("SEQUENCE", str(message.sequence)))
        _keep_attendee(event, message.recipient)
    elif message.method == "REPLY":
        _reply(event, message, dict(message.answers)[instance], comment)
    elif instance is None:
        for excluded in sorted(message.excluded, key=lambda one: one.isoformat()):
            event.add(origin.time("EXDATE", excluded))
    return event


def _reply(event: Block, message: Message, partstat: str, comment: str) -> None:
    event.drop(lambda item: isinstance(item, Line) and item.name not in _REPLIED_WITH | {"ATTENDEE"})
    _keep_attendee(event, message.sender)
    event.change("ATTENDEE", lambda line: line.having("PARTSTAT", partstat).having("RSVP", None))
    if event.line("SEQUENCE") is None:
        event.add(Line.make("SEQUENCE", "0"))
    event.add(Line.make("REQUEST-STATUS", "2.0;Success"))
    if comment:
        event.add(Line.make("COMMENT", escaped(comment)))


def _keep_attendee(event: Block, address: str) -> None:
    event.drop(lambda item: isinstance(item, Line) and item.name == "ATTENDEE" and normalised(item.value) != address)


def _zones(event: Block) -> Iterator[str]:
    return (line.get("TZID") for line in event.lines() if line.get("TZID"))
