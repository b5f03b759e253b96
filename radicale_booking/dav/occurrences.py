"""Calendar data with C:expand (RFC 4791 §9.6.5), for tasks and for instances without a series too."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from radicale import xmlutils
from radicale.app.report import test_filter

from radicale_booking.dav.collection import Collection
from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.expansion import expanded
from radicale_booking.store.unit_of_work import Row

_DATA, _EXPAND = xmlutils.make_clark("C:calendar-data"), xmlutils.make_clark("C:expand")
_FORMAT = "%Y%m%dT%H%M%SZ"


def frame(props: ET.Element) -> Interval | None:
    """The time in which occurrences are asked for; None where ``props`` ask for anything else of calendar data."""
    nested = [prop for prop in props if len(prop)]
    if len(nested) != 1 or nested[0].tag != _DATA or [part.tag for part in nested[0]] != [_EXPAND]:
        return None
    try:
        return Interval(*(datetime.strptime(nested[0][0].get(end, ""), _FORMAT).replace(tzinfo=UTC)
                          for end in ("start", "end")))
    except ValueError:
        return None


def rows(collection: Collection, found: Iterable[Row], wanted: Interval, most: int) -> Iterator[dict[str, object]]:
    """``found`` with occurrences for texts; what has none in ``wanted`` is left out, what cannot be read stays.

    Raises ``InvalidCalendar`` when there are more than ``most`` occurrences in all.
    """
    owner = collection.principal
    zone: tzinfo = ZoneInfo(owner.timezone) if owner is not None else UTC
    left = most
    for row in found:
        text = _text(row["text"], wanted, zone)
        left -= text.count("\nBEGIN:VEVENT") + text.count("\nBEGIN:VTODO")
        if left < 0:
            raise InvalidCalendar("C:expand", "", "has too many occurrences", "ask for less time")
        if text:
            yield {**dict(row), "text": text}


def matching(collection: Collection, filters: list[ET.Element]) -> Iterator[Row]:
    """The members that ``filters`` match, by their text where rows do not decide."""
    for item, matched in collection.get_filtered(filters):
        if matched or all(test_filter(collection.tag, item, one) for one in filters):
            yield {"href": item.href, "etag": item.etag, "name": item.name, "component": item.component_name,
                   "schedule_tag": getattr(item, "schedule_tag", None), "text": item.serialize()}


def _text(text: str, wanted: Interval, zone: tzinfo) -> str:
    try:
        return expanded(text, wanted, zone)
    except InvalidCalendar:
        return text
