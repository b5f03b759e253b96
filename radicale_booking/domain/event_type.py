"""What can be booked with a host, and its rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from radicale_booking.domain import civil
from radicale_booking.domain.location import Location
from radicale_booking.domain.question import Question
from radicale_booking.domain.team import Team
from radicale_booking.errors import InvalidEventType, InvalidInput

ORIGINS = ("command", "calendar", "page", "import")
FREQUENCIES = ("day", "week", "month")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_LONGEST_OCCUPANCY = timedelta(days=7)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*")
_AT_LEAST_ONE = ("limit_per_day", "limit_per_week", "limit_per_month", "minutes_per_day", "minutes_per_week",
                 "minutes_per_month", "limit_per_invitee", "seats", "repeat_interval", "repeat_most")
_MOST_OCCURRENCES = 52
_LONGEST_KEPT_DAYS = 36_500
_MOST_REMINDERS = 5

#: Local hours of a day, ``[start, end)``; an end of midnight is the end of the day.
Hours = tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type of ``host``; lengths are ``timedelta`` in whole minutes.

    ``duration`` is the usual length, ``other_durations`` may be chosen instead. ``horizon`` counts business days
    (Monday to Friday) with ``horizon_business``; ``last_day`` (local, inclusive) takes its place. Limits count a local
    day, week (from Monday) or month; ``limit_per_invitee`` counts what is still to come. A pending reservation expires
    after ``decision_time``. ``confirm_email``: who books on the page has to answer a mail first. ``repeat_every`` (one
    of ``FREQUENCIES``): up to ``repeat_most`` occurrences may be booked at once, ``repeat_interval`` apart.
    ``timezone`` is an IANA name, by default the host's. ``date_overrides``: the hours of a local day in place of all
    windows. ``blocking_calendars``: paths, by default all; ``target_calendar``: path, by default the host's default
    calendar. ``reminders``: how long before the start invitees are reminded; ``follow_up``: how long after the end they
    are written to once more, with ``follow_up_text``. ``keep_days``: how long after their end its reservations say who
    booked, 0 for ever, by default as the site's settings say. ``closed``: not offered since its last window went, or
    removed.

    Raises ``InvalidEventType`` when a rule is out of bounds.
    """

    host: str
    slug: str
    title: str
    duration: timedelta
    description: str = ""
    other_durations: tuple[timedelta, ...] = ()
    step: timedelta | None = None
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    notice: timedelta = timedelta()
    horizon: timedelta = timedelta(days=60)
    horizon_business: bool = False
    first_day: date | None = None
    last_day: date | None = None
    limit_per_day: int | None = None
    limit_per_week: int | None = None
    limit_per_month: int | None = None
    minutes_per_day: int | None = None
    minutes_per_week: int | None = None
    minutes_per_month: int | None = None
    limit_per_invitee: int | None = None
    seats: int = 1
    confirmation: bool = False
    decision_time: timedelta = _DAY
    confirm_email: bool = False
    repeat_every: str = ""
    repeat_interval: int = 1
    repeat_most: int = 1
    questions: tuple[Question, ...] = ()
    locations: tuple[Location, ...] = ()
    private: bool = False
    hidden: bool = False
    closed: bool = False
    timezone: str | None = None
    colour: str = ""
    redirect_url: str = ""
    date_overrides: Mapping[date, Hours] = field(default_factory=dict)
    blocking_calendars: tuple[str, ...] = ()
    target_calendar: str = ""
    reminders: tuple[timedelta, ...] = ()
    follow_up: timedelta | None = None
    follow_up_text: str = ""
    keep_days: int | None = None
    team: Team | None = None
    origin: str = "command"
    id: int | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InvalidEventType("title", self.title, "must not be empty", "give a title")
        if self.slug != slugify(self.slug) or not self.slug:
            raise InvalidEventType("slug", self.slug, "must be lower-case letters, digits and hyphens", "try another")
        self._check_lengths()
        for name in _AT_LEAST_ONE:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidEventType(name, str(value), "must be at least 1", "give a positive number")
        self._check_reminders()
        self._check_repetition()
        self._check_texts()
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise InvalidEventType("last_day", str(self.last_day), "is before the first day", "exchange them")
        if self.seats > 1 and (self.other_durations or self.team or self.repeat_most > 1):
            raise InvalidEventType("seats", str(self.seats), "a group event has one length, one host and no repetition",
                                   "make another event type for them")
        for day, hours in self.date_overrides.items():
            if any(end <= start and end != time() for start, end in hours):
                raise InvalidEventType("date_overrides", str(day), "hours end before they begin", "exchange them")

    def _check_lengths(self) -> None:
        for length in self.durations:
            self._check_range("duration", length, _MINUTE, _DAY)
            if self.buffer_before + length + self.buffer_after > _LONGEST_OCCUPANCY:
                raise InvalidEventType("buffer", "", "duration and buffers exceed seven days", "shorten the buffers")
        if len(set(self.durations)) < len(self.durations):
            raise InvalidEventType("duration", "", "stands twice", "give each length once")
        self._check_range("step", self.grid_step, _MINUTE, _DAY)
        for name in ("buffer_before", "buffer_after", "notice"):
            self._check_range(name, getattr(self, name), timedelta(), timedelta(days=365))
        self._check_range("horizon", self.horizon, _DAY, timedelta(days=730))
        self._check_range("decision_time", self.decision_time, _MINUTE, timedelta(days=60))

    def _check_reminders(self) -> None:
        if len(self.reminders) > _MOST_REMINDERS or len(set(self.reminders)) < len(self.reminders):
            raise InvalidEventType("reminders", str(len(self.reminders)),
                                   f"are more than {_MOST_REMINDERS}, or twice the same", "give fewer")
        for lead in self.reminders:
            self._check_range("reminders", lead, _MINUTE, timedelta(days=60))
        if self.follow_up is not None:
            self._check_range("follow_up", self.follow_up, timedelta(), timedelta(days=60))
        if self.keep_days is not None and not 0 <= self.keep_days <= _LONGEST_KEPT_DAYS:
            raise InvalidEventType("keep_days", str(self.keep_days), "is out of range",
                                   f"give days from 0 to {_LONGEST_KEPT_DAYS}")

    def _check_repetition(self) -> None:
        if self.repeat_every not in ("", *FREQUENCIES):
            raise InvalidEventType("repeat_every", self.repeat_every, "is unknown", f"one of {', '.join(FREQUENCIES)}")
        if self.repeat_most > 1 and not self.repeat_every:
            raise InvalidEventType("repeat_most", str(self.repeat_most), "needs a frequency", "set repeat_every too")
        if self.repeat_most > _MOST_OCCURRENCES or self.repeat_interval > _MOST_OCCURRENCES:
            raise InvalidEventType("repeat_most", str(self.repeat_most), f"must not exceed {_MOST_OCCURRENCES}",
                                   "give a smaller number")

    def _check_texts(self) -> None:
        if self.origin not in ORIGINS:
            raise InvalidEventType("origin", self.origin, "is unknown", f"one of {', '.join(ORIGINS)}")
        if self.colour and not _COLOUR.fullmatch(self.colour):
            raise InvalidEventType("colour", self.colour, "is not a colour", "write it like #3366cc")
        if self.redirect_url and not _ADDRESS.fullmatch(self.redirect_url):
            raise InvalidEventType("redirect_url", self.redirect_url, "is not a web address", "begin it with https://")
        if self.timezone is not None:
            try:
                civil.zone(self.timezone)
            except InvalidInput as error:
                raise InvalidEventType(error.name, error.value, error.problem, error.remedy) from None
        keys = [question.key for question in self.questions]
        if len(set(keys)) < len(keys):
            raise InvalidEventType("questions", "", "two have the same key", "give each its own")

    @property
    def durations(self) -> tuple[timedelta, ...]:
        """All lengths that can be chosen, the usual one first."""
        return (self.duration, *self.other_durations)

    @property
    def grid_step(self) -> timedelta:
        """The distance of two starts: ``step``, by default the duration."""
        return self.step if self.step is not None else self.duration

    @property
    def occupied(self) -> timedelta:
        """How long a booking takes its host's time, buffers included."""
        return self.buffer_before + self.duration + self.buffer_after

    @property
    def limits(self) -> bool:
        """Whether bookings are counted."""
        return not (self.limit_per_day is self.limit_per_week is self.limit_per_month is None
                    and self.minutes_per_day is self.minutes_per_week is self.minutes_per_month is None)

    def decided_by(self, start: datetime, now: datetime) -> datetime | None:
        """When a booking of ``start`` made ``now`` expires undecided; None where the host has nothing to decide."""
        return min(now + self.decision_time, start) if self.confirmation else None

    def lasting(self, duration: timedelta | None) -> EventType:
        """The same with ``duration`` alone; raises ``InvalidInput`` when that cannot be chosen."""
        if duration is None:
            duration = self.duration
        if duration not in self.durations:
            raise InvalidInput("duration", f"{duration // _MINUTE}", "cannot be chosen here",
                               "choose " + " or ".join(f"{length // _MINUTE}" for length in self.durations))
        return self.lasting_exactly(duration)

    def lasting_exactly(self, duration: timedelta) -> EventType:
        """The same with ``duration``, whether it could be chosen or not: a booking keeps the length it has."""
        if self.durations == (duration,):
            return self
        return replace(self, duration=duration, other_durations=())

    @staticmethod
    def _check_range(name: str, value: timedelta, low: timedelta, high: timedelta) -> None:
        if not low <= value <= high or value % _MINUTE:
            raise InvalidEventType(name, str(value), f"must be whole minutes from {low} to {high}", "change it")


@lru_cache(maxsize=1024)
def slugify(title: str) -> str:
    """``title`` as a URL word: ASCII lower case, digits and single hyphens; may be empty."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")
