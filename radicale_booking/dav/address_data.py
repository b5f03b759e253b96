"""What a CR:address-data asks to be told of cards: all of each, or some properties (RFC 6352 §10.4)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

from radicale.utils import vobject_supports_vcard4

from radicale_booking.dav import template
from radicale_booking.dav.properties import clark
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.card_lines import read
from radicale_booking.ical.content_lines import Block, Line
from radicale_booking.store.unit_of_work import Row

_DATA, _ALL, _PROPERTY = clark("CR:address-data"), clark("CR:allprop"), clark("CR:prop")
#: Those that address books name in CR:supported-address-data.
_VERSIONS = frozenset({"3.0", *(["4.0"] if vobject_supports_vcard4() else [])})


def asked(props: ET.Element) -> list[ET.Element] | None:
    """The CR:props that are to be told of cards; None where all are.

    Raises ``SchedulingRefused`` for a type or version that no card is told in.
    """
    data = props.find(_DATA)
    if data is None:
        return None
    if data.get("content-type", "text/vcard").lower() != "text/vcard" or data.get("version", "3.0") not in _VERSIONS:
        raise SchedulingRefused("CR:supported-address-data",
                                f"cards are text/vcard of version {', '.join(sorted(_VERSIONS))}")
    if {part.tag for part in data} - {_ALL, _PROPERTY} or (data.find(_ALL) is not None and len(data) > 1):
        raise SchedulingRefused("CR:supported-address-data", "the parts of address-data do not go together")
    return data.findall(_PROPERTY) or None


def rows(wanted: list[ET.Element], found: Iterable[Row]) -> Iterator[Row]:
    """``found`` with the properties alone that are ``wanted``."""
    return (template.with_text(row, part_of(row["text"], wanted)) for row in found)


def part_of(text: str, wanted: list[ET.Element]) -> str:
    """The properties that are ``wanted`` of the card ``text``; it as it is where it cannot be read."""
    kept: list[Line | Block] = []
    try:
        for one in read(text):
            named = next((part for part in wanted if one.is_called(part.get("name", ""))), None)
            if named is not None:
                valueless = named.get("novalue") == "yes"
                head = one.text.removesuffix(one.line.value) if valueless else one.text
                kept.append(Line(one.line.name, one.line.parameters, "" if valueless else one.line.value, head))
    except InvalidCalendar:
        return text
    return Block("VCARD", kept).text()
