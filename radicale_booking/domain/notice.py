"""What a person is told about a reservation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation

#: What happened -> whether the reservation lives on. leave: one of a group went, the others stay.
EVENTS = {"book": True, "request": True, "confirm": True, "reschedule": True, "cancel": False, "leave": False,
          "decline": False, "expire": False}
ROLES = ("invitee", "host")
_ENDED_BY = {"cancelled": "cancel", "declined": "decline", "expired": "expire"}


@dataclass(frozen=True, slots=True)
class InvitationNotice:
    """An iTIP message of ``method``, ``text``, from one person to another who is not on this server, about ``summary``.

    ``when`` says the time for people; ``remark`` is what the sender adds. ``key`` names it once for all time.
    """

    method: str
    text: str
    sender: str
    sender_name: str
    recipient: str
    summary: str
    when: str
    key: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """``event`` (one of ``EVENTS``) told to ``recipient``, an address, who has the ``role`` invitee or host.

    ``reservation`` is as this recipient sees it: in a group its invitee is the recipient. ``key`` names the notice
    once for all time; ``at`` is aware UTC. The links are complete URLs. ``others`` are the further occurrences that
    the notice is about.
    """

    event: str
    role: str
    recipient: str
    reservation: Reservation
    host: Principal
    key: str
    at: datetime
    manage_url: str
    book_url: str
    others: tuple[Reservation, ...] = ()

    @property
    def timezone(self) -> str:
        """The recipient's zone, an IANA name."""
        return self.reservation.invitee_timezone if self.role == "invitee" else self.host.timezone

    @property
    def recipient_name(self) -> str:
        return self.reservation.invitee_name if self.role == "invitee" else self.host.shown_name


def event_now(event: str, reservation: Reservation) -> str:
    """``event``, or what has ended ``reservation`` since: nobody is told that a booking holds which does not."""
    if EVENTS.get(event, False) and not reservation.live:
        return _ENDED_BY[reservation.status]
    return event
