"""A series that a host's program cuts in two.

To change "this and all that follow" most programs shorten the object and write a new one, with a UID of its own, for
the rest. The two come one after the other, in either order; together they end no booking.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from radicale_booking.domain.booked_event import EventChange
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidCalendar
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

#: How long after the one object the other may come; so long nobody is told that the rest is cancelled.
PATIENCE = timedelta(minutes=2)


def goes_on(app: Adapters, uow: UnitOfWork, principal: Principal, uid: str, text: str) -> bool:
    """Whether the new object ``uid`` is the rest of a series of ``principal``; then its reservations belong to it, if
    they were cut off before."""
    if "\nATTENDEE" not in text:
        return False
    ahead = uow.reservations.series_ahead(principal.name, uow.now - PATIENCE)
    for _, found in groupby(ahead, key=lambda one: one.series):
        series = list(found)
        cut = [one for one in series if not one.live and _ended_by_host(uow, one)]
        changes = _changes(app, uid, text, series[0])
        if changes is None:
            continue
        if cut and len(cut) == len(changes):
            take_over(uow, uid, cut, changes)
            return True
        live = [one for one in series if one.live]
        head, rest = live[:-len(changes)], live[-len(changes):]
        if head and len(rest) == len(changes) and head[-1].start < changes[0].start:
            return True
    return False


def rest_of(app: Adapters, uow: UnitOfWork, principal: Principal,
            gone: Sequence[Reservation]) -> tuple[str, list[EventChange]] | None:
    """The object that was written a moment ago for ``gone``, the end of a series: its UID and its occurrences."""
    assert principal.id is not None  # noqa: S101 - read from the store
    for item in uow.items.written_since(principal.id, uow.now - PATIENCE):
        if item.uid != gone[0].calendar_uid and not uow.reservations.of_object(item.uid):
            changes = _changes(app, item.uid, item.text, gone[0])
            if changes is not None and len(changes) == len(gone):
                return item.uid, changes
    return None


def take_over(uow: UnitOfWork, uid: str, cut: Sequence[Reservation],
              changes: Sequence[EventChange]) -> list[Reservation]:
    """Let the object ``uid`` stand for ``cut``, one occurrence each."""
    taken = [replace(found, object_uid=uid, recurrence=change.recurrence or change.start)
             for found, change in zip(cut, changes, strict=True)]
    for found in taken:
        uow.reservations.set_state(found)
    return taken


def _changes(app: Adapters, uid: str, text: str, booked: Reservation) -> list[EventChange] | None:
    """The occurrences of the object that its invitee takes part in; None where it is about something else."""
    try:
        if f"mailto:{booked.invitee_email.lower()}" not in app.scheduling.read(text).everyone():
            return None
        return [change for change in app.calendar.read_changes(text, uid) if not change.removed] or None
    except InvalidCalendar:
        return None


def _ended_by_host(uow: UnitOfWork, found: Reservation) -> bool:
    return uow.audit.last_actor(found.uid, "cancel") in found.hosts
