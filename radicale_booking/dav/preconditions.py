"""What a PUT must fulfil, by the names that RFC 4791 §5.3.2.1 and RFC 6352 §6.3.2.1 give it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from radicale.item import Item, check_and_sanitize_items
from radicale.item import read_components as radicale_components
from vobject.base import VObjectError

from radicale_booking.domain.itip import MOST_ATTENDEES
from radicale_booking.errors import InvalidCalendar, SchedulingRefused
from radicale_booking.ical.reader import read_components

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow

_INSTANCES = re.compile(r"^RECURRENCE-ID[;:].*$", re.MULTILINE)
COMPONENTS = "C:supported-calendar-component-set"


def of_member(collection: CollectionRow, item: Item, present: str) -> None:
    """Raises ``SchedulingRefused`` for a message, an instance that is there twice, too many attendees, or a component
    that the calendar is not made for.

    ``present``: the text that it replaces, or empty. Who was invited with more people than there may be can answer.
    """
    if collection.tag != "VCALENDAR":
        return
    text = item.serialize()
    if "\nMETHOD" in text:
        raise SchedulingRefused("valid-calendar-object-resource", "a stored object has no METHOD")
    instances = _INSTANCES.findall(text)
    if len(set(instances)) < len(instances) or text.count("\nBEGIN:VEVENT") > len(instances) + 1:
        raise SchedulingRefused("valid-calendar-object-resource", "an object describes each of its instances once")
    kinds = collection.props.get(COMPONENTS)
    if kinds and item.component_name not in kinds.split(","):
        raise SchedulingRefused("supported-calendar-component", f"the calendar takes {kinds}")
    if _most_attendees(text) > max(MOST_ATTENDEES, _most_attendees(present)):
        raise SchedulingRefused("max-attendees-per-instance", f"an event has {MOST_ATTENDEES} attendees at most")


def _most_attendees(text: str) -> int:
    """Those of the instance with the most, unless all together are few."""
    if text.count("\nATTENDEE") <= MOST_ATTENDEES:
        return 0
    return max(instance.count("\nATTENDEE") for instance in re.split(r"\nEND:V(?:EVENT|TODO)", text))


def of_size(kind: str, most_octets: int) -> None:
    """Raises ``SchedulingRefused`` for too large a member of a collection of this ``kind``: its tag, or empty."""
    if kind:
        raise SchedulingRefused(f"{_prefix(kind)}:max-resource-size", f"an object has {most_octets} octets at most")


def of_charset(kind: str, problem: str) -> SchedulingRefused:
    """Why a body with a ``problem`` of its charset cannot be a member of a collection of this ``kind``."""
    return SchedulingRefused("CR:valid-address-data" if kind == "VADDRESSBOOK" else "C:valid-calendar-data", problem)


def of_invalid(kind: str, sent: bytes, content_type: str, most_instances: int) -> SchedulingRefused:
    """Why ``sent`` cannot be a member of a collection of this ``kind``, where a rule has ``most_instances``."""
    if kind == "VADDRESSBOOK":
        return SchedulingRefused("CR:valid-address-data", "the card cannot be read")
    text = sent.decode(errors="replace").removeprefix("\ufeff").lstrip()
    if not text[:15].upper().startswith("BEGIN:VCALENDAR") and not content_type.lower().startswith("text/calendar"):
        return SchedulingRefused("supported-calendar-data", "calendars hold text/calendar")
    try:
        read_components(text)
    except InvalidCalendar as error:
        return SchedulingRefused("valid-calendar-data", str(error))
    if _too_long(text, kind, most_instances):
        return SchedulingRefused("max-instances", f"a rule that ends has {most_instances} occurrences at most")
    return SchedulingRefused("valid-calendar-object-resource", "an object is one event, task or journal with one UID")


def _too_long(text: str, kind: str, most_instances: int) -> bool:
    """Whether that is what Radicale refuses ``text`` for; it says so by words only."""
    try:
        check_and_sanitize_items(radicale_components(text), most_instances, tag=kind)
    except (ValueError, RuntimeError, AttributeError, TypeError, VObjectError) as error:
        return str(error).startswith("Too many recurrence rule entries")
    return False


def _prefix(kind: str) -> str:
    return "CR" if kind == "VADDRESSBOOK" else "C"
