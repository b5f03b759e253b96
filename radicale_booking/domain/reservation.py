"""A taken slot and its life, as a transition table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from radicale_booking.domain.question import Answer
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
    ("cancelled", "reinstate"): "confirmed",
    ("cancelled", "resume"): "pending",
}
STATUSES = ("pending", "confirmed", "declined", "cancelled", "expired")
LIVE = frozenset({"pending", "confirmed"})


@dataclass(frozen=True, slots=True)
class Reservation:
    """One booking of ``host``; instants are aware UTC, zones IANA names, ``uid`` its own for ever.

    ``other_hosts`` meet too (a collective team). Occurrences that were booked together share ``series``, which is the
    UID of their one calendar object, in which ``recurrence`` tells this one apart: its first start. ``object_uid``: the
    UID of the hosts' object, where it is another since a host's program cut the series in two.
    ``seat``: where the reservation of a group is seen by one invitee, the uid of that invitee's seat.
    ``answers``: question's key -> answer; ``guests``: e-mail addresses. ``unverified``: pending until the invitee
    answers the mail to the address; nobody else has heard of it.
    """

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
    event_type_id: int = 0
    invitee_timezone: str = "UTC"
    language: str = "en"
    note: str = ""
    location: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    guests: tuple[str, ...] = ()
    other_hosts: tuple[str, ...] = ()
    series: str | None = None
    recurrence: datetime | None = None
    object_uid: str | None = None
    seat: str | None = None
    sequence: int = 0
    reason: str = ""
    expires: datetime | None = None
    unverified: bool = False
    id: int | None = None

    @property
    def calendar_uid(self) -> str:
        """The UID of the calendar object that stands for it with its hosts (RFC 5545 §3.8.4.7)."""
        return self.object_uid or self.invitation_uid

    @property
    def invitation_uid(self) -> str:
        """The UID under which its invitees know it, for ever."""
        return self.series or self.uid

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host, *self.other_hosts)

    @property
    def live(self) -> bool:
        """Whether it occupies the host's time."""
        return self.status in LIVE


def moved_to(found: Reservation, event: str, start: datetime, end: datetime, now: datetime) -> Reservation:
    """``found`` at another time by ``event``; it is decided before it begins. Raises ``IllegalTransition``."""
    return replace(found, start=start, end=end, modified=now, status=next_status(found.status, event),
                   sequence=found.sequence + 1, expires=None if found.expires is None else min(found.expires, start))


def verified(found: Reservation, decided_by: datetime | None, now: datetime) -> Reservation:
    """``found``, on the word of its invitee: it holds, or is the host's to decide ``decided_by``.

    Raises ``IllegalTransition``.
    """
    if not found.unverified or found.status != "pending":
        raise IllegalTransition(found.status, "verify")
    return replace(found, unverified=False, status="confirmed" if decided_by is None else "pending", expires=decided_by,
                   modified=now)


def next_status(status: str, event: str) -> str:
    """The status after ``event``; raises ``IllegalTransition``."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(status, event) from None
