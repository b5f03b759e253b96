"""An attendee's copy of an event: what the organizer's messages make of it, and what stays the attendee's."""

from __future__ import annotations

from radicale_booking.domain.itip import EventView, InstanceId, When, is_own, normalised
from radicale_booking.domain.itip_organizer import moved
from radicale_booking.ical.content_lines import Block, Line
from radicale_booking.ical.itip_message import public
from radicale_booking.ical.scheduling_object import SchedulingText, stamp


def apply_request(copy: str | None, message: str, instances: tuple[InstanceId, ...], address: str) -> str:
    """The copy of ``address`` after a REQUEST or ADD, ``instances`` as ``itip_inbound.received`` decided.

    Alarms, TRANSP, categories, X- properties and the like stay as the attendee has them; so does his PARTSTAT where
    the time did not change. The message is public: parameters of scheduling in it are not taken.
    """
    news = SchedulingText.parse(message)
    for event in news.events.values():
        event.change("ATTENDEE", public)
        event.change("ORGANIZER", public)
    if copy is None:
        news.calendar.drop(lambda item: isinstance(item, Line) and item.name == "METHOD")
        return news.text()
    target = SchedulingText.parse(copy)
    merged = {instance: _merged(target, news, instance, address) for instance in instances}
    if None in merged:
        for instance in list(target.events):
            if instance not in merged:
                target.remove(instance)
    _place(target, merged)
    _add_zones(target, news)
    return target.text()


def apply_cancel(copy: str, message: str, instances: tuple[InstanceId, ...]) -> str:
    """The copy after a CANCEL of ``instances``: all of it, or single ones left out of the series.

    An instance that is all the attendee has, or from which on the series ends, stays as STATUS:CANCELLED.
    """
    target, news = SchedulingText.parse(copy), SchedulingText.parse(message)
    for instance in instances:
        view = news.view.get(instance)
        if view is None:
            continue
        if instance is None:
            for event in target.events.values():
                _cancel(event, view)
        elif view.this_and_future and target.view.master is not None:
            event = target.override(instance)
            event.change("RECURRENCE-ID", lambda line: line.having("RANGE", "THISANDFUTURE"))
            _cancel(event, view)
        elif target.view.master is not None:
            _leave_out(target, instance, view)
        else:
            _cancel(target.events[instance], view)
    return target.text()


def _cancel(event: Block, view: EventView) -> None:
    event.put(Line.make("STATUS", "CANCELLED"))
    _stamp(event, view)


def _leave_out(target: SchedulingText, instance: When, view: EventView) -> None:
    if instance in target.events:
        target.remove(instance)
    series = target.events[None]
    series.add(target.time("EXDATE", instance))
    present = target.view.master
    # The instance leaves no trace but in the series: its stamp tells a late invitation to it from a new one.
    if present is not None and view.version > present.version:
        _stamp(series, view)


def _stamp(event: Block, view: EventView) -> None:
    event.put(Line.make("SEQUENCE", str(view.sequence)))
    if view.dtstamp is not None:
        event.put(Line.make("DTSTAMP", stamp(view.dtstamp)))


def _merged(target: SchedulingText, news: SchedulingText, instance: InstanceId, address: str) -> Block:
    """The message's component with what the attendee has of his own in it."""
    event = news.events[instance].copy()
    before = target.view.get(instance) or target.view.master
    now = news.view.get(instance)
    if before is None or now is None:
        return event
    mine = target.events[before.instance]
    own = {line.name for line in mine.lines() if is_own(line.name) or line.name == "CREATED"}
    event.drop(lambda item: isinstance(item, Line) and item.name in own)
    for line in mine.lines():
        if line.name in own:
            event.add(line)
    event.drop(lambda item: isinstance(item, Block) and item.name == "VALARM")
    event.items += mine.blocks("VALARM")
    answered = before.attendee(address) if before.instance == instance else None
    if answered is not None and not moved(before, now):
        event.change("ATTENDEE", lambda line: line.having("PARTSTAT", answered.partstat)
                     if normalised(line.value) == address else line)
    organizer = mine.line("ORGANIZER")
    if organizer is not None:
        event.change("ORGANIZER", lambda line: _with_agent(line, organizer))
    return event


def _with_agent(line: Line, before: Line) -> Line:
    for parameter in ("SCHEDULE-AGENT", "SCHEDULE-STATUS"):
        line = line.having(parameter, before.get(parameter) or None)
    return line


def _place(target: SchedulingText, merged: dict[InstanceId, Block]) -> None:
    for instance, event in merged.items():
        if instance in target.events:
            old = target.events[instance]
            target.calendar.items = [event if item is old else item for item in target.calendar.items]
        else:
            target.calendar.items.append(event)
        target.events[instance] = event


def _add_zones(target: SchedulingText, news: SchedulingText) -> None:
    known = {line.value for zone in target.calendar.blocks("VTIMEZONE") for line in zone.lines("TZID")}
    added = [zone for zone in news.calendar.blocks("VTIMEZONE")
             if not any(line.value in known for line in zone.lines("TZID"))]
    first = next(number for number, item in enumerate(target.calendar.items) if isinstance(item, Block))
    target.calendar.items[first:first] = added
