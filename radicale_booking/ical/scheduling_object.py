"""A calendar object as scheduling sees it, and as text of which single instances can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.itip import Attendee, EventView, InstanceId, ObjectView, When, is_own, normalised
from radicale_booking.domain.recurrence import expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.content_lines import Block, Line, parse
from radicale_booking.ical.reader import component as read_component
from radicale_booking.ical.reader import read_calendar

#: Our own parameter: DTSTAMP of the last reply taken, to tell a late one. No standard has a word for it.
REPLIED = "X-RADICALE-BOOKING-REPLIED"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_STAMP = "%Y%m%dT%H%M%SZ"
#: Fields of ``EventView`` of their own, and what every program rewrites.
_ELSEWHERE = frozenset({"UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "SEQUENCE",
                        "DTSTAMP", "CREATED", "LAST-MODIFIED", "STATUS", "ORGANIZER", "ATTENDEE", "REQUEST-STATUS"})


@dataclass(slots=True)
class SchedulingText:
    """The text of an object beside its ``view``: ``events`` are the VEVENT blocks in the order of the components."""

    calendar: Block
    events: dict[InstanceId, Block]
    view: ObjectView
    zone: tzinfo | None

    @classmethod
    def parse(cls, text: str) -> SchedulingText:
        """Raises ``InvalidCalendar`` where a time, a UID or the nesting of components cannot be read."""
        parsed = read_calendar(text)
        calendar = parse(text)
        events: list[Any] = list(parsed.walk("VEVENT"))
        blocks = calendar.blocks("VEVENT")
        if len(blocks) != len(events) or not blocks:
            raise InvalidCalendar("VEVENT", "", "is missing", "send an event")
        views = [_view(event) for event in events]
        if len({view.instance for view in views}) < len(views):
            raise InvalidCalendar("RECURRENCE-ID", "", "occurs twice", "describe each instance once")
        organizer = next((view.organizer.address for view in views if view.organizer), "")
        return cls(calendar, {view.instance: block for view, block in zip(views, blocks, strict=True)},
                   ObjectView(str(events[0].get("UID", "")), organizer, tuple(views)),
                   _zone(next((event for event in events if "RECURRENCE-ID" not in event), events[0])["DTSTART"].dt))

    def text(self) -> str:
        return self.calendar.text()

    def remove(self, instance: InstanceId) -> None:
        gone = self.events.pop(instance)
        self.calendar.drop(lambda item: item is gone)

    def override(self, instance: When) -> Block:
        """The block of ``instance``; made from the series' where it has none of its own.

        Raises ``InvalidCalendar`` where there is neither.
        """
        if instance in self.events:
            return self.events[instance]
        series = self.view.master
        if series is None or None not in self.events:
            raise InvalidCalendar("RECURRENCE-ID", instance.isoformat(), "is no instance of the event",
                                  "name one of its instances")
        block = self.events[None].copy()
        block.drop(lambda item: isinstance(item, Line) and item.name in ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"))
        block.put(self.time("DTSTART", instance))
        if block.line("DTEND") is not None:
            block.put(self.time("DTEND", instance + series.length))
        block.items.insert(1, self.time("RECURRENCE-ID", instance))
        self.events[instance] = block
        last = max(number for number, item in enumerate(self.calendar.items)
                   if isinstance(item, Block) and item.name == "VEVENT")
        self.calendar.items.insert(last + 1, block)
        return block

    def time(self, name: str, value: When) -> Line:
        """A line ``name`` that says ``value`` in the zone in which the series, or the event, starts."""
        source = self.events[None if None in self.events else next(iter(self.events))]
        start = source.line("DTSTART")
        tzid = [(key, text) for key, text in start.parameters if key.upper() == "TZID"] if start else []
        if not isinstance(value, datetime):
            return Line.make(name, value.strftime("%Y%m%d"), [("VALUE", "DATE")])
        if value.tzinfo is None:
            return Line.make(name, value.strftime("%Y%m%dT%H%M%S"))
        if not tzid or self.zone is None:
            return Line.make(name, stamp(value))
        return Line.make(name, value.astimezone(self.zone).strftime("%Y%m%dT%H%M%S"), tzid)

    def occurs(self, instance: When) -> bool:
        """Whether the series has ``instance``; one with a component of its own it has."""
        if instance in self.events:
            return True
        if None not in self.events:
            return False
        series = [read_component(event) for event in read_calendar(self.text()).walk("VEVENT")
                  if "RECURRENCE-ID" not in event]
        # Floating times and days are taken as UTC on both sides.
        moment = instance if isinstance(instance, datetime) else datetime.combine(instance, time())
        start = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        expansion = expand(series, Interval(start, start + timedelta(seconds=1)), UTC)
        return any(one.start == start for one in expansion.instances)


def read(text: str) -> ObjectView:
    """What scheduling sees of the calendar object in ``text``. Raises ``InvalidCalendar``."""
    return SchedulingText.parse(text).view


def method(text: str) -> str:
    """The METHOD of an iTIP message, upper case; empty for a stored object. Raises ``InvalidCalendar``."""
    return str(read_calendar(text).get("METHOD", "")).strip().upper()


def stamp(now: datetime) -> str:
    """Aware ``now`` as DTSTAMP writes it."""
    return now.astimezone(UTC).strftime(_STAMP)


def _view(event: Any) -> EventView:
    component = read_component(event)
    recurrence_id = event.get("RECURRENCE-ID")
    organizer = event.get("ORGANIZER")
    try:
        return EventView(
            instance=None if recurrence_id is None else _when(recurrence_id.dt), start=_when(event["DTSTART"].dt),
            length=component.duration, sequence=int(event.get("SEQUENCE", 0)), dtstamp=_dtstamp(event),
            status=component.status, organizer=None if organizer is None else _attendee(_first(organizer)),
            attendees=tuple(_attendee(one) for one in _many(event, "ATTENDEE")),
            exdates=frozenset(_when(entry.dt) for value in _many(event, "EXDATE") for entry in value.dts),
            properties=_properties(event, component.duration), this_and_future=component.this_and_future,
            zone=_zone_name(event["DTSTART"].dt))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise InvalidCalendar("VEVENT", str(event.get("UID", "")), f"cannot be read: {error}",
                              "correct the event") from None


def _properties(event: Any, length: timedelta) -> dict[str, str]:
    start = event["DTSTART"].dt
    recurs = "RRULE" in event or "RDATE" in event
    zone = _zone(start) if recurs else None
    found = {"DTSTART": f"{_when(start).isoformat()} {zone or ''}".strip(), "DTEND": str(length)}
    if "RRULE" in event:
        found["RRULE"] = "\n".join(sorted(_rule(rule.to_ical().decode()) for rule in _many(event, "RRULE")))
    if "RDATE" in event:
        dates = [entry.dt for value in _many(event, "RDATE") for entry in value.dts]
        found["RDATE"] = " ".join(sorted(_date_text(value) for value in dates))
    for name in event:
        if name not in _ELSEWHERE and not is_own(name):
            found[name] = "\n".join(sorted(_written(value) for value in _many(event, name)))
    return {name: value for name, value in found.items() if value}


def _rule(text: str) -> str:
    return ";".join(sorted(part for part in text.upper().split(";") if part and part != "INTERVAL=1"))


def _date_text(value: Any) -> str:
    return "/".join(str(part) for part in value) if isinstance(value, tuple) else _when(value).isoformat()


def _written(value: Any) -> str:
    text = value.to_ical()
    return text.decode() if isinstance(text, bytes) else str(text)


def _attendee(value: Any) -> Attendee:
    parameters = {str(key).upper(): text for key, text in value.params.items()}

    def one(name: str, default: str = "") -> str:
        return str(_first(parameters.get(name, default))) or default

    def several(name: str) -> tuple[str, ...]:
        text = parameters.get(name, [])
        return tuple(normalised(str(part)) for part in (text if isinstance(text, list | tuple) else [text]))

    agent = one("SCHEDULE-AGENT", "SERVER").upper()
    replied = one(REPLIED)
    return Attendee(
        address=normalised(str(value)), name=one("CN"), partstat=one("PARTSTAT", "NEEDS-ACTION").upper(),
        role=one("ROLE", "REQ-PARTICIPANT").upper(), cutype=one("CUTYPE", "INDIVIDUAL").upper(),
        rsvp=one("RSVP").upper() == "TRUE",
        # RFC 6638 §7.1: what is not known is as NONE.
        schedule_agent=agent if agent in ("SERVER", "CLIENT") else "NONE", schedule_status=one("SCHEDULE-STATUS"),
        schedule_force_send=one("SCHEDULE-FORCE-SEND").upper(), delegated_to=several("DELEGATED-TO"),
        delegated_from=several("DELEGATED-FROM"),
        replied=datetime.strptime(replied, _STAMP).replace(tzinfo=UTC) if replied else None)


def _dtstamp(event: Any) -> datetime | None:
    value = _first(event.get("DTSTAMP"))
    moment = getattr(value, "dt", None)
    if not isinstance(moment, datetime):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _when(value: date | datetime) -> When:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


def _zone(value: date | datetime) -> tzinfo | None:
    return value.tzinfo if isinstance(value, datetime) else None


def _zone_name(value: date | datetime) -> str:
    zone = _zone(value)
    return zone.key if isinstance(zone, ZoneInfo) and zone.key != "UTC" else ""


def plain(value: str) -> str:
    """The words in ``value``, a text as it is written in calendar objects (RFC 5545 §3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def _many(event: Any, name: str) -> Iterator[Any]:
    value = event.get(name, [])
    return iter(value if isinstance(value, list) else [value])
