"""The host's diary: bookable hours, busy times and reservations as one event type sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain import civil, hours, slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.services import available
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.holidays import days_off

if TYPE_CHECKING:
    from radicale_booking.domain.reservation import Reservation
    from radicale_booking.store.unit_of_work import UnitOfWork

_DAY = timedelta(days=1)
_ANY_MIDNIGHT = datetime(2000, 1, 1)  # noqa: DTZ001 - wall times are naive
_LONGEST_RUN = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom a diary is read: ``excepted`` is a reservation that is about to move, ``seat`` one of a group as the
    invitee sees it who is about to sit elsewhere."""

    excepted: Reservation | None = None
    seat: Reservation | None = None


def zone_of(principal: Principal, event_type: EventType) -> ZoneInfo:
    """The zone whose wall clock an event type's rules mean."""
    return ZoneInfo(event_type.timezone or principal.timezone)


def diary(app: Adapters, uow: UnitOfWork, principal: Principal, event_type: EventType, frame: Interval,
          asked: Asked = Asked(), *, causes: bool = True) -> slots.Diary:
    """What decides about starts in ``frame``; with ``causes`` also what makes time busy.

    Of each it holds what lies beyond ``frame`` as far as the rules look: a window that began earlier, a month's limit.
    """
    wide = Interval(frame.start - _DAY, frame.end + _DAY)
    # No two starts further apart than this can get into each other's way.
    reach = Interval(frame.start - event_type.occupied, frame.end + event_type.occupied)
    excepted = asked.excepted.uid if asked.excepted is not None else None
    return slots.Diary(
        windows=_windows(app, uow, principal, event_type, wide),
        busy=(_busy(app, uow, principal, event_type, reach, asked)
              if causes or asked.excepted is not None or event_type.seats > 1 else
              _busy_spans(uow, principal, event_type, reach)),
        occupancies=[slots.Busy(row.interval, f"reservation {row.uid}")
                     for row in uow.reservations.occupancies(principal.name, reach) if row.uid != excepted],
        booked=_booked(uow, event_type, wide, excepted),
        zone=zone_of(principal, event_type),
        seats_taken=_seats_taken(uow, event_type, reach, asked),
    )


def event_href(calendar_uid: str) -> str:
    """The name that a reservation's event gets in the host's calendar."""
    return f"{calendar_uid}.ics"


def _busy_spans(uow: UnitOfWork, principal: Principal, event_type: EventType, frame: Interval) -> list[slots.Busy]:
    """The busy times where reservations' own events make no difference: their occupancies close the same time."""
    assert principal.id is not None  # noqa: S101 - read from the store
    # Where a booking with its buffers does not fit in between, nothing is offered.
    spans = uow.instances.busy_spans(principal.id, frame, _blocking(principal, event_type), event_type.occupied)
    return [slots.Busy(span) for span in spans]


def _blocking(principal: Principal, event_type: EventType) -> set[str]:
    """A choice among one host's calendars says nothing about those of the others in a team."""
    return {path for path in event_type.blocking_calendars if path.partition("/")[0] == principal.name}


def _busy(app: Adapters, uow: UnitOfWork, principal: Principal, event_type: EventType, frame: Interval,
          asked: Asked) -> list[slots.Busy]:
    """The busy times; a reservation's own event is none where its occupancy stands for it.

    Other times of that event, as when the host made it repeat, are.
    """
    assert principal.id is not None  # noqa: S101 - read from the store
    occupied: dict[str, list[Interval]] = {}
    for row in uow.reservations.occupancies(principal.name, frame):
        occupied.setdefault(row.calendar_uid, []).append(row.interval)
    moving = asked.excepted
    blocking = _blocking(principal, event_type)
    found = []
    for busy in uow.instances.busy(principal.id, frame):
        if blocking and busy.collection_path not in blocking:
            continue
        if any(taken.contains(busy.interval) for taken in occupied.get(busy.uid, ())):
            continue
        if moving is not None and moving.series is None and busy.uid == moving.calendar_uid:
            continue
        found.append(slots.Busy(busy.interval, busy.summary or f"/{busy.collection_path}/{busy.href}"))
    unread = available.problem(app, principal, frame)
    return [*found, slots.Busy(frame, unread)] if unread else found


def _windows(app: Adapters, uow: UnitOfWork, principal: Principal, event_type: EventType,
             frame: Interval) -> Sequence[slots.Window]:
    assert principal.id is not None  # noqa: S101 - read from the store
    if event_type.closed:
        return ()
    zone = zone_of(principal, event_type)
    titles = uow.instances.titles(principal.id)
    # A grid begins where adjoining windows begin, so the whole run of them is read: any frame gives the same grid.
    whole, rows = uow.instances.windows(principal.id, frame, _LONGEST_RUN)
    found = hours.windows_for(event_type, uow.event_types.all(principal.name),
                              [(row.summary, slots.Window(row.interval, ZoneInfo(row.zone) if row.zone else zone,
                                                          row.href)) for row in rows if not row.all_day], titles)
    combined = available.within(app, principal, whole)
    if combined is not None and not titles:
        found = [slots.Window(part, zone, available.CAUSE, _grid_start(part, zone))
                 for part in combined.available]
    unavailable = [gap.interval for gap in combined.unavailable] if combined is not None else []
    return hours.opened(
        found, {day: times for day, times in event_type.date_overrides.items() if _meets(day, zone, whole)}, zone,
        days_off=days_off(principal.holidays, whole.start.date() - _DAY, whole.end.date() + _DAY),
        closed=unavailable + [row.interval for row in uow.instances.all_day(principal.id, whole)
                              if hours.is_closing(row.summary or "", row.categories or "")])


def _grid_start(available: Interval, zone: ZoneInfo) -> datetime | None:
    """Where time available for longer than a day begins depends on the frame, so its grid begins at midnight."""
    return civil.to_utc(_ANY_MIDNIGHT, zone) if available.length > _DAY else None


def _meets(day: date, zone: ZoneInfo, frame: Interval) -> bool:
    whole = civil.day(day, zone)
    return whole is not None and whole.overlaps(frame)


def _booked(uow: UnitOfWork, event_type: EventType, frame: Interval, excepted: str | None) -> Sequence[Interval]:
    if not event_type.limits:
        return ()
    month = Interval(frame.start - 31 * _DAY, frame.end + 31 * _DAY)
    return uow.reservations.booked(event_type, month, excepted)


def _seats_taken(uow: UnitOfWork, event_type: EventType, frame: Interval, asked: Asked) -> dict[datetime, int]:
    if event_type.seats == 1:
        return {}
    taken, excepted = uow.seats.taken(event_type, frame), asked.excepted
    if asked.seat is not None:
        # Nobody has two seats.
        taken |= dict.fromkeys(uow.seats.starts_of(event_type, frame, asked.seat.invitee_email), event_type.seats)
        return {start: count for start, count in taken.items() if excepted is None or start != excepted.start}
    if excepted is None:
        return taken
    # A group that moves does not join another.
    return {start: event_type.seats for start in taken if start != excepted.start}
