"""What a C:calendar-data asks to be told of calendar objects: occurrences, or a part of each (RFC 4791 §9.6)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from radicale.app import report
from radicale.item import Item

from radicale_booking.dav import calendar_filter, calendar_query, template
from radicale_booking.dav.collection import Collection
from radicale_booking.dav.properties import clark
from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.content_lines import Block, Line, parse
from radicale_booking.ical.expansion import expanded
from radicale_booking.ical.limited_sets import with_free_busy, with_overrides
from radicale_booking.store.unit_of_work import Row

_DATA, _COMPONENT, _PROPERTY = clark("C:calendar-data"), clark("C:comp"), clark("C:prop")
_ALL_COMPONENTS, _ALL_PROPERTIES = clark("C:allcomp"), clark("C:allprop")
_EXPAND, _OVERRIDES, _FREE_BUSY = (clark(f"C:{name}") for name in (
    "expand", "limit-recurrence-set", "limit-freebusy-set"))
_NOTHING = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//radicale-booking//EN\r\nEND:VCALENDAR\r\n"


@dataclass(frozen=True)
class Shape:
    """What of an object is told. ``component`` is the C:comp for the whole object, None where all of it is."""

    expand: Interval | None
    overrides: Interval | None
    free_busy: Interval | None
    component: ET.Element | None

    def of(self, text: str, floating_zone: tzinfo) -> str:
        """What is told of ``text``; empty where no occurrence is. What cannot be read stays as it is."""
        try:
            if self.expand is not None:
                text = expanded(text, self.expand, floating_zone)
            if self.overrides is not None:
                text = with_overrides(text, self.overrides, floating_zone)
            if self.free_busy is not None and "\nFREEBUSY" in text:
                text = with_free_busy(text, self.free_busy)
            return _selected(parse(text), self.component).text() if self.component is not None and text else text
        except InvalidCalendar:
            return text


def asked(props: ET.Element) -> Shape | None:
    """How objects are to be told; None where all of each is.

    Raises ``SchedulingRefused`` for what no object can be told as.
    """
    data = props.find(_DATA)
    if data is None:
        return None
    if data.get("content-type", "text/calendar").lower() != "text/calendar" or data.get("version", "2.0") != "2.0":
        raise SchedulingRefused("supported-calendar-data", "calendar data is text/calendar of version 2.0")
    parts = {part.tag: part for part in data}
    known = (_EXPAND, _OVERRIDES, _FREE_BUSY, _COMPONENT)
    if len(parts) < len(data) or parts.keys() - set(known) or {_EXPAND, _OVERRIDES} <= parts.keys():
        raise SchedulingRefused("supported-calendar-data", "the parts of calendar-data do not go together")
    expand, overrides, free_busy = (_interval(parts.get(name)) for name in known[:3])
    shape = Shape(expand, overrides, free_busy, parts.get(_COMPONENT))
    return shape if parts else None


def rows(shape: Shape, found: Iterable[Row], floating_zone: tzinfo, most: int, *, of_query: bool) -> Iterator[Row]:
    """``found`` with their texts as ``shape`` asks; what has no occurrence in its time is left out ``of_query``, and
    is an empty calendar where it was asked for by name.

    Raises ``InvalidCalendar`` when there are more than ``most`` occurrences in all.
    """
    left = most
    for row in found:
        text = shape.of(row["text"], floating_zone)
        if shape.expand is not None:
            left -= text.count("\nBEGIN:VEVENT") + text.count("\nBEGIN:VTODO") + text.count("\nBEGIN:VJOURNAL")
            if left < 0:
                raise InvalidCalendar("C:expand", "", "has too many occurrences", "ask for less time")
        if text or not of_query:
            yield template.with_text(row, text or _NOTHING)


def install() -> None:
    """Let the reports that Radicale answers expand events as ours do (RFC 4791 §9.6.5).

    Its own function answers 400 for a whole calendar with one instance that has no series, and has no plug point.
    """
    report._expand = _expand


def _expand(element: ET.Element, item: Item, start: datetime, end: datetime, *_: Any,
            **__: Any) -> tuple[ET.Element, int]:
    """``element`` with the occurrences of ``item`` and how many they are."""
    zone = calendar_query.own_zone(item.collection) if isinstance(item.collection, Collection) else UTC
    element.text = Shape(Interval(start, end), None, None, None).of(item.serialize(), zone)
    return element, element.text.count("\nBEGIN:VEVENT")


def _interval(element: ET.Element | None) -> Interval | None:
    if element is None:
        return None
    try:
        if element.get("start") and element.get("end"):
            return calendar_filter.interval(element)
    except ValueError:
        pass
    raise SchedulingRefused("supported-calendar-data", "it is limited from a start to an end, like 20300107T080000Z")


def _selected(block: Block, wanted: ET.Element) -> Block:
    """What ``wanted`` names of ``block``; all of it where nothing is named, as in the example of §7.8.1."""
    if not len(wanted):
        return block
    lines = {part.get("name", "").upper(): part.get("novalue") != "yes" for part in wanted.findall(_PROPERTY)}
    blocks = {part.get("name", "").upper(): part for part in wanted.findall(_COMPONENT)}
    every_line, every_block = wanted.find(_ALL_PROPERTIES) is not None, wanted.find(_ALL_COMPONENTS) is not None
    items: list[Line | Block] = []
    for item in block.items:
        if isinstance(item, Block):
            if item.name in blocks:
                items.append(_selected(item, blocks[item.name]))
            elif every_block:
                items.append(item)
        elif every_line or item.name in lines:
            valued = every_line or lines[item.name]
            items.append(item if valued else Line.make(item.name, "", item.parameters))
    return replace(block, items=items)
