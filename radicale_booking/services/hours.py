"""The host's diary: bookable hours, busy times and reservations as one event type sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain import hours, slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_DAY = timedelta(days=1)
_STRETCH = timedelta(days=14)
_LONGEST_RUN = timedelta(days=366)


def diary(uow: UnitOfWork, principal: Principal, event_type: EventType, frame: Interval,
          except_uid: str | None = None) -> slots.Diary:
    """What decides about starts in ``frame``, without the reservation ``except_uid``.

    It reaches beyond ``frame`` as far as the rules look: a window that began earlier, buffers, a month's limit.
    """
    assert principal.id is not None  # noqa: S101 - read from the store
    wide = Interval(frame.start - _DAY, frame.end + _DAY)
    reach = Interval(wide.start - event_type.buffer_before - event_type.duration,
                     wide.end + event_type.buffer_after + event_type.duration)
    zone = ZoneInfo(principal.timezone)
    occupied = uow.reservations.occupancies(principal.name, reach)
    return slots.Diary(
        windows=_windows(uow, principal.id, event_type, wide, zone),
        busy=_busy(uow, principal.id, reach, {event_href(row.uid): row.interval for row in occupied}, except_uid),
        occupancies=[slots.Busy(row.interval, f"reservation {row.uid}") for row in occupied if row.uid != except_uid],
        booked_starts=_booked_starts(uow, event_type, wide, except_uid),
        zone=zone,
        seats_taken=_seats_taken(uow, event_type, reach, except_uid),
    )


def event_href(uid: str) -> str:
    """The name that a reservation's event gets in the host's calendar."""
    return f"{uid}.ics"


def _busy(uow: UnitOfWork, principal_id: int, frame: Interval, occupied: Mapping[str, Interval],
          except_uid: str | None) -> list[slots.Busy]:
    """The busy times; a reservation's own event is none where its occupancy (``occupied``: href -> it) stands for it.

    Other times of that event, as when the host made it repeat, are.
    """
    excepted = event_href(except_uid) if except_uid is not None else None
    return [slots.Busy(row.interval, row.summary or f"/{row.collection_path}/{row.href}")
            for row in uow.instances.busy(principal_id, frame)
            if row.href != excepted and not (row.href in occupied and occupied[row.href].contains(row.interval))]


def _windows(uow: UnitOfWork, principal_id: int, event_type: EventType, frame: Interval,
             zone: ZoneInfo) -> Sequence[slots.Window]:
    titles = uow.instances.titles(principal_id)
    if event_type.origin == "calendar" and not any(hours.matches(event_type, title) for title in titles):
        return ()  # it lives by its own windows and has none left
    # A grid begins where adjoining windows begin, so the whole run of them is read: any frame gives the same grid.
    rows = uow.instances.windows(principal_id, frame)
    for _ in range(_LONGEST_RUN // _STRETCH):
        if not any(row.interval.start <= frame.start for row in rows):
            break
        frame = Interval(min(row.interval.start for row in rows) - _STRETCH, frame.end)
        rows = uow.instances.windows(principal_id, frame)
    closed = [row.interval for row in uow.instances.all_day(principal_id, frame)
              if hours.is_closing(row.summary or "", row.categories or "")]
    return hours.windows_for(event_type, uow.event_types.all(event_type.host),
                             rows=[(row.interval, row.summary, row.href) for row in rows if not row.all_day],
                             closed=closed, zone=zone, own_titles=titles)


def _booked_starts(uow: UnitOfWork, event_type: EventType, frame: Interval,
                   except_uid: str | None) -> Sequence[datetime]:
    if (event_type.limit_per_day, event_type.limit_per_week, event_type.limit_per_month) == (None, None, None):
        return ()
    assert event_type.id is not None  # noqa: S101 - read from the store
    month = Interval(frame.start - 31 * _DAY, frame.end + 31 * _DAY)
    return uow.reservations.starts(event_type.id, month, except_uid)


def _seats_taken(uow: UnitOfWork, event_type: EventType, frame: Interval,
                 except_uid: str | None) -> dict[datetime, int]:
    if event_type.seats == 1:
        return {}
    assert event_type.id is not None  # noqa: S101 - read from the store
    taken = uow.reservations.seats_taken(event_type.id, frame)
    excepted = uow.reservations.get_by_uid(except_uid) if except_uid else None
    if excepted is not None:
        taken.pop(excepted.start, None)
    return taken
