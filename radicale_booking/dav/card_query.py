"""The cards of an address book that an addressbook-query asks for (RFC 6352 §8.6, §10.5)."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import TYPE_CHECKING

from radicale_booking.dav import text_match
from radicale_booking.dav.collection import Collection
from radicale_booking.dav.properties import clark
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.card_lines import CardLine, read
from radicale_booking.store.unit_of_work import Row

if TYPE_CHECKING:
    from radicale_booking.dav.listing import Request

REPORT = clark("CR:addressbook-query")
_FILTER, _PROPERTY, _PARAMETER = clark("CR:filter"), clark("CR:prop-filter"), clark("CR:param-filter")
_ABSENT, _TEXT = clark("CR:is-not-defined"), clark("CR:text-match")
_MOST = "/".join(map(clark, ("CR:limit", "CR:nresults")))
#: What may be inside of what.
_INSIDE = {_FILTER: {_PROPERTY}, _PROPERTY: {_ABSENT, _TEXT, _PARAMETER}, _PARAMETER: {_ABSENT, _TEXT},
           _ABSENT: set(), _TEXT: set()}
_COLLATION = "i;unicode-casemap"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def check(body: ET.Element) -> None:
    """Raises ``SchedulingRefused`` with the precondition that the query ``body`` fails."""
    filters = body.findall(_FILTER)
    if len(filters) > 1:
        raise SchedulingRefused("CR:supported-filter", "a query has one filter")
    for wanted in filters:
        _check(wanted)


def _check(element: ET.Element) -> None:
    if any(child.tag not in _INSIDE[element.tag] for child in element):
        raise SchedulingRefused("CR:supported-filter", "the parts of the filter are not known or do not go together")
    if element.find(_ABSENT) is not None and len(element) > 1:
        raise SchedulingRefused("CR:supported-filter", "what is not there has no parts")
    if element.tag in (_PROPERTY, _PARAMETER) and not element.get("name"):
        raise SchedulingRefused("CR:supported-filter", "a filter has a name")
    if element.tag == _PARAMETER and len(element) > 1:
        raise SchedulingRefused("CR:supported-filter", "a parameter is compared with one text")
    if element.get("test", "anyof") not in ("anyof", "allof"):
        raise SchedulingRefused("CR:supported-filter", "test is anyof or allof")
    if element.tag == _TEXT and element.get("collation", _COLLATION) not in text_match.COLLATIONS:
        raise SchedulingRefused("CR:supported-collation", f"collations are {', '.join(sorted(text_match.COLLATIONS))}")
    if element.get("match-type", "contains") not in text_match.KINDS:
        raise SchedulingRefused("CR:supported-filter", f"match-type is one of {', '.join(sorted(text_match.KINDS))}")
    for child in element:
        _check(child)


def members(request: Request, collection: Collection, body: ET.Element, name: str) -> tuple[list[Row], bool]:
    """The cards that the checked ``body`` asks for, of all or of the one called ``name``, and whether there are more
    than it wants."""
    wanted = body.find(_FILTER)
    given = (body.findtext(_MOST) or "").strip()
    most = int(given) if given.isascii() and given.isdigit() else None
    found: list[Row] = []
    for row in request.rows("some", collection, hrefs=json.dumps([name])) if name else request.rows(
            "members_with_text", collection):
        if wanted is None or matches(wanted, row["text"]):
            if len(found) == most:
                return found, True
            found.append(row)
    return found, False


def matches(wanted: ET.Element, text: str) -> bool:
    """Whether the card ``text`` is what ``wanted``, a checked CR:filter, asks for.

    An empty filter asks for all. What cannot be read matches: a program that is shown it can mend it.
    """
    try:
        lines = list(read(text))
    except InvalidCalendar:
        return True
    return not len(wanted) or _tested(wanted, (_property(part, lines) for part in wanted))


def _tested(element: ET.Element, results: Iterable[bool]) -> bool:
    return all(results) if element.get("test") == "allof" else any(results)


def _property(wanted: ET.Element, lines: list[CardLine]) -> bool:
    called = [line for line in lines if line.is_called(wanted.get("name", ""))]
    if wanted.find(_ABSENT) is not None:
        return not called
    return any(not len(wanted) or _tested(wanted, (_part(part, line) for part in wanted)) for line in called)


def _part(part: ET.Element, line: CardLine) -> bool:
    if part.tag == _TEXT:
        return text_match.matches(part, _ESCAPED.sub(_unescaped, line.line.value), collation=_COLLATION)
    name = part.get("name", "")
    if part.find(_ABSENT) is not None:
        return not line.has(name)
    compared = part.find(_TEXT)
    if compared is None:
        return line.has(name)
    return any(text_match.matches(compared, value, collation=_COLLATION) for value in line.values(name))


def _unescaped(escaped: re.Match[str]) -> str:
    return "\n" if escaped[1] in "nN" else escaped[1]
