"""Open slots as iCalendar: a feed of all of them, or one as an object; and the wish that a PUT of an event is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from radicale_booking.domain.offer import Offer, OpenSlot
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.content_lines import Block, Line
from radicale_booking.ical.reader import read_calendar

#: How often programs may ask again.
_REFRESH = "PT15M"
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Wish:
    """An event that is to be booked: times in aware UTC."""

    uid: str
    start: datetime
    end: datetime
    note: str


def write_feed(offer: Offer) -> str:
    """All slots as a calendar to subscribe to (RFC 5545, RFC 7986), the same for the same slots."""
    head = [("METHOD", "PUBLISH"), ("NAME", _escaped(offer.title)), ("X-WR-CALNAME", _escaped(offer.title))]
    lines = [Line.make(name, value) for name, value in head]
    lines += [Line.make("REFRESH-INTERVAL", _REFRESH, [("VALUE", "DURATION")]), Line.make("X-PUBLISHED-TTL", _REFRESH),
              Line.make("URL", offer.url)]
    return _calendar([*lines, *(_event(offer, one) for one in offer.slots)])


def write_slot(offer: Offer, one: OpenSlot) -> str:
    """One slot as a calendar object."""
    return _calendar([_event(offer, one)])


def read_wish(text: str) -> Wish:
    """The one event in ``text``. Raises ``InvalidCalendar`` where it is none, recurs, or has no times in a zone."""
    events: list[Any] = read_calendar(text).walk("VEVENT")
    if len(events) != 1 or "RRULE" in events[0] or "RDATE" in events[0]:
        raise InvalidCalendar("VEVENT", "", "is not one event that takes place once", "send one event without a rule")
    event = events[0]
    try:
        start = event["DTSTART"].dt
        end = event["DTEND"].dt if "DTEND" in event else start + event["DURATION"].dt
        frame = _instant(start), _instant(end)
    except (KeyError, AttributeError, TypeError, ValueError):
        raise InvalidCalendar("DTSTART", "", "with DTEND is no time in a zone", "write both like 20300107T080000Z"
                              ) from None
    return Wish(str(event.get("UID", "")), *frame, str(event.get("DESCRIPTION", "")))


def _calendar(content: Iterable[Line | Block]) -> str:
    return Block("VCALENDAR", [Line.make("VERSION", "2.0"), Line.make("PRODID", "-//radicale-booking//EN"),
                               *content]).text()


def _event(offer: Offer, one: OpenSlot) -> Block:
    lines = [
        Line.make("UID", one.uid),
        # A slot has no history: the same one is the same text, so that programs and caches see no change.
        Line.make("DTSTAMP", f"{one.slot.start - timedelta(days=1):{_STAMP}}"),
        Line.make("DTSTART", f"{one.slot.start:{_STAMP}}"),
        Line.make("DTEND", f"{one.slot.end:{_STAMP}}"),
        Line.make("SUMMARY", _escaped(offer.event_type.title)),
        Line.make("TRANSP", "TRANSPARENT"),
        Line.make("URL", one.url),
    ]
    if offer.event_type.seats > 1:
        lines.append(Line.make("DESCRIPTION", _escaped(f"{one.slot.seats_left}/{offer.event_type.seats}")))
    return Block("VEVENT", list(lines))


def _escaped(text: str) -> str:
    """TEXT (RFC 5545 §3.3.11)."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.splitlines())


def _instant(value: datetime) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"not an instant: {value}")
    return value.astimezone(UTC)
