"""A card (RFC 6350 §3.3) as its lines, which may be of a group; else they are written as those of calendars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from radicale_booking.ical.content_lines import Line, parse

_GROUP = re.compile(r"([A-Za-z0-9-]+)\.(.*)", re.DOTALL)
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


@dataclass(frozen=True, slots=True)
class CardLine:
    """``group`` in upper case, empty where there is none; ``text`` as it came, unfolded."""

    group: str
    line: Line
    text: str

    def is_called(self, name: str) -> bool:
        """Whether ``name``, which may have a group before a full stop, means this line (RFC 6352 §10.5.1)."""
        group, _, plain = name.upper().rpartition(".")
        return self.line.name == plain and group in ("", self.group)

    def values(self, parameter: str) -> list[str]:
        """All values of the parameter."""
        return [one.strip('"') for key, text in self.line.parameters if key.upper() == parameter.upper()
                for one in _COMMA.split(text)]

    def has(self, parameter: str) -> bool:
        return any(key.upper() == parameter.upper() for key, _ in self.line.parameters)


def read(text: str) -> Iterator[CardLine]:
    """The lines between BEGIN and END. Raises ``InvalidCalendar`` where these do not match."""
    for line in parse(text).lines():
        grouped = _GROUP.fullmatch(line.text) if not line.name else None
        if grouped is None:
            yield CardLine("", line, line.text)
        else:
            yield CardLine(grouped[1].upper(), Line.parse(grouped[2]), line.text)
