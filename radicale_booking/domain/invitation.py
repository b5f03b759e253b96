"""The event by which somebody has booked, and what its organizer is answered when the booking changes later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from radicale_booking.domain.itip import InstanceId
from radicale_booking.domain.reservation import Reservation

#: What happened to the booking -> PARTSTAT. What was booked or asked for was answered at once.
_ANSWERS = {"confirm": "ACCEPTED", "cancel": "DECLINED", "decline": "DECLINED", "expire": "DECLINED"}


@dataclass(frozen=True, slots=True)
class Invitation:
    """An event in the invitee's own calendar: ``uid``, ``instance`` and ``sequence`` as the organizer last sent them.

    ``start`` (aware UTC) is when it is there, ``attendee`` the booking address that was invited.
    """

    uid: str
    attendee: str
    start: datetime
    sequence: int = 0
    instance: InstanceId = None

    def answer(self, event: str, booked: Reservation) -> tuple[str, str] | None:
        """Method and PARTSTAT of the message about ``event``; None where the organizer knows it already."""
        if event == "reschedule":
            return None if booked.start == self.start else ("COUNTER", "TENTATIVE")
        partstat = _ANSWERS.get(event)
        return ("REPLY", partstat) if partstat else None
