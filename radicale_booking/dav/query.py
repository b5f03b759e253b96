"""Whether a REPORT asks in a way that can be answered (RFC 4791 §7.8, §9.7)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from radicale_booking.dav import card_query, text_match
from radicale_booking.dav.properties import clark
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.content_lines import parse

_QUERY, _FREE_BUSY = clark("C:calendar-query"), clark("C:free-busy-query")
_ABSENT, _RANGE, _TEXT = clark("C:is-not-defined"), clark("C:time-range"), clark("C:text-match")
_COMPONENT, _PROPERTY, _PARAMETER = (clark(f"C:{name}-filter") for name in ("comp", "prop", "param"))
#: What may be inside of what.
_INSIDE = {_COMPONENT: {_ABSENT, _RANGE, _PROPERTY, _COMPONENT}, _PROPERTY: {_ABSENT, _RANGE, _TEXT, _PARAMETER},
           _PARAMETER: {_ABSENT, _TEXT}, _RANGE: set(), _TEXT: set(), _ABSENT: set()}
_INSTANT = re.compile(r"\d{8}T\d{6}Z")


def check(body: ET.Element) -> None:
    """Raises ``SchedulingRefused`` with the precondition that a query fails."""
    if body.tag == _FREE_BUSY:
        ranges = body.findall(_RANGE)
        if len(ranges) != 1:
            raise SchedulingRefused("valid-filter", "a free-busy query has one time-range")
        _check_range(ranges[0])
    if body.tag == card_query.REPORT:
        card_query.check(body)
    if body.tag != _QUERY:
        return
    filters = body.findall(clark("C:filter"))
    tops = list(filters[0]) if len(filters) == 1 else []
    if len(tops) != 1 or tops[0].tag != _COMPONENT or tops[0].get("name", "").upper() != "VCALENDAR":
        raise SchedulingRefused("valid-filter", "a query has one filter, and that one comp-filter named VCALENDAR")
    _check_filter(tops[0])
    for zone in body.findall(clark("C:timezone")):
        check_zone(zone.text or "")


def check_zone(text: str) -> None:
    """Raises ``SchedulingRefused`` unless ``text`` is a calendar object with one VTIMEZONE (RFC 4791 §5.2.2)."""
    try:
        calendar = parse(text.strip())
    except InvalidCalendar:
        calendar = None
    if calendar is None or calendar.name != "VCALENDAR" or len(calendar.blocks("VTIMEZONE")) != 1:
        raise SchedulingRefused("valid-calendar-data", "a time zone is a VCALENDAR with one VTIMEZONE")


def _check_filter(element: ET.Element) -> None:
    unknown = [child.tag for child in element if child.tag not in _INSIDE]
    if unknown:
        raise SchedulingRefused("supported-filter", f"{unknown[0]} is not known")
    misplaced = [child.tag for child in element if child.tag not in _INSIDE[element.tag]]
    if misplaced or (element.find(_ABSENT) is not None and len(element) > 1):
        raise SchedulingRefused("valid-filter", "the parts of the filter do not go together")
    if element.tag in (_COMPONENT, _PROPERTY, _PARAMETER) and not element.get("name"):
        raise SchedulingRefused("valid-filter", "a filter has a name")
    if element.tag == _RANGE:
        _check_range(element)
    if element.tag == _TEXT and element.get("collation", "default") not in text_match.COLLATIONS:
        raise SchedulingRefused("supported-collation", f"collations are {', '.join(sorted(text_match.COLLATIONS))}")
    for child in element:
        _check_filter(child)


def _check_range(element: ET.Element) -> None:
    start, end = element.get("start"), element.get("end")
    given = [one for one in (start, end) if one is not None]
    if not given or not all(_INSTANT.fullmatch(one) for one in given) or (start and end and start >= end):
        raise SchedulingRefused("valid-filter", "a time-range has a start or an end, like 20300107T080000Z")
