"""What a person is told about reservations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from radicale_booking.domain.invitation import Invitation
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.repetition import Repetition
from radicale_booking.domain.reservation import Reservation

#: What happened -> whether the reservation lives on.
EVENTS = {"book": True, "request": True, "confirm": True, "reschedule": True, "cancel": False, "decline": False,
          "expire": False, "join": True, "leave": False,
          "reseat": True, "unseat": False, "remind": True, "follow-up": True, "decline-counter": True}
ROLES = ("invitee", "host", "guest")
#: Who is told of what; what is not here concerns nobody of that role.
TOLD = {
    "invitee": ("book", "request", "confirm", "reschedule", "cancel", "decline", "expire", "remind", "follow-up",
                "decline-counter", "unseat"),
    "host": ("book", "request", "confirm", "reschedule", "cancel", "decline", "expire", "join", "leave", "reseat"),
    "guest": ("book", "confirm", "reschedule", "cancel", "decline", "expire", "remind"),
}
#: What time brings by itself.
REMINDING = ("remind", "follow-up")
#: These change nothing: they take the place of no mail that was queued before.
UNCHANGING = (*REMINDING, "decline-counter")
_ENDED_BY = {"cancelled": "cancel", "declined": "decline", "expired": "expire"}


#: Start and end: aware instants, or days of which the last is not meant.
Span = tuple[date | datetime, date | datetime]


@dataclass(frozen=True, slots=True)
class InvitationNotice:
    """An iTIP message of ``method``, ``text``, from one person to another who is not on this server, about ``summary``.

    ``changed``: a REQUEST about what the recipient may know already; ``partstat``: what a REPLY answers. ``spans``:
    when it is, or the first times of a series, ``more`` whether there are others. ``people``: who else is invited,
    ``remark`` what the sender adds. ``language`` (a tag) and ``timezone`` are the recipient's as far as they are known.
    ``key`` names the notice once for all time, ``conversation`` what it is about; ``answers``: the Message-ID of the
    mail that it answers, or ''. ``at`` is aware UTC.
    """

    method: str
    text: str
    sender: str
    sender_name: str
    recipient: str
    summary: str
    spans: tuple[Span, ...]
    key: str
    at: datetime
    more: bool = False
    changed: bool = False
    partstat: str = ""
    location: str = ""
    description: str = ""
    people: tuple[str, ...] = ()
    remark: str = ""
    language: str = ""
    timezone: str = "UTC"
    conversation: str = ""
    answers: str = ""


@dataclass(frozen=True, slots=True)
class SenderCheck:
    """Asks ``recipient`` whether a mail in the recipient's name is really theirs: an iTIP message of ``method`` to
    ``host``, a person's name, about ``title`` ('' of no event type) at ``start`` (aware, local, or a day).

    ``url``: where to say so until ``expires``; ``timezone``: for the time. The rest as in ``Notice``.
    """

    recipient: str
    method: str
    title: str
    host: str
    start: date | datetime | None
    timezone: str
    url: str
    expires: datetime
    key: str
    at: datetime
    language: str = ""


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """Asks ``recipient`` whether it was they who want to book ``title`` with ``host``, a person's name, in ``spans``
    (start and end, aware): these are held until ``expires``.

    ``url``: where to say so; ``timezone`` and ``language`` are the reader's. The rest as in ``Notice``.
    """

    recipient: str
    title: str
    host: str
    spans: tuple[tuple[datetime, datetime], ...]
    timezone: str
    language: str
    url: str
    expires: datetime
    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """``event`` (one of ``EVENTS``) told to ``recipient``, an address, who has the ``role`` invitee, host or guest.

    ``reservation`` is as this recipient sees it: in a group its invitee is the recipient. ``reader`` is the host who
    reads it, by default ``host``, who is the first of several. ``key`` names the notice once for all time; ``at`` is
    aware UTC. The links are complete URLs; ``decide_url`` is where a host confirms or declines. ``others`` are the
    further occurrences that the notice is about, ``repetition`` the rule by which they were booked. ``answers``:
    question and answer. ``words``: what the host adds. ``proposed``: the start that the invitee wants instead and
    cannot have, ``free``: starts that there are instead. ``former``: the uid of the group in which the invitee sat
    before, which began at ``former_start``. ``invited``: the booking was made by an event in the invitee's own
    calendar, so that no other must come there; ``invitation`` is that event while it is there. ``other_hosts`` are
    those who host with ``host``.
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
    repetition: Repetition | None = None
    reader: Principal | None = None
    decide_url: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    words: str = ""
    proposed: datetime | None = None
    free: tuple[datetime, ...] = ()
    former: str = ""
    former_start: datetime | None = None
    invited: bool = False
    invitation: Invitation | None = None
    other_hosts: tuple[Principal, ...] = ()

    @property
    def reading_host(self) -> Principal:
        return self.reader or self.host

    @property
    def timezone(self) -> str:
        """The recipient's zone, an IANA name; of a guest the invitee's is known."""
        return self.reading_host.timezone if self.role == "host" else self.reservation.invitee_timezone

    @property
    def language(self) -> str:
        """The recipient's language, a tag; '' where nobody has said it."""
        return self.reading_host.language if self.role == "host" else self.reservation.language

    @property
    def recipient_name(self) -> str:
        """'' of a guest, of whom the address is all that is known."""
        return {"invitee": self.reservation.invitee_name, "host": self.reading_host.shown_name}.get(self.role, "")


@dataclass(frozen=True, slots=True)
class AgendaNotice:
    """The ``reservations`` of ``host`` on the local ``day``, in order, told to ``recipient``."""

    host: Principal
    recipient: str
    day: date
    reservations: Sequence[Reservation]
    key: str
    at: datetime


def event_now(event: str, reservation: Reservation) -> str:
    """``event``, or what has ended ``reservation`` since: nobody is told that a booking holds which does not."""
    if EVENTS.get(event, False) and not reservation.live:
        return _ENDED_BY[reservation.status]
    return event
