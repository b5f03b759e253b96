"""What a PUT must fulfil, by the names that RFC 4791 §5.3.2.1 and RFC 6352 §6.3.2.1 give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.reader import read_components

if TYPE_CHECKING:
    from radicale import item as radicale_item

    from radicale_booking.store.collections import CollectionRow

COMPONENTS = "C:supported-calendar-component-set"


def of_member(collection: CollectionRow, item: radicale_item.Item) -> None:
    """Raises ``SchedulingRefused`` for a message, or a component that the calendar is not made for."""
    if collection.tag != "VCALENDAR":
        return
    if "\nMETHOD" in item.serialize():
        raise SchedulingRefused("valid-calendar-object-resource", "a stored object has no METHOD")
    kinds = collection.props.get(COMPONENTS)
    if kinds and item.component_name not in kinds.split(","):
        raise SchedulingRefused("supported-calendar-component", f"the calendar takes {kinds}")


def of_size(kind: str, most_octets: int) -> None:
    """Raises ``SchedulingRefused`` for too large a member of a collection of this ``kind``: its tag, or empty."""
    if kind:
        raise SchedulingRefused(f"{_prefix(kind)}:max-resource-size", f"an object has {most_octets} octets at most")


def of_charset(kind: str, problem: str) -> SchedulingRefused:
    """Why a body with a ``problem`` of its charset cannot be a member of a collection of this ``kind``."""
    return SchedulingRefused("CR:valid-address-data" if kind == "VADDRESSBOOK" else "C:valid-calendar-data", problem)


def of_invalid(kind: str, sent: bytes, content_type: str) -> SchedulingRefused:
    """Why ``sent`` cannot be a member of a collection of this ``kind``."""
    if kind == "VADDRESSBOOK":
        return SchedulingRefused("CR:valid-address-data", "the card cannot be read")
    text = sent.decode(errors="replace").removeprefix("\ufeff").lstrip()
    if not text[:15].upper().startswith("BEGIN:VCALENDAR") and not content_type.lower().startswith("text/calendar"):
        return SchedulingRefused("supported-calendar-data", "calendars hold text/calendar")
    try:
        read_components(text)
    except InvalidCalendar as error:
        return SchedulingRefused("valid-calendar-data", str(error))
    return SchedulingRefused("valid-calendar-object-resource", "an object is one event, task or journal with one UID")


def _prefix(kind: str) -> str:
    return "CR" if kind == "VADDRESSBOOK" else "C"
