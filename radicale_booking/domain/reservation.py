"""A taken slot and its life, as a transition table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from radicale_booking.errors import IllegalTransition

#: (status, event) -> next status. What is not here is illegal.
TRANSITIONS: dict[tuple[str, str], str] = {
    ("pending", "confirm"): "confirmed",
    ("pending", "decline"): "declined",
    ("pending", "cancel"): "cancelled",
    ("pending", "expire"): "expired",
    ("pending", "reschedule"): "pending",
    ("confirmed", "cancel"): "cancelled",
    ("confirmed", "reschedule"): "confirmed",
}
STATUSES = ("pending", "confirmed", "declined", "cancelled", "expired")
LIVE = frozenset({"pending", "confirmed"})


@dataclass(frozen=True, slots=True)
class Reservation:
    """One booking of ``host``; instants are aware UTC, zones IANA names, ``uid`` the iCalendar UID."""

    host: str
    slug: str
    title: str
    uid: str
    status: str
    start: datetime
    end: datetime
    invitee_name: str
    invitee_email: str
    created: datetime
    modified: datetime
    invitee_timezone: str = "UTC"
    language: str = "en"
    note: str = ""
    location: str = ""
    sequence: int = 0
    reason: str = ""
    expires: datetime | None = None
    id: int | None = None

    @property
    def live(self) -> bool:
        """Whether it occupies the host's time."""
        return self.status in LIVE


def next_status(status: str, event: str) -> str:
    """The status after ``event``; raises ``IllegalTransition``."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(status, event) from None
