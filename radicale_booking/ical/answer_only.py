"""Whether an attendee's change of an event is an answer and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from radicale_booking.domain.itip import normalised
from radicale_booking.ical.content_lines import Block, Line, parse

#: What every program changes whenever it writes.
_STAMPS = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "PRODID"})
#: What an answer changes in the line of who gives it.
_ANSWER = ("PARTSTAT", "RSVP")


def only_answered(old: str, new: str, address: str) -> bool:
    """Whether ``new`` differs from ``old`` in no more than the PARTSTAT of ``address``, in whatever order it stands.

    Raises ``InvalidCalendar``.
    """
    return Counter(_compared(parse(old), address)) == Counter(_compared(parse(new), address))


def _compared(block: Block, address: str, path: str = "") -> Iterator[tuple[object, ...]]:
    """A value for each line, with the components that it stands in."""
    inside = f"{path}/{block.name}"
    for item in block.items:
        if isinstance(item, Block):
            # Two alarms are told apart by all that they say.
            yield inside, tuple(sorted(_compared(item, address, inside), key=repr))
        elif item.name not in _STAMPS:
            yield inside, item.name or item.text, item.value, frozenset(_parameters(item, address))


def _parameters(line: Line, address: str) -> Iterator[tuple[str, str]]:
    own = line.name == "ATTENDEE" and normalised(line.value) == address
    return ((key.upper(), text.strip('"')) for key, text in line.parameters
            if not (own and key.upper() in _ANSWER))
