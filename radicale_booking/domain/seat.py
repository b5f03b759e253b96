"""One invitee's place in a reservation of a group event type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from radicale_booking.domain.question import Answer


@dataclass(frozen=True, slots=True)
class Seat:
    """``uid`` is its own, ``status`` confirmed or cancelled; ``reservation_uid`` and ``id`` are known of a stored one.

    ``expires``: until when it is held for somebody who has not answered the mail to the address; None: it is taken.
    """

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
    expires: datetime | None = None
    id: int | None = None
