"""A calendar object or card without a person."""

from __future__ import annotations

import re

from radicale_booking.ical.content_lines import Block, Line, parse

#: Where no line may be missing.
_NOBODY = "mailto:nobody@erased.invalid"


def without_person(text: str, email: str) -> str:
    """``text`` without the lines that name ``email`` (in any case); an organizer is replaced by nobody."""
    address = re.compile(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)
    calendar = parse(text)
    _clear(calendar, address)
    return calendar.text()


def _clear(block: Block, address: re.Pattern[str]) -> None:
    block.drop(lambda part: isinstance(part, Line) and part.name != "ORGANIZER" and bool(address.search(part.text)))
    block.change("ORGANIZER", lambda line: Line.make("ORGANIZER", _NOBODY) if address.search(line.text) else line)
    for part in block.items:
        if isinstance(part, Block):
            _clear(part, address)
