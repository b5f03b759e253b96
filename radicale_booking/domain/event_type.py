"""What can be booked with a host, and its rules."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from radicale_booking.errors import InvalidEventType

ORIGINS = ("command", "calendar", "page", "import")
_DAY = timedelta(days=1)
_LONGEST_OCCUPANCY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type of ``host``; lengths are ``timedelta`` in whole minutes.

    Raises ``InvalidEventType`` when a rule is out of bounds.
    """

    host: str
    slug: str
    title: str
    duration: timedelta
    description: str = ""
    step: timedelta | None = None
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    notice: timedelta = timedelta()
    horizon: timedelta = timedelta(days=60)
    limit_per_day: int | None = None
    limit_per_week: int | None = None
    limit_per_month: int | None = None
    seats: int = 1
    confirmation: bool = False
    location: str = ""
    hidden: bool = False
    origin: str = "command"
    id: int | None = None

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InvalidEventType("title", self.title, "must not be empty", "give a title")
        if self.slug != slugify(self.slug) or not self.slug:
            raise InvalidEventType("slug", self.slug, "must be lower-case letters, digits and hyphens", "try another")
        self._check_range("duration", self.duration, timedelta(minutes=1), _DAY)
        self._check_range("step", self.grid_step, timedelta(minutes=1), _DAY)
        for name in ("buffer_before", "buffer_after", "notice"):
            self._check_range(name, getattr(self, name), timedelta(), timedelta(days=365))
        self._check_range("horizon", self.horizon, _DAY, timedelta(days=730))
        if self.buffer_before + self.duration + self.buffer_after > _LONGEST_OCCUPANCY:
            raise InvalidEventType("buffer", "", "duration and buffers exceed seven days", "shorten the buffers")
        for name in ("limit_per_day", "limit_per_week", "limit_per_month", "seats"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidEventType(name, str(value), "must be at least 1", "give a positive number")
        if self.origin not in ORIGINS:
            raise InvalidEventType("origin", self.origin, "is unknown", f"one of {', '.join(ORIGINS)}")

    @property
    def grid_step(self) -> timedelta:
        """The distance of two starts: ``step``, by default the duration."""
        return self.step if self.step is not None else self.duration

    @staticmethod
    def _check_range(name: str, value: timedelta, low: timedelta, high: timedelta) -> None:
        if not low <= value <= high or value % timedelta(minutes=1):
            raise InvalidEventType(name, str(value), f"must be whole minutes from {low} to {high}", "change it")


def slugify(title: str) -> str:
    """``title`` as a URL word: ASCII lower case, digits and single hyphens; may be empty."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_title.lower()).strip("-")
