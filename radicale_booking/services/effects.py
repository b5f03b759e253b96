"""What follows from a change of a reservation: mail to all who are concerned, reminders, webhooks.

Nothing follows from what becomes of a hold: its invitee has not said that the address is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from radicale_booking.domain.notice import TOLD
from radicale_booking.domain.reservation import Reservation
from radicale_booking.services import reminders, webhooks

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

MAIL = "mail"
#: What people are told where they need no word of their own for it.
_TOLD_AS = {"reinstate": "confirm", "resume": "request"}


def follow(uow: UnitOfWork, found: Reservation, event: str, former_start: str = "") -> None:
    """Queue what follows besides mail when ``event`` changes ``found``; ``former_start`` of one that was moved."""
    if found.unverified:
        return
    reminders.plan(uow, found, event)
    webhooks.queue(uow, found, event, former_start)


def tell(uow: UnitOfWork, found: Reservation, event: str, *, together: bool = False,
         due: datetime | None = None) -> None:
    """Queue the mails to all whom ``event`` concerns, for ``due`` (None: now); ``together``: they speak for all of the
    series."""
    if found.unverified:
        return
    assert found.id is not None  # noqa: S101 - stored by now
    facts: dict[str, object] = {"together": True} if together else {}
    _tell_hosts(uow, found, event, event, facts, due)
    seats = uow.seats.of(found.id)
    for seat in seats:
        _queue(uow, found, event, f"seat-{seat.uid}", "invitee", seat.email, {"seat": seat.uid})
    if not seats:
        _queue(uow, found, event, "invitee", "invitee", found.invitee_email, facts, due=due)
    _tell_guests(uow, found, event, facts, due)


def of_seat(uow: UnitOfWork, seen: Reservation, event: str) -> None:
    """Queue what follows when one invitee of a group comes or goes; ``seen`` is as this invitee sees it."""
    assert seen.seat is not None  # noqa: S101 - seen_by gave it
    if seen.unverified:
        return
    _queue(uow, seen, event, f"seat-{seen.seat}", "invitee", seen.invitee_email, {"seat": seen.seat})
    change = "leave" if event == "cancel" else "join"
    _tell_hosts(uow, seen, change, f"{change}/{seen.seat}", {"seat": seen.seat})
    webhooks.queue(uow, seen, change)


def of_seat_moved(uow: UnitOfWork, before: Reservation, seen: Reservation, left: Reservation) -> None:
    """Queue the mails when one invitee sits in another group than ``before``, both as this invitee sees them; ``left``:
    what the former has become.

    A mail carries one message for calendars, so that the invitee gets two: the event of the one goes, and that of the
    other comes.
    """
    assert seen.seat is not None  # noqa: S101 - seen_by gave it
    facts = {"seat": seen.seat, "former": before.uid, "former_start": before.start.isoformat()}
    if not uow.reservations.invited(seen)[0]:
        _queue(uow, before, "unseat", f"seat-{seen.seat}", "invitee", seen.invitee_email, facts)
    _queue(uow, seen, "reschedule", f"seat-{seen.seat}", "invitee", seen.invitee_email, facts)
    _tell_hosts(uow, seen, "reseat", f"reseat/{seen.seat}", facts)
    if not left.live:
        _tell_guests(uow, left, "cancel", {}, None)


def decline_counter(uow: UnitOfWork, seen: Reservation, key: str, proposed: datetime,
                    free: Sequence[datetime]) -> None:
    """Tell the invitee that the booking stays: it cannot be moved to ``proposed``; ``free`` are other starts.

    ``key`` names the proposal.
    """
    _queue(uow, seen, "decline-counter", "invitee", "invitee", seen.invitee_email, {
        "proposed": proposed.isoformat(), "free": [start.isoformat() for start in free],
        **({"seat": seen.seat} if seen.seat else {})}, f"decline-counter/{key}")


def _tell_hosts(uow: UnitOfWork, found: Reservation, event: str, key: str, facts: Mapping[str, object],
                due: datetime | None = None) -> None:
    for number, name in enumerate(found.hosts):
        host = uow.principals.get(name)
        if host is not None and host.email:
            _queue(uow, found, event, "host" if not number else f"host-{name}", "host", host.email,
                   {"host": name, **facts}, key, due)


def _tell_guests(uow: UnitOfWork, found: Reservation, event: str, facts: Mapping[str, object],
                 due: datetime | None) -> None:
    """Guests learn of a booking when it holds, and of what becomes of it if they know of it."""
    assert found.id is not None  # noqa: S101 - stored by now
    if found.status == "pending" or _TOLD_AS.get(event, event) not in TOLD["guest"]:
        return
    for number, guest in enumerate(found.guests):
        if found.live or uow.outbox.told(MAIL, found.id, guest):
            _queue(uow, found, event, f"guest-{number}", "guest", guest, facts, due=due)


def _queue(uow: UnitOfWork, found: Reservation, event: str, who: str, role: str, address: str,
           facts: Mapping[str, object], key: str = "", due: datetime | None = None) -> None:
    uow.outbox.add(MAIL, f"{found.uid}/{found.sequence}/{key or event}/{who}", address,
                   {"event": _TOLD_AS.get(event, event), "to": role, "uid": found.uid, "sequence": found.sequence,
                    **facts}, found.id, due)
