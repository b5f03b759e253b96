"""Reminders before a booking and what follows it: planned with each change, made mail when due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.domain.reservation import Reservation
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.outbox import OutboxRow
    from radicale_booking.store.unit_of_work import UnitOfWork

KIND = "reminder"
#: A follow-up that is later than this says nothing any more; a reminder does as long as the booking has not begun.
FOLLOW_UP_USEFUL = timedelta(days=3)
#: What can befall a booking before anything was planned.
_FIRST = frozenset({"book", "request"})
_MINUTE = timedelta(minutes=1)
_BATCH = 100
_LEASE = timedelta(seconds=60)
_ACTOR = "upkeep"


def plan(uow: UnitOfWork, found: Reservation, event: str) -> None:
    """Plan what is to come of ``found`` after ``event`` in place of what was planned before."""
    together = uow.reservations.of_object(found.calendar_uid) if found.series and event in _FIRST else ()
    event_type = uow.reservations.event_type_of(found)
    for booked in together or (found,):
        assert booked.id is not None  # noqa: S101 - stored by now
        if event not in _FIRST:
            uow.outbox.forget(KIND, booked.id)
        if booked.status != "confirmed":
            continue
        # In the order in which they are due, so that a later row is a later reminder.
        times = {f"remind/{lead // _MINUTE}": booked.start - lead
                 for lead in sorted(event_type.reminders, reverse=True)}
        if event_type.follow_up is not None:
            times["follow-up"] = booked.end + event_type.follow_up
        for name, due in times.items():
            if due > uow.now:
                uow.outbox.add(KIND, f"{booked.uid}/{booked.sequence}/{name}", booked.uid,
                               {"event": name.partition("/")[0], "uid": booked.uid}, booked.id, due)


@again.if_undone
def queue_due(app: Adapters) -> int:
    """Turn what is due into mail; how many reminders there were. Each batch is one transaction."""
    count = 0
    while _any_due(app):
        with app.store.write(actor=_ACTOR) as uow:
            rows = uow.outbox.claim(KIND, _ACTOR, _BATCH, _LEASE)
            for row in rows:
                uow.outbox.sent(row.id, None if _tell(uow, row) else "not sent: it is too late")
            if not rows:
                break
            count += len(rows)
    return count


def useful(event: str, booked: Reservation, due: datetime, now: datetime) -> bool:
    """Whether what was ``due`` then still says something ``now``."""
    return booked.status == "confirmed" and now < (booked.start if event == "remind" else due + FOLLOW_UP_USEFUL)


def _any_due(app: Adapters) -> bool:
    with app.store.read() as uow:
        return uow.outbox.waits(KIND)


def _tell(uow: UnitOfWork, row: OutboxRow) -> bool:
    """Queue the mails of one reminder; whether it is of use."""
    booked = uow.reservations.get_by_uid(str(row.payload["uid"]))
    event = str(row.payload["event"])
    if booked is None or not useful(event, booked, row.due, uow.now) or _outdone(uow, row):
        return False
    assert booked.id is not None  # noqa: S101 - read from the store
    seats = uow.seats.of(booked.id)
    readers: list[tuple[str, str, dict[str, str]]] = [
        ("invitee", seat.email, {"seat": seat.uid}) for seat in seats] or [("invitee", booked.invitee_email, {})]
    if event == "remind":
        readers += [("guest", guest, {}) for guest in booked.guests]
    for number, (role, address, facts) in enumerate(readers):
        uow.outbox.add("mail", f"{row.delivery_key}/{number}", address,
                       {"event": event, "to": role, "uid": booked.uid, "sequence": booked.sequence, **facts}, booked.id)
    return True


def _outdone(uow: UnitOfWork, row: OutboxRow) -> bool:
    """Whether a later one of the same booking is due as well."""
    return any(other.due <= uow.now for other in uow.outbox.later(row.id))
