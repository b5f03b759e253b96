"""When an alarm goes off (RFC 5545 §3.6.6), as queries by time ask (RFC 4791 §9.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from radicale_booking.domain.interval import Interval

_NONE, _SECOND = timedelta(), timedelta(seconds=1)


@dataclass(frozen=True)
class Alarm:
    """It goes off at ``moment`` (aware UTC), or ``offset`` after the start or end of each instance, and again
    ``repeats`` times, ``every`` so long."""

    moment: datetime | None
    offset: timedelta
    from_end: bool
    repeats: int
    every: timedelta

    @classmethod
    def read(cls, source: Any, floating_zone: tzinfo) -> Alarm | None:
        """The VALARM ``source`` of the library; None where it has no trigger. Raises ``ValueError``."""
        trigger = source.get("TRIGGER")
        if trigger is None:
            return None
        every = source["DURATION"].dt if "DURATION" in source else _NONE
        repeats = int(source.get("REPEAT", 0)) if every > _NONE else 0
        if isinstance(trigger.dt, timedelta):
            return cls(None, trigger.dt, str(trigger.params.get("RELATED", "")).upper() == "END", repeats, every)
        moment = trigger.dt if trigger.dt.tzinfo is not None else trigger.dt.replace(tzinfo=floating_zone)
        return cls(moment.astimezone(UTC), _NONE, False, repeats, every)

    def goes_off(self, moment: datetime, frame: Interval) -> bool:
        """Whether it does in ``frame``, for an instance that starts or ends (``from_end``) at ``moment``."""
        first = moment + self.offset
        # The first time that is not before the frame.
        skipped = -((first - frame.start) // self.every) if self.every and first < frame.start else 0
        return skipped <= self.repeats and frame.start <= first + skipped * self.every < frame.end

    def reach(self, frame: Interval) -> Interval:
        """The time in which instances start or end whose alarms may go off in ``frame``."""
        earliest = frame.start - self.offset - self.repeats * self.every
        return Interval(earliest - _SECOND, frame.end - self.offset + _SECOND)
