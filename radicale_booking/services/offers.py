"""What is offered of an event type, and by whom: one host, a whole team or the member whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking.domain import slots
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.team import choose
from radicale_booking.errors import Conflict, NotFound, SlotTaken
from radicale_booking.services import hours
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.hours import Asked

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_MOMENT = timedelta(minutes=1)
_NEARBY = timedelta(days=14)
NOBODY = Asked()

#: Those who meet, the organizer first.
Hosts = tuple[Principal, ...]


def offered(app: Adapters, uow: UnitOfWork, event_type: EventType, frame: Interval,
            asked: Asked = NOBODY) -> list[slots.Slot]:
    """The slots that start in ``frame`` for at least one choice of hosts, in order."""
    found: dict[datetime, slots.Slot] = {}
    for hosts in _choices(uow, event_type, asked):
        earliest, latest = slots.bookable_period(event_type, uow.now, hours.zone_of(hosts[0], event_type))
        begin, end = max(frame.start, earliest), min(frame.end, latest)
        if begin >= end:
            continue
        diary = _diary(app, uow, hosts, event_type, Interval(begin, end), asked, causes=False)
        for slot in slots.offered(event_type, diary, uow.now, frame):
            found.setdefault(slot.start, slot)
    return [found[start] for start in sorted(found)]


def explain(app: Adapters, uow: UnitOfWork, event_type: EventType, start: datetime) -> list[slots.Verdict]:
    """Every rule's verdict, for each choice of hosts; offered iff all of one choice pass."""
    frame = Interval(start, start + _MOMENT)
    verdicts: list[slots.Verdict] = []
    choices = _choices(uow, event_type, NOBODY)
    for hosts in choices:
        diary = _diary(app, uow, hosts, event_type, frame, NOBODY, causes=True)
        found = slots.explain(event_type, diary, uow.now, start)
        verdicts += [replace(verdict, host=hosts[0].name) for verdict in found] if len(choices) > 1 else found
    return verdicts


def assign(app: Adapters, uow: UnitOfWork, event_type: EventType, starts: Sequence[datetime],
           asked: Asked = NOBODY) -> Hosts:
    """Who is booked at all of ``starts``. Raises ``SlotTaken`` (without alternatives) when nobody can be."""
    found = free(app, uow, event_type, starts, asked)
    # Who moves a booking takes no turn; its hosts may have left the team since.
    return found[0] if asked.excepted is not None else _chosen(uow, event_type, found)


def free(app: Adapters, uow: UnitOfWork, event_type: EventType, starts: Sequence[datetime],
         asked: Asked = NOBODY) -> list[Hosts]:
    """Every choice of hosts that can be booked at all of ``starts``, one at least.

    Raises ``SlotTaken`` (without alternatives): of several choices the one that came nearest says why.
    """
    refused: list[SlotTaken] = []
    found: list[Hosts] = []
    for hosts in _choices(uow, event_type, asked):
        try:
            for start in starts:
                check(app, uow, hosts, event_type, start, asked)
        except SlotTaken as error:
            refused.append(error)
        else:
            found.append(hosts)
    if not found:
        raise max(refused, key=lambda error: slots.RULES.index(error.rule))
    return found


def check(app: Adapters, uow: UnitOfWork, hosts: Hosts, event_type: EventType, start: datetime,
          asked: Asked = NOBODY) -> None:
    """Raises ``SlotTaken`` (without alternatives) when ``hosts`` cannot be booked at ``start``."""
    moment = Interval(start, start + _MOMENT)
    diary = _diary(app, uow, hosts, event_type, moment, asked, causes=False)
    if not any(slot.start == start for slot in slots.offered(event_type, diary, uow.now, moment)):
        diary = _diary(app, uow, hosts, event_type, moment, asked, causes=True)
        verdicts = slots.explain(event_type, diary, uow.now, start)
        raise SlotTaken(start, rule=next((verdict.rule for verdict in verdicts if not verdict.passed), "grid"))


def taken(app: Adapters, uow: UnitOfWork, event_type: EventType, start: datetime, refused: Conflict,
          asked: Asked = NOBODY) -> SlotTaken:
    """``refused`` as ``SlotTaken`` with the free starts nearest to ``start``."""
    earliest, latest = slots.bookable_period(event_type, uow.now, ZoneInfo("UTC"))
    near = min(max(start, earliest), max(latest, earliest))
    frame = Interval(near - _NEARBY, near + _NEARBY)
    free = [slot for slot in offered(app, uow, event_type, frame, asked) if slot.start != start]
    rule = refused.rule if isinstance(refused, SlotTaken) else "occupancy"
    return SlotTaken(start, tuple(slots.nearest(free, start)), rule)


def host_of(uow: UnitOfWork, name: str) -> Principal:
    """Raises ``NotFound`` when ``name`` is not a host."""
    principal = uow.principals.get(name)
    if principal is None or not principal.host:
        raise NotFound("host", name)
    return principal


def _choices(uow: UnitOfWork, event_type: EventType, asked: Asked) -> list[Hosts]:
    """Every set of hosts that could be booked; a reservation that moves keeps its own."""
    if asked.excepted is not None:
        return [tuple(host_of(uow, name) for name in asked.excepted.hosts)]
    team = event_type.team
    if team is None:
        return [(host_of(uow, event_type.host),)]
    members = [host_of(uow, name) for name in team.hosts]
    return [tuple(members)] if team.collective else [(member,) for member in members]


def _diary(app: Adapters, uow: UnitOfWork, hosts: Hosts, event_type: EventType, frame: Interval,
           asked: Asked, *, causes: bool) -> slots.Diary:
    return slots.combined([hours.diary(app, uow, host, event_type, frame, asked, causes=causes) for host in hosts])


def _chosen(uow: UnitOfWork, event_type: EventType, free: Iterable[Hosts]) -> Hosts:
    """The one whose turn it is; the audit trail says why."""
    by_name = {hosts[0].name: hosts for hosts in free}
    if event_type.team is None or event_type.team.collective:
        return next(iter(by_name.values()))
    turns = [turn for name, turn in uow.reservations.turns(event_type).items() if name in by_name]
    turn = choose(event_type.team, turns)
    uow.audit.add("assign", f"{event_type.host}/{event_type.slug}", {
        "host": turn.host, "strategy": event_type.team.strategy,
        "free": {other.host: {"bookings": other.bookings, "last": other.last} for other in turns}})
    return by_name[turn.host]
