"""What keeps abuse away: how much was tried of late, and who may not book."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_MILLISECOND = timedelta(milliseconds=1)


class Guard:
    """The repository of rates and of blocked addresses."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def take(self, name: str, most: int, period: timedelta) -> timedelta | None:
        """Count one of at most ``most`` a ``period`` for ``name``; how long to wait where that is too many.

        What was taken is given back evenly over the period (a leaky bucket), by one statement: processes and
        machines that count at the same time count together.
        """
        period_ms, now_ms = period // _MILLISECOND, self._now_ms
        step_ms = period_ms // most
        if self._unit_of_work.execute("guard", "take", name=name, now_ms=now_ms, step_ms=step_ms, period_ms=period_ms):
            return None
        row = self._unit_of_work.one("guard", "until", name=name)
        until_ms = row["until_ms"] if row is not None else now_ms
        return timedelta(milliseconds=max(1, until_ms + step_ms - period_ms - now_ms))

    def waits(self, name: str, most: int, period: timedelta) -> bool:
        """Whether ``take`` would refuse now; nothing is counted."""
        row = self._unit_of_work.one("guard", "until", name=name)
        period_ms = period // _MILLISECOND
        return row is not None and bool(row["until_ms"] + period_ms // most > self._now_ms + period_ms)

    def forget(self) -> None:
        """Drop the counts that say nothing any more."""
        self._unit_of_work.execute("guard", "forget", now_ms=self._now_ms)

    def forgettable(self) -> bool:
        """Whether there is something to ``forget``."""
        return self._unit_of_work.one("guard", "stale", now_ms=self._now_ms) is not None

    def block(self, pattern: str) -> bool:
        """Whether ``pattern`` (an address or a domain, in lower case) was not blocked before."""
        return bool(self._unit_of_work.execute("guard", "block", pattern=pattern, now=self._unit_of_work.now_epoch))

    def unblock(self, pattern: str) -> bool:
        """Whether ``pattern`` was blocked."""
        return bool(self._unit_of_work.execute("guard", "unblock", pattern=pattern))

    def blocked(self) -> list[str]:
        """Every blocked pattern, sorted."""
        return [row["pattern"] for row in self._unit_of_work.query("guard", "blocked")]

    def any_blocked(self, patterns: Sequence[str]) -> bool:
        """Whether one of the addresses and domains is blocked."""
        return self._unit_of_work.one("guard", "any_blocked", patterns=json.dumps(patterns)) is not None

    def open_of_invitee(self, email: str) -> int:
        """How many live reservations and seats the invitee has to come, with all hosts together."""
        row = self._unit_of_work.query("guard", "open_of_invitee", email=email, now=self._unit_of_work.now_epoch)[0]
        return int(row[0])

    @property
    def _now_ms(self) -> int:
        return int(self._unit_of_work.now.timestamp() * 1000)
