"""The question when people are free, and its answers (RFC 5546 §3.3, RFC 6638 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.content_lines import Block, Line, parse
from radicale_booking.ical.reader import read_calendar

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class FreeBusyRequest:
    """``organizer`` is empty where nobody is named. Addresses are as the request has them."""

    uid: str
    frame: Interval
    organizer: str
    attendees: tuple[str, ...]


def read_request(text: str) -> FreeBusyRequest:
    """Raises ``InvalidCalendar`` for what is no calendar or has no times in a zone, and ``SchedulingRefused`` where
    ``text`` is no VFREEBUSY with METHOD:REQUEST."""
    text = text.removeprefix("\ufeff")
    calendar = parse(text)
    method = calendar.line("METHOD")
    blocks = calendar.blocks("VFREEBUSY")
    if method is None or method.value.strip().upper() != "REQUEST" or len(blocks) != 1:
        raise SchedulingRefused("valid-scheduling-message", "send one VFREEBUSY with METHOD:REQUEST")
    asked = blocks[0]
    organizer, uid = asked.line("ORGANIZER"), asked.line("UID")
    try:
        times: Any = read_calendar(text).walk("VFREEBUSY")[0]
        frame = Interval(_instant(times["DTSTART"].dt), _instant(times["DTEND"].dt))
    except (ValueError, KeyError, IndexError, AttributeError, OverflowError):
        raise InvalidCalendar("DTSTART", "", "with DTEND is no time in a zone", "write both like 20300107T080000Z"
                              ) from None
    return FreeBusyRequest(uid.value if uid is not None else "", frame, organizer.value if organizer else "",
                           tuple(dict.fromkeys(line.value for line in asked.lines("ATTENDEE"))))


def write_reply(request: FreeBusyRequest, attendee: str, periods: Iterable[tuple[str, Interval]],
                now: datetime) -> str:
    """The REPLY of ``attendee``, who is busy in ``periods`` (FBTYPE and time)."""
    lines = [Line.make("UID", request.uid), Line.make("DTSTAMP", f"{now:{_STAMP}}"),
             # Programs look for exactly the time that they asked for.
             Line.make("DTSTART", f"{request.frame.start:{_STAMP}}"),
             Line.make("DTEND", f"{request.frame.end:{_STAMP}}")]
    if request.organizer:
        lines.append(Line.make("ORGANIZER", request.organizer))
    lines.append(Line.make("ATTENDEE", attendee))
    # One period a line: some programs split the value at the slash.
    lines += [Line.make("FREEBUSY", f"{period.start:{_STAMP}}/{period.end:{_STAMP}}", [("FBTYPE", kind)])
              for kind, period in periods]
    return Block("VCALENDAR", [Line.make("VERSION", "2.0"), Line.make("PRODID", "-//radicale-booking//EN"),
                               Line.make("METHOD", "REPLY"), Block("VFREEBUSY", [*lines])]).text()


def write_publish(address: str, frame: Interval, periods: Iterable[tuple[str, Interval]], now: datetime,
                  url: str) -> str:
    """When ``address`` (a URI) is busy in ``frame``, for everybody (RFC 5546 §3.3.1)."""
    lines = [Line.make("UID", url), Line.make("DTSTAMP", f"{now:{_STAMP}}"), Line.make("ORGANIZER", address),
             Line.make("DTSTART", f"{frame.start:{_STAMP}}"), Line.make("DTEND", f"{frame.end:{_STAMP}}"),
             Line.make("URL", url)]
    lines += [Line.make("FREEBUSY", f"{period.start:{_STAMP}}/{period.end:{_STAMP}}", [("FBTYPE", kind)])
              for kind, period in periods]
    return Block("VCALENDAR", [Line.make("VERSION", "2.0"), Line.make("PRODID", "-//radicale-booking//EN"),
                               Line.make("METHOD", "PUBLISH"), Block("VFREEBUSY", [*lines])]).text()


def _instant(value: date) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"not an instant: {value}")
    return value.astimezone(UTC)
