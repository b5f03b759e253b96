"""Whether the rules of an object can be followed in bounded time.

Radicale counts the occurrences of what it stores by a library that looks for the next one up to the year 9999, or for
ever where a rule of seconds has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from radicale_booking.domain.rule import Rule
from radicale_booking.domain.rule import parse as parse_rule
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.content_lines import Block, Line, parse

_SELECTS = re.compile(r";BY", re.IGNORECASE)
_FREQUENCY = re.compile(r"FREQ=([A-Z]+)", re.IGNORECASE)
_OFTEN = frozenset({"SECONDLY", "MINUTELY"})
_MOST = 20_000
_OF_ZONES = frozenset({"YEARLY", "MONTHLY"})
_START = re.compile(r"(\d{8})(?:T(\d{6}))?Z?")
_SOME_DAY = datetime(2020, 1, 1)  # noqa: DTZ001 - wall
#: So many occurrences of a rule are looked at to find one that its EXRULE leaves.
_LOOKED_AT = 5_000
_REMEDY = "give it a longer interval, or other days and times"


def check(text: str) -> None:
    """Raises ``InvalidCalendar`` for an object with a rule whose occurrences cannot be found in bounded time."""
    if "RULE" in text.upper():
        for block in _blocks(parse(text)):
            _check(block)


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for item in block.items:
        if isinstance(item, Block):
            yield from _blocks(item)


def _check(block: Block) -> None:
    for line in block.lines():
        name = line.name or line.text.partition(":")[0].upper()
        if "RULE" in name and (not line.name or line.get("ENCODING")):
            raise InvalidCalendar("RRULE", line.text[:200], "cannot be read", "correct the rule")
    rules = list(block.lines("RRULE"))
    if block.name in ("STANDARD", "DAYLIGHT"):
        for line in rules:
            if _frequency(line) not in _OF_ZONES:
                raise InvalidCalendar("RRULE", line.value[:200], "is none of a time zone", "choose a zone by its name")
        return
    start = _start(block)
    read = [rule for line in rules if (rule := _read(line, start)) is not None]
    if len(read) > 1 and len({rule.finite for rule in read}) > 1:
        raise InvalidCalendar("RRULE", "", "stands beside one without an end", "give the event one rule")
    excluded = [rule for line in block.lines("EXRULE") if (rule := _read(line, start)) is not None]
    if read and excluded and not _leaves(read, excluded, start):
        raise InvalidCalendar("EXRULE", "", "leaves no occurrence", "leave it out, or delete the event")


def _frequency(line: Line) -> str:
    found = _FREQUENCY.search(line.value)
    return found[1].upper() if found is not None else ""


def _read(line: Line, start: datetime) -> Rule | None:
    """The rule, None for one of minutes or seconds that takes all of them, or that nobody can read."""
    if _frequency(line) in _OFTEN:
        if _SELECTS.search(line.value):
            raise InvalidCalendar(line.name, line.value[:200], "recurs too often to be expanded", _REMEDY)
        return None
    try:
        rule = parse_rule(line.value, None)
    except InvalidCalendar:
        if _SELECTS.search(line.value):
            raise
        return None
    # What has no end goes on wherever it has one occurrence.
    for _ in islice(rule.starts(start), _MOST if rule.finite else 1):
        pass
    return rule


def _leaves(rules: list[Rule], excluded: list[Rule], start: datetime) -> bool:
    gone = {moment for rule in excluded for moment in islice(rule.starts(start), _LOOKED_AT)}
    return any(moment not in gone for rule in rules for moment in islice(rule.starts(start), _LOOKED_AT))


def _start(block: Block) -> datetime:
    line = block.line("DTSTART")
    found = _START.fullmatch(line.value.strip()) if line is not None else None
    try:
        return datetime.strptime(found[1] + (found[2] or "000000"), "%Y%m%d%H%M%S") if found else _SOME_DAY  # noqa: DTZ007 - wall
    except ValueError:
        return _SOME_DAY
