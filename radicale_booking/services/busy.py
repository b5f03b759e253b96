"""When a person is busy, whatever for: what others may see of it, and what decides about an invitation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking import again
from radicale_booking.domain import civil, hours
from radicale_booking.domain.interval import Interval, merge
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import NotFound
from radicale_booking.services import available
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.holidays import days_off

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BusyTime:
    """``kind`` is an FBTYPE (RFC 5545 §3.2.9)."""

    interval: Interval
    kind: str


def times(app: Adapters, uow: UnitOfWork, principal: Principal, frame: Interval,
          excepted: tuple[str, str] | None = None) -> list[BusyTime]:
    """What takes the principal's time within ``frame``, in order; without the item ``excepted``, its collection's path
    and its href.

    Events and reservations with their buffers; days away, public holidays, and time that is not available (RFC 7953).
    """
    assert principal.id is not None  # noqa: S101 - read from the store
    found = [BusyTime(row.interval, row.busy_type) for row in uow.instances.busy(principal.id, frame)
             if (row.collection_path, row.href) != excepted]
    found += [BusyTime(row.interval, "BUSY") for row in uow.reservations.occupancies(principal.name, frame)]
    closed = [row.interval for row in uow.instances.all_day(principal.id, frame)
              if hours.is_closing(row.summary or "", row.categories or "")]
    closed += _holidays(principal, frame)
    found += [BusyTime(interval, "BUSY-UNAVAILABLE") for interval in closed]
    found += _unavailable(app, principal, frame)
    return sorted((BusyTime(Interval(max(one.interval.start, frame.start), min(one.interval.end, frame.end)), one.kind)
                   for one in found if one.interval.overlaps(frame)), key=lambda one: (one.interval, one.kind))


def merged(found: Iterable[BusyTime]) -> list[tuple[str, Interval]]:
    """FBTYPE and time, in order, those of one kind that touch as one."""
    by_kind = sorted(found, key=lambda one: one.kind)
    periods = [(kind, period) for kind, of_kind in groupby(by_kind, key=lambda one: one.kind)
               for period in merge(one.interval for one in of_kind)]
    return sorted(periods, key=lambda one: one[1])


@again.if_undone
def published(app: Adapters, email: str, frame: Interval) -> list[tuple[str, Interval]]:
    """When the host with the address is busy. Raises ``NotFound``, also where that is not for everybody."""
    with app.store.read(at_replica=True) as uow:
        principal = uow.principals.by_email(email)
        if principal is None or not principal.free_busy_url:
            raise NotFound("free-busy", email)
        return merged(times(app, uow, principal, frame))


def _holidays(principal: Principal, frame: Interval) -> list[Interval]:
    zone = ZoneInfo(principal.timezone)
    return [civil_day for day in days_off(principal.holidays, frame.start.date() - _DAY, frame.end.date() + _DAY)
            if (civil_day := civil.day(day, zone)) is not None and civil_day.overlaps(frame)]


def _unavailable(app: Adapters, principal: Principal, frame: Interval) -> list[BusyTime]:
    combined = available.within(app, principal, frame)
    gaps = combined.unavailable if combined is not None else ()
    return [BusyTime(gap.interval, gap.busy_type) for gap in gaps]
