"""One recurrence rule (RFC 5545 §3.3.10) on a wall clock."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice
from math import prod

from dateutil.rrule import rrule, rrulestr

from radicale_booking.domain import civil
from radicale_booking.errors import InvalidCalendar

_WEEKDAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_STEPS = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
#: Candidates looked at for one series.
_LIMIT = 100_000
#: Frequency -> months of a period.
_PERIODS = {"MONTHLY": 1, "YEARLY": 12}
#: The Gregorian calendar repeats after 400 years.
_CYCLE_MONTHS = 4_800
_END_MONTHS = 10_000 * 12
_MOST_IN_A_PERIOD = 20_000
_MOST_TIMES_OF_DAY = 1_440
_LARGEST_ORDINAL = {"MONTHLY": 5, "YEARLY": 53}
_LEAP_YEAR = 2024
_SELECTORS = {"HOURLY": {"BYMONTHDAY"}, "DAILY": {"BYMONTHDAY"}, "WEEKLY": {"BYSETPOS"},
              "MONTHLY": {"BYSETPOS", "BYMONTHDAY"}, "YEARLY": {"BYSETPOS", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO"}}
_BOUNDS = {"BYHOUR": (0, 23), "BYMINUTE": (0, 59), "BYSECOND": (0, 60), "BYMONTH": (1, 12), "BYMONTHDAY": (1, 31),
           "BYYEARDAY": (1, 366), "BYWEEKNO": (1, 53), "BYSETPOS": (1, 366)}


@dataclass(frozen=True, slots=True)
class Rule:
    """``parts``: names and values of the rule without UNTIL and COUNT; ``until`` is naive wall time, inclusive."""

    parts: tuple[tuple[str, str], ...]
    until: datetime | None = None
    count: int | None = None

    @property
    def finite(self) -> bool:
        return self.until is not None or self.count is not None

    def starts(self, start: datetime, low: datetime | None = None) -> Iterator[datetime]:
        """The starts in order, naive, from ``start`` on; what lies before ``low`` may be left out.

        Raises ``InvalidCalendar`` when it costs too much.
        """
        if self._get("FREQ") in _PERIODS:
            candidates = self._by_period(start, start if low is None or self.count is not None else max(start, low))
        else:
            near = start if low is None else self.forward(start, low)
            candidates = self._walk(near) if self._get("FREQ") in ("DAILY", "HOURLY") else self._library(near)
        for number, candidate in enumerate(candidates):
            if (self.until is not None and candidate > self.until) or (self.count is not None and number >= self.count):
                return
            yield candidate

    def forward(self, start: datetime, low: datetime) -> datetime:
        """A start of the same series at or before ``low``, so that what lies long before need not be walked."""
        step = _STEPS.get(self._get("FREQ"))
        if step is None or self.count is not None or "BYSETPOS" in dict(self.parts) or low <= start:
            return start
        stride = step * self._interval
        return start + (low - start) // stride * stride

    @property
    def _interval(self) -> int:
        return int(self._get("INTERVAL") or 1)

    def _get(self, name: str) -> str:
        return dict(self.parts).get(name, "")

    def _by_period(self, start: datetime, low: datetime) -> Iterator[datetime]:
        """MONTHLY and YEARLY, period by period: the library would not stop where nothing matches.

        Periods of the same shape have the same starts; where a whole cycle of the calendar has none, there are none.
        """
        months = _PERIODS[self._get("FREQ")]
        parts = {**dict(self.parts), **self._defaults(start), "INTERVAL": str(_END_MONTHS)}
        one_period = replace(self, parts=tuple(parts.items()))
        known: dict[tuple[int, ...], list[timedelta]] = {}
        first = start.year * 12 + (start.month - 1 if months == 1 else 0)
        stride = months * self._interval
        skipped = max(0, (low.year * 12 + low.month - 1 - first) // stride)
        barren = 0
        while barren < _CYCLE_MONTHS // months and first + skipped * stride < _END_MONTHS:
            year, month = divmod(first + skipped * stride, 12)
            begins = datetime.combine(date(year, month + 1, 1), time())
            shape = _shape(begins, months)
            if shape not in known:
                found = islice(one_period._library(begins), _MOST_IN_A_PERIOD + 1)
                known[shape] = [occurrence - begins for occurrence in found]
                if len(known[shape]) > _MOST_IN_A_PERIOD:
                    raise InvalidCalendar("RRULE", "", "recurs too often to be expanded", "give it a longer interval")
            barren = 0 if known[shape] else barren + 1
            yield from (occurrence for offset in known[shape] if (occurrence := begins + offset) >= start)
            skipped += 1

    def _defaults(self, start: datetime) -> dict[str, str]:
        """What the start says where the rule does not (RFC 5545 §3.3.10)."""
        said = {"BYHOUR": start.hour, "BYMINUTE": start.minute, "BYSECOND": start.second}
        if not any(self._get(name) for name in ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO")):
            said["BYMONTHDAY"] = start.day
            if self._get("FREQ") == "YEARLY":
                said["BYMONTH"] = start.month
        return {name: self._get(name) or str(value) for name, value in said.items()}

    def _library(self, start: datetime) -> Iterator[datetime]:
        text = ";".join(f"{name}={value}" for name, value in self.parts)
        try:
            found = rrulestr(text, dtstart=start)
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidCalendar("RRULE", text[:200], f"cannot be read: {error}", "correct the rule") from None
        assert isinstance(found, rrule)  # noqa: S101 - the text has one line
        return iter(found)

    def _walk(self, start: datetime) -> Iterator[datetime]:
        """DAILY and HOURLY day by day: the library would not stop where nothing matches."""
        months, month_days = self._numbers("BYMONTH"), self._numbers("BYMONTHDAY")
        weekdays = {_WEEKDAYS[day[-2:]] for day in self._list("BYDAY")}
        daily = self._get("FREQ") == "DAILY"
        hours = self._numbers("BYHOUR")
        times = sorted(time(hour, minute, start.second)
                       for hour in ((hours or {start.hour}) if daily else {0})
                       for minute in (self._numbers("BYMINUTE") or {start.minute}))
        stride = _STEPS[self._get("FREQ")] * self._interval
        current = start
        for _ in range(_LIMIT):
            if ((not months or current.month in months) and (not weekdays or current.weekday() in weekdays)
                    and (not month_days or _is_month_day(current, month_days))
                    and (daily or not hours or current.hour in hours)):
                for moment in times:
                    occurrence = current.replace(hour=moment.hour if daily else current.hour, minute=moment.minute)
                    if occurrence >= start:
                        yield occurrence
            try:
                current += stride
            except OverflowError:
                return
        raise InvalidCalendar("RRULE", "", "recurs too often to be expanded", "give it an end or a longer interval")

    def _list(self, name: str) -> list[str]:
        return [value for value in self._get(name).split(",") if value]

    def _numbers(self, name: str) -> set[int]:
        return {int(value) for value in self._list(name)}


def parse(text: str, zone: tzinfo | None) -> Rule:
    """The rule in ``text`` for an event in ``zone`` (None: floating or all-day). Raises ``InvalidCalendar``."""
    try:
        parts = dict(part.split("=", 1) for part in text.upper().strip().strip(";").split(";"))
    except ValueError:
        raise InvalidCalendar("RRULE", text[:200], "cannot be read", "correct the rule") from None
    if parts.get("FREQ") not in ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise InvalidCalendar("RRULE", text[:200], "has a frequency that is not supported",
                              "use HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY")
    until, count = parts.pop("UNTIL", ""), parts.pop("COUNT", "")
    try:
        rule = Rule(tuple(parts.items()), _until(until, zone) if until else None,
                    int(count) if count and int(count) > 0 else None)
        _check(rule, parts)
    except (ValueError, KeyError):
        raise InvalidCalendar("RRULE", text[:200], "cannot be read", "correct the rule") from None
    return rule


def _until(text: str, zone: tzinfo | None) -> datetime:
    if "T" not in text:
        return datetime.fromisoformat(text).replace(hour=23, minute=59, second=59)
    moment = datetime.fromisoformat(text.removesuffix("Z"))
    if not text.endswith("Z") or zone is None:
        return moment
    return civil.wall(civil.to_utc(moment, civil.zone("UTC")), zone)


def _check(rule: Rule, parts: dict[str, str]) -> None:
    """Raise for a rule that matches nothing, which would be searched until the end of time."""
    if int(parts.get("INTERVAL") or 1) < 1:
        raise ValueError("INTERVAL")
    for name, (low, high) in _BOUNDS.items():
        if not all(low <= abs(number) <= high for number in rule._numbers(name)):
            raise ValueError(name)
    # What RFC 5545 §3.3.10 rules out, or what could be searched for ever.
    allowed = _SELECTORS[parts["FREQ"]]
    for name in ("BYSETPOS", "BYYEARDAY", "BYWEEKNO", "BYMONTHDAY"):
        if parts.get(name) and name not in allowed:
            raise ValueError(name)
    for day in rule._list("BYDAY"):
        _WEEKDAYS[day[-2:]]
        if abs(int(day[:-2] or 0)) > _LARGEST_ORDINAL.get(parts["FREQ"], 53):
            raise ValueError("BYDAY")
    if prod(max(1, len(rule._list(name))) for name in ("BYHOUR", "BYMINUTE", "BYSECOND")) > _MOST_TIMES_OF_DAY:
        raise ValueError("BYSECOND")
    months = rule._numbers("BYMONTH") or set(range(1, 13))
    days = rule._numbers("BYMONTHDAY")
    if days and not any(abs(day) <= monthrange(_LEAP_YEAR, month)[1] for month in months for day in days):
        raise ValueError("BYMONTHDAY")


def _shape(begins: datetime, months: int) -> tuple[int, ...]:
    """What distinguishes two periods; the weeks of a year depend on the year before too."""
    return ((begins.month, monthrange(begins.year, begins.month)[1], begins.weekday()) if months == 1
            else (isleap(begins.year), isleap(begins.year - 1), begins.weekday()))


def _is_month_day(moment: datetime, days: set[int]) -> bool:
    return moment.day in days or moment.day - monthrange(moment.year, moment.month)[1] - 1 in days
