"""One invitee's place in a reservation of a group event type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from radicale_booking.domain.question import Answer


@dataclass(frozen=True, slots=True)
class Seat:
    """``uid`` is its own, ``status`` confirmed or cancelled; ``reservation_uid`` is known of a stored one."""

    reservation_id: int
    uid: str
    name: str
    email: str
    timezone: str
    language: str
    note: str
    answers: Mapping[str, Answer]
    status: str = "confirmed"
    reservation_uid: str = ""
