"""The object that nearly all are: one event, nothing unusual in it; read without a parser.

Parsing takes most of the time of storing an event. Whatever is not as plain as expected here is left to the library,
and a test holds that both read the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from radicale_booking.domain.recurrence import Component
from radicale_booking.domain.rule import parse
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reader import length
from radicale_booking.ical.zone_names import iana

_MOST_LETTERS = 100_000
#: Whoever stores an event asks twice: whether it is plain, and when it takes place.
_MOST_KEPT = 16
_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r'([A-Z][A-Z0-9-]*)((?:;[A-Z][A-Z0-9-]*=(?:"[^"]*"|[^";:,]*))*):(.*)')
#: Left out of the event: alarms, and definitions of zones that are known by their names.
_ALARM = re.compile(r"\nBEGIN:VALARM\n(?:(?!BEGIN:|END:).*\n)*END:VALARM(?=\n)")
_ZONE = re.compile(r"\nBEGIN:VTIMEZONE\nTZID:([A-Za-z0-9_+/-]+)\n(?:(?!END:VTIMEZONE).*\n)*END:VTIMEZONE(?=\n)")
_BEFORE = {"VERSION", "PRODID", "CALSCALE"}
#: Their meaning takes more than one line.
_OTHERS = {"RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "BEGIN", "END"}
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{8}T\d{6}Z?")
_LENGTH = re.compile(r"P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?)?)")
_UTC = ZoneInfo("UTC")
_RULE = re.compile(
    r"FREQ=(?:DAILY|WEEKLY|MONTHLY|YEARLY)(?:;INTERVAL=[1-9]\d{0,3}|;COUNT=[1-9]\d{0,4}|;UNTIL=\d{8}(?:T\d{6}Z)?"
    r"|;WKST=(?:MO|SU)|;BYDAY=(?:-?[1-5])?(?:MO|TU|WE|TH|FR|SA|SU)(?:,(?:MO|TU|WE|TH|FR|SA|SU)){0,6}"
    r"|;BYMONTHDAY=[1-9]\d?|;BYMONTH=[1-9]\d?)*")
_ESCAPED = re.compile(r"\\([nN,;\\])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class PlainEvent:
    """The lines of the event by name, parameters and value as they are written; of attendees and X- lines the first."""

    lines: dict[str, tuple[str, str]]

    def component(self, addresses: Collection[str]) -> Component | None:
        """The event as it concerns the owner of ``addresses``; None where that takes more than a look, or cannot be."""
        try:
            return self._component(addresses)
        except (InvalidCalendar, ValueError, OverflowError):
            return None

    def _component(self, addresses: Collection[str]) -> Component | None:
        start, end = self._moment("DTSTART"), self._moment("DTEND")
        duration = _duration(self.lines.get("DURATION"))
        if start is None or ("DTEND" in self.lines and end is None) or ("DURATION" in self.lines and duration is None):
            return None
        if "ATTENDEE" in self.lines and addresses and self._organizer() not in addresses:
            return None
        if end is not None and (duration is not None or end[2] != start[2] or (end[1] is None) != (start[1] is None)):
            return None
        moment, zone, all_day = start
        rule = self.lines.get("RRULE")
        exact = duration is not None and "D" not in self.lines["DURATION"][1] and "W" not in self.lines["DURATION"][1]
        lasts = length(_value(start), None if end is None else _value(end), duration)
        return Component(
            uid=self.text("UID"), start=moment, zone=zone, duration=lasts,
            days=0 if duration is None or exact else duration.days, all_day=all_day,
            moment=not all_day and end is None and not duration,
            rules=() if rule is None else (parse(rule[1], zone),), status=self.text("STATUS").strip().upper(),
            transparent=self.text("TRANSP").strip().upper() == "TRANSPARENT", summary=self.text("SUMMARY"),
            categories=tuple(self.lines["CATEGORIES"][1].split(",")) if "CATEGORIES" in self.lines else ())

    def text(self, name: str) -> str:
        """The value of a TEXT property (RFC 5545 §3.3.11), empty if there is none."""
        value = self.lines.get(name, ("", ""))[1]
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value) if "\\" in value else value

    def is_instant(self, name: str) -> bool:
        """Whether the property is a time in UTC that can be."""
        try:
            moment = self._moment(name)
        except ValueError:
            return False
        return moment is not None and moment[1] is _UTC

    def _organizer(self) -> str:
        return self.lines.get("ORGANIZER", ("", ""))[1].strip().lower()

    def _moment(self, name: str) -> tuple[datetime, tzinfo | None, bool] | None:
        """The wall time, its zone (None: floating) and whether it is a date."""
        parameters, value = self.lines.get(name, ("", ""))
        if parameters == ";VALUE=DATE":
            return (datetime.strptime(value, "%Y%m%d"), None, True) if _DATE.fullmatch(value) else None  # noqa: DTZ007
        if not _TIME.fullmatch(value):
            return None
        moment = datetime.fromisoformat(value.removesuffix("Z"))
        if not parameters:
            return moment, _UTC if value.endswith("Z") else None, False
        key, _, named = parameters.partition("=")
        zone = iana(named.strip('"')) if key == ";TZID" and ";" not in named and not value.endswith("Z") else None
        return (moment, ZoneInfo(zone), False) if zone is not None else None


@lru_cache(maxsize=_MOST_KEPT)
def read(text: str) -> PlainEvent | None:
    """The only event in ``text``, or None where anything is out of the ordinary."""
    if len(text) > _MOST_LETTERS:
        return None
    body = _FOLD.sub("", text).replace("\r\n", "\n")
    if _CONTROLS.search(body):
        return None
    if "VALARM" in body:
        body = _ALARM.sub("", body)
    if "VTIMEZONE" in body:
        body = _ZONE.sub(_known_zone, body)
    rows = body.removesuffix("\n").split("\n")
    if rows[0] != "BEGIN:VCALENDAR" or rows[-2:] != ["END:VEVENT", "END:VCALENDAR"] or "BEGIN:VEVENT" not in rows:
        return None
    begin = rows.index("BEGIN:VEVENT")
    if any(row.partition(":")[0] not in _BEFORE for row in rows[1:begin]):
        return None
    lines: dict[str, tuple[str, str]] = {}
    for row in rows[begin + 1:-2]:
        found = _LINE.fullmatch(row)
        if found is None or found[1] in _OTHERS or "ENCODING=" in found[2]:
            return None
        if found[1] not in lines:
            lines[found[1]] = found[2], found[3]
        elif found[1] != "ATTENDEE" and not found[1].startswith("X-"):
            return None
    return PlainEvent(lines) if _is_plain(lines) else None


def _is_plain(lines: dict[str, tuple[str, str]]) -> bool:
    if "DTSTART" not in lines or "\\" in lines.get("CATEGORIES", ("", ""))[1]:
        return False
    if "RRULE" not in lines:
        return True
    parameters, rule = lines["RRULE"]
    names = [part.partition("=")[0] for part in rule.split(";")]
    return not parameters and _RULE.fullmatch(rule) is not None and len(set(names)) == len(names)


def _known_zone(block: re.Match[str]) -> str:
    return "" if iana(block[1]) is not None else block[0]


def _duration(line: tuple[str, str] | None) -> timedelta | None:
    found = _LENGTH.fullmatch(line[1]) if line is not None and not line[0] else None
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _value(placed: tuple[datetime, tzinfo | None, bool]) -> date | datetime:
    moment, zone, all_day = placed
    return moment.date() if all_day else moment.replace(tzinfo=zone)
