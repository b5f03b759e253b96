"""Expanding an object that has single instances only: all that somebody has who is invited to one meeting of a series.

Radicale's own function answers 400 for the whole calendar when it meets one, and has no plug point.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, time
from typing import Any

from radicale.app import report
from radicale.item import Item

from radicale_booking.domain.itip import EventView, When
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.content_lines import Block, Line
from radicale_booking.ical.scheduling_object import SchedulingText, stamp

_of_series = report._expand


def install() -> None:
    """Let Radicale's reports expand such objects too (RFC 4791 §9.6.5)."""
    report._expand = _expand


def _expand(element: ET.Element, item: Item, start: datetime, end: datetime, *limits: Any,
            **options: Any) -> tuple[ET.Element, int]:
    text = item.serialize()
    if "\nRECURRENCE-ID" in text:
        try:
            alone = SchedulingText.parse(text)
        except InvalidCalendar:
            alone = None
        if alone is not None and alone.view.master is None:
            element.text, count = expanded(alone, start, end)
            return element, count
    answer: tuple[ET.Element, int] = _of_series(element, item, start, end, *limits, **options)
    return answer


def expanded(alone: SchedulingText, start: datetime, end: datetime) -> tuple[str, int]:
    """The instances that overlap ``[start, end)`` (aware), times in UTC, and how many; empty where none does."""
    shown = 0
    for view in alone.view.components:
        if not (_moment(view.start) < end and (_moment(view.end) > start or _moment(view.start) >= start)):
            alone.remove(view.instance)
            continue
        shown += 1
        _in_utc(alone.events[view.instance], view)
    alone.calendar.drop(lambda part: isinstance(part, Block) and part.name == "VTIMEZONE")
    return (alone.text(), shown) if shown else ("", 0)


def _in_utc(event: Block, view: EventView) -> None:
    event.put(_time("DTSTART", view.start))
    if event.line("DTEND") is not None:
        event.put(_time("DTEND", view.end))
    if view.instance is not None:
        event.put(_time("RECURRENCE-ID", view.instance))


def _time(name: str, value: When) -> Line:
    if not isinstance(value, datetime):
        return Line.make(name, value.strftime("%Y%m%d"), [("VALUE", "DATE")])
    return Line.make(name, stamp(value) if value.tzinfo else value.strftime("%Y%m%dT%H%M%S"))


def _moment(value: When) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
