"""Several hosts of one event type, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from radicale_booking.errors import InvalidEventType

KINDS = ("collective", "round-robin")
STRATEGIES = ("least-recent", "fewest", "priority")


@dataclass(frozen=True, slots=True)
class Team:
    """``hosts`` in the order of their priority, the first first.

    ``collective``: all must be free and all are booked. ``round-robin``: one that is free is booked, chosen by
    ``strategy``. Raises ``InvalidEventType``.
    """

    kind: str
    hosts: tuple[str, ...]
    strategy: str = "least-recent"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidEventType("team", self.kind, "is unknown", f"one of {', '.join(KINDS)}")
        if self.strategy not in STRATEGIES:
            raise InvalidEventType("strategy", self.strategy, "is unknown", f"one of {', '.join(STRATEGIES)}")
        if not self.hosts or len(set(self.hosts)) < len(self.hosts):
            raise InvalidEventType("hosts", ", ".join(self.hosts), "must be one or several, each once",
                                   "name each once")

    @property
    def collective(self) -> bool:
        return self.kind == "collective"


@dataclass(frozen=True, slots=True)
class Turn:
    """What decides whether it is the turn of ``host``: how many live bookings of the event type are to come, and the
    number of the last live one, which rises with time (None: never booked)."""

    host: str
    bookings: int
    last: int | None


def choose(team: Team, free: Iterable[Turn]) -> Turn:
    """Whose turn it is among those that are ``free`` (not empty); every tie is decided by the next criterion.

    ``least-recent``: who was booked longest ago, then the priority. ``fewest``: who has fewest bookings to come, then
    longest ago, then the priority. ``priority``: the first.
    """
    def key(turn: Turn) -> tuple[int, ...]:
        rank, last = team.hosts.index(turn.host), turn.last or 0
        if team.strategy == "priority":
            return (rank,)
        return (turn.bookings, last, rank) if team.strategy == "fewest" else (last, rank)

    return min(free, key=key)
