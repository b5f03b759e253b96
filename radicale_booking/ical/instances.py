"""What the store keeps of a calendar object, so that nothing is parsed to be found."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.item_index import LAST_EPOCH, SUMMARY_LIMIT, InstanceRow, ItemIndex
from radicale_booking.domain.recurrence import LIMIT, Component, Instance, expand
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical import plain_event
from radicale_booking.ical.exact_duration import marked
from radicale_booking.ical.reader import component, read_calendar

#: Lines that say nothing about time; parsing them would be most of the work. A line may be folded (RFC 5545 §3.1).
_OTHER_LINES = re.compile(
    r"^(?:VERSION|PRODID|DTSTAMP|CREATED|LAST-MODIFIED|DESCRIPTION|COMMENT|LOCATION|URL|ATTACH|CLASS|X-ALT-DESC)"
    r"[:;].*\n(?:[ \t].*\n)*", re.IGNORECASE | re.MULTILINE)
_OTHER_BLOCKS = re.compile(r"BEGIN:(VTIMEZONE|VALARM).*?END:\1", re.DOTALL | re.IGNORECASE)
_FOLD = re.compile(r"\r?\n[ \t]")
#: What an object that cannot be read says about time: days, or lines with days.
_NAMED = {name: re.compile(pattern, re.MULTILINE | re.IGNORECASE) for name, pattern in {
    "DTSTART": r"^DTSTART[^:\r\n]*:(\d{8})", "DTEND": r"^DTEND[^:\r\n]*:(\d{8})", "RDATE": r"^RDATE[^:\r\n]*:(.*)",
    "RRULE": r"^(RRULE)\b", "UNTIL": r"^RRULE[^:\r\n]*:(?:.*;)?UNTIL=(\d{8})"}.items()}
_DAY_OF = re.compile(r"\b(\d{8})(?=T|\b)")
_MOST_DIGITS = 1_000_000
_DATES = re.compile(r"^(?:EXDATE|RDATE)[;:].*\n(?:[ \t].*\n)*", re.IGNORECASE | re.MULTILINE)
#: A single object with more events is refused before it is parsed.
MOST_EVENTS = 5_000
_DAY = timedelta(days=1)


def index(text: str, *, now: datetime, floating_zone: tzinfo, addresses: Collection[str] = (),
          past_days: int = 366, future_days: int = 731) -> ItemIndex:
    """The occurrences of the VEVENTs and VFREEBUSYs in ``text``; other objects have none.

    An event that one of ``addresses`` (the calendar's owner, ``mailto:`` in lower case) declined or has not answered
    is free. A long series is expanded from ``past_days`` before ``now`` (aware UTC) to ``future_days`` after it.
    Never raises: what cannot be read or costs too much gives an index that says so in ``unreadable``.
    """
    if "BEGIN:VEVENT" not in text and "BEGIN:VFREEBUSY" not in text:
        return ItemIndex()
    start, end = now - timedelta(days=past_days), now + timedelta(days=future_days)
    frame = Interval(start.astimezone(UTC), end.astimezone(UTC))
    try:
        components, further = _read(text, addresses)
        expansion = expand(components, frame, floating_zone)
        rows = [_row(instance) for instance in expansion.instances] + further
    except InvalidCalendar as error:
        return _unreadable(text, str(error))
    except (ValueError, OverflowError) as error:
        return _unreadable(text, f"a time in it cannot be: {error}")
    if not rows and expansion.complete:
        return ItemIndex(first_epoch=LAST_EPOCH, last_epoch=LAST_EPOCH)
    first = min([row.start_epoch for row in rows] + ([_epoch(expansion.first)] if expansion.first else []))
    last = LAST_EPOCH if expansion.last is None and not expansion.complete else max(row.end_epoch for row in rows)
    return ItemIndex(first, last, expanded_from_epoch=None if expansion.complete else _epoch(frame.start),
                     expanded_until_epoch=None if expansion.complete else _epoch(frame.end), rows=tuple(rows))


def within(text: str, frame: Interval, *, floating_zone: tzinfo,
           addresses: Collection[str] = ()) -> list[InstanceRow]:
    """As ``index``, the occurrences that overlap ``frame``, wherever that lies. Raises ``InvalidCalendar``."""
    try:
        components, rows = _read(text, addresses)
        rows = [_row(instance) for instance in expand(components, frame, floating_zone).instances] + rows
    except (ValueError, OverflowError) as error:
        raise InvalidCalendar("VEVENT", "", f"a time in it cannot be: {error}", "correct the event") from None
    first, last = _epoch(frame.start), _epoch(frame.end)
    return [row for row in rows if row.start_epoch < last and row.end_epoch > first]


def _read(text: str, addresses: Collection[str]) -> tuple[list[Component], list[InstanceRow]]:
    """The events, and the rows of what else takes time. Raises ``InvalidCalendar`` or ``ValueError``."""
    plain = plain_event.read(text)
    event = plain.component(addresses) if plain is not None else None
    if event is not None:
        return [event], []
    _check_size(text)
    calendar = read_calendar(marked(_OTHER_LINES.sub("", text)))
    return [component(event, addresses) for event in calendar.walk("VEVENT")], _free_busy_rows(calendar)


def _check_size(text: str) -> None:
    """Parsing costs more than counting. Raises ``InvalidCalendar``."""
    events = text.count("BEGIN:VEVENT")
    if events > MOST_EVENTS:
        raise InvalidCalendar("VEVENT", str(events), "too many changed occurrences", f"at most {MOST_EVENTS} are read")
    dates = sum(found[0].count(",") + 1 for found in _DATES.finditer(text))
    if dates > LIMIT:
        raise InvalidCalendar("RDATE/EXDATE", str(dates), "too many dates", f"at most {LIMIT} are read")


def _unreadable(text: str, reason: str) -> ItemIndex:
    """An object that blocks the time it may cover and no more: from the first time that it names, to the last one if
    it ends. All time where it does not say enough."""
    events = _OTHER_BLOCKS.sub("", _FOLD.sub("", text))
    named = {name: found.findall(events) for name, found in _NAMED.items()}
    if not named["DTSTART"] or len(named["DTSTART"]) < events.count("BEGIN:VEVENT"):
        return ItemIndex(unreadable=reason)
    if sum(map(len, named["RDATE"])) > _MOST_DIGITS:
        return ItemIndex(unreadable=reason)
    extra = [day for dates in named["RDATE"] for day in _DAY_OF.findall(dates)]
    try:
        starts, ends = ([datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC) for day in days]
                        for days in (named["DTSTART"] + extra, named["DTEND"] + named["UNTIL"]))
    except ValueError:
        return ItemIndex(unreadable=reason)
    # What is counted or lasts as long as it says may end whenever.
    endless = len(named["RRULE"]) > len(named["UNTIL"]) or "\nDURATION" in events or "/" in "".join(named["RDATE"])
    longest = max([*starts, *ends]) - min(starts) if named["RRULE"] or extra else 0 * _DAY
    # No zone is further from UTC than a day, and a date lasts one.
    last = LAST_EPOCH if endless else min(LAST_EPOCH, _epoch(max([*starts, *ends])) + _seconds(longest + 3 * _DAY))
    return ItemIndex(_epoch(min(starts)) - _seconds(_DAY), last, unreadable=reason)


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def _row(instance: Instance) -> InstanceRow:
    source = instance.component
    return InstanceRow(
        start_epoch=_epoch(instance.start), end_epoch=math.ceil(instance.end.timestamp()),
        busy_type=_busy_type(source), cancelled=source.status == "CANCELLED", all_day=source.all_day,
        moment=source.moment,
        summary=source.summary[:SUMMARY_LIMIT] or None,
        categories=",".join(source.categories)[:SUMMARY_LIMIT] or None,
        zone=source.zone.key if isinstance(source.zone, ZoneInfo) else None)


def _busy_type(source: Component) -> str:
    if source.transparent or source.status == "CANCELLED" or source.partstat in ("DECLINED", "NEEDS-ACTION"):
        return "FREE"
    return "BUSY-TENTATIVE" if "TENTATIVE" in (source.status, source.partstat) else "BUSY"


def _free_busy_rows(calendar: Any) -> list[InstanceRow]:
    """The periods of the VFREEBUSYs (RFC 5545 §3.8.2.6)."""
    rows = []
    for source in calendar.walk("VFREEBUSY"):
        values = source.get("FREEBUSY", [])
        for period in values if isinstance(values, list) else [values]:
            kind = str(period.params.get("FBTYPE", "BUSY")).upper()
            rows.append(InstanceRow(
                _epoch(period.start), _epoch(period.end),
                kind if kind in ("FREE", "BUSY-TENTATIVE", "BUSY-UNAVAILABLE") else "BUSY"))
    return rows


def _epoch(instant: datetime) -> int:
    return math.floor(instant.timestamp())
