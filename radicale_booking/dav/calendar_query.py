"""The members of a calendar that a calendar-query asks for (RFC 4791 §7.8)."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale.item import filter as radicale_filter

from radicale_booking.dav import calendar_filter
from radicale_booking.dav.collection import Collection
from radicale_booking.dav.properties import clark
from radicale_booking.errors import SchedulingRefused
from radicale_booking.ical import zone_names
from radicale_booking.store.unit_of_work import Row

if TYPE_CHECKING:
    from radicale_booking.dav.listing import Request

_FILTER, _ZONE, _ZONE_NAME = clark("C:filter"), clark("C:timezone"), clark("C:timezone-id")
#: No zone is further from another than a day and some hours.
APART_SECONDS = 27 * 3600


def floating_zone(collection: Collection, body: ET.Element) -> tzinfo:
    """The zone of times without one: that of the request, the calendar, or its owner (RFC 4791 §9.8, RFC 7809 §4).

    Raises ``SchedulingRefused`` for a name that no zone has.
    """
    return named_zone(collection, body) or own_zone(collection)


def named_zone(collection: Collection, body: ET.Element) -> tzinfo | None:
    """That of the request or the calendar, None where they name none.

    Raises ``SchedulingRefused`` for a name that no zone has.
    """
    name = (body.findtext(_ZONE_NAME) or "").strip()
    if name:
        known = zone_names.iana(name)
        if known is None:
            raise SchedulingRefused("valid-timezone", f"no time zone is called {name}")
        return ZoneInfo(known)
    texts = (body.findtext(_ZONE), collection.row.props.get("C:calendar-timezone"))
    for text in texts:
        with contextlib.suppress(ValueError):
            if text and text.strip():
                return zone_names.defined(text)
    return None


def own_zone(collection: Collection) -> tzinfo:
    """That by which occurrences are kept."""
    owner = collection.principal
    return ZoneInfo(owner.timezone) if owner is not None else UTC


def members(request: Request, collection: Collection, body: ET.Element) -> Iterable[Row]:
    """Those that the one C:filter of ``body`` asks for; rows decide where they can, else the text of each."""
    wanted = body.find(_FILTER)
    assert wanted is not None  # noqa: S101 - it was checked
    component, start, end, simple = radicale_filter.simplify_prefilters([wanted], "VCALENDAR")
    bounded = start > radicale_filter.TIMESTAMP_MIN or end < radicale_filter.TIMESTAMP_MAX
    named = named_zone(collection, body)
    if bounded and component == "VEVENT":
        elsewhere = 0 if named is None or named == own_zone(collection) else APART_SECONDS
        found = _in_range(request, collection, start - elsewhere, end + elsewhere)
        decided = simple and not elsewhere
    else:
        found = [(row, True) for row in _of_component(request, collection, component)]
        decided = simple and not bounded
    if decided and all(matched for _, matched in found):
        return [row for row, _ in found]
    zone = named or own_zone(collection)
    return [row for row, matched in found
            if (decided and matched) or calendar_filter.matches(wanted, row["text"], zone)]


def matching(collection: Collection, body: ET.Element, rows: Iterable[Row]) -> list[Row]:
    """Those of ``rows`` that the C:filter of ``body`` asks for."""
    wanted = body.find(_FILTER)
    assert wanted is not None  # noqa: S101 - it was checked
    zone = floating_zone(collection, body)
    return [row for row in rows if calendar_filter.matches(wanted, row["text"], zone)]


def _of_component(request: Request, collection: Collection, component: str | None) -> Sequence[Row]:
    if component is None:
        return request.rows("members_with_text", collection)
    return request.rows("of_component", collection, component=component)


def _in_range(request: Request, collection: Collection, start: int, end: int) -> list[tuple[Row, bool]]:
    """The events that may have occurrences from ``start`` to ``end``, once each, and whether they have for certain."""
    found: dict[str, tuple[Row, bool]] = {}
    for row in request.storage.unit_of_work.query("item", "in_range", collection_id=collection.row.id,
                                                  component="VEVENT", range_start=start, range_end=end):
        if row["matched"] or row["href"] not in found:
            found[row["href"]] = row, bool(row["matched"])
    return list(found.values())
