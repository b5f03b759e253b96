"""Calendar user addresses in the text of an object."""

from __future__ import annotations

from collections.abc import Callable

from radicale_booking.ical.content_lines import Block, Line, parse

_PEOPLE = ("ATTENDEE", "ORGANIZER")


def with_addresses(text: str, known: Callable[[str], str | None]) -> str:
    """``text`` with the addresses of people as ``known`` has them; None leaves one as it is.

    Programs write the path of a principal too where others write an e-mail address (RFC 6638 §2.4.1).
    Raises ``InvalidCalendar`` where BEGIN and END do not match.
    """
    calendar = parse(text)
    changed = False

    def renamed(line: Line) -> Line:
        nonlocal changed
        address = known(line.value.strip())
        if address is None or address == line.value:
            return line
        changed = True
        return Line.make(line.name, address, line.parameters)

    for item in calendar.items:
        if isinstance(item, Block):
            for name in _PEOPLE:
                item.change(name, renamed)
    return calendar.text() if changed else text
