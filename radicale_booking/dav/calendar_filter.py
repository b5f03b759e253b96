"""Whether a calendar object is what the C:filter of a query asks for (RFC 4791 §9.7).

All that one filter says of a component, property or parameter must be true of the same one.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from radicale_booking.dav import text_match
from radicale_booking.dav.properties import clark
from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.content_lines import Block, Line, parse
from radicale_booking.ical.time_range import EARLIEST, LATEST, ObjectTimes

_ABSENT, _RANGE, _TEXT = clark("C:is-not-defined"), clark("C:time-range"), clark("C:text-match")
_COMPONENT, _PROPERTY, _PARAMETER = (clark(f"C:{name}-filter") for name in ("comp", "prop", "param"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
#: RFC 6868 §3.
_CIRCUMFLEX = {"^n": "\n", "^'": '"', "^^": "^"}
_CIRCUMFLEXED = re.compile(r"\^[n'^]")
_FORMAT = "%Y%m%dT%H%M%SZ"

_Place = tuple[int, ...]
_Part = TypeVar("_Part")


def matches(wanted: ET.Element, text: str, floating_zone: tzinfo) -> bool:
    """Whether the calendar object ``text`` is what ``wanted``, a checked C:filter, asks for.

    What cannot be read matches: a program that is shown it can mend it.
    """
    try:
        calendar = parse(text)
    except InvalidCalendar:
        return True
    return _Object(calendar, ObjectTimes(text, floating_zone)).holds(wanted)


def interval(element: ET.Element) -> Interval:
    """The time that a C:time-range asks for."""
    start, end = (element.get(name) for name in ("start", "end"))
    return Interval(datetime.strptime(start, _FORMAT).replace(tzinfo=UTC) if start else EARLIEST,
                    datetime.strptime(end, _FORMAT).replace(tzinfo=UTC) if end else LATEST)


class _Object:
    """One calendar object; its parts have places in it: a component that of ``ObjectTimes``, what is in it one more."""

    def __init__(self, calendar: Block, times: ObjectTimes) -> None:
        self._calendar, self._times = calendar, times

    def holds(self, wanted: ET.Element) -> bool:
        return all(_exists(one, [((), self._calendar)], self._component) for one in wanted)

    def _component(self, place: _Place, block: Block, part: ET.Element) -> bool:
        name = part.get("name", "").upper()
        if part.tag == _RANGE:
            return self._overlaps(place, block, interval(part))
        if part.tag == _COMPONENT:
            return _exists(part, [one for one in _blocks(place, block) if one[1].name == name], self._component)
        lines = [((*place, number), line) for number, line in enumerate(block.lines(name))]
        return _exists(part, lines, self._property)

    def _overlaps(self, place: _Place, block: Block, frame: Interval) -> bool:
        if block.name == "VTIMEZONE":
            return False
        if not place:
            return any(self._overlaps(inner, child, frame) for inner, child in _blocks(place, block))
        return self._times.overlaps(place[0], frame) if len(place) == 1 else \
            self._times.alarm_overlaps(place[0], place[1], frame)

    def _property(self, place: _Place, line: Line, part: ET.Element) -> bool:
        if part.tag == _TEXT:
            return text_match.matches(part, _ESCAPED.sub(_unescaped, line.value))
        if part.tag == _RANGE:
            return len(place) == 2 and self._times.property_overlaps(place[0], line.name, place[1], interval(part))
        name = part.get("name", "").upper()
        return _exists(part, [(place, text) for key, text in line.parameters if key.upper() == name], _parameter)


def _blocks(place: _Place, block: Block) -> Iterator[tuple[_Place, Block]]:
    number = 0
    for item in block.items:
        if isinstance(item, Block):
            yield (*place, number), item
            number += item.name != "VTIMEZONE"


def _parameter(_: _Place, text: str, part: ET.Element) -> bool:
    value = _CIRCUMFLEXED.sub(lambda found: _CIRCUMFLEX[found[0]], text)
    return text_match.matches(part, value.removeprefix('"').removesuffix('"'))


def _unescaped(escaped: re.Match[str]) -> str:
    return "\n" if escaped[1] in "nN" else escaped[1]


def _exists(wanted: ET.Element, called: Sequence[tuple[_Place, _Part]],
            holds: Callable[[_Place, _Part, ET.Element], bool]) -> bool:
    """Whether one of those ``called`` as ``wanted`` has all that is asked of it; or there is none, if that is asked."""
    if wanted.find(_ABSENT) is not None:
        return not called
    return any(all(holds(place, one, part) for part in wanted) for place, one in called)
