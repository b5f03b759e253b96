"""Event types of a host."""

from __future__ import annotations

import builtins
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from radicale_booking import again
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import InvalidEventType, NotFound
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.offers import host_of

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_FIXED = frozenset({"id", "origin"})


@again.if_undone
def add(app: Adapters, event_type: EventType) -> EventType:
    """Raises ``NotFound`` for an unknown host, ``InvalidEventType`` when the slug is in use."""
    with app.store.write(actor="command", principal=event_type.host) as uow:
        host_of(uow, event_type.host)
        _check(app, uow, event_type)
        uow.audit.add("event type add", f"{event_type.host}/{event_type.slug}")
        earlier = uow.event_types.get(event_type.host, event_type.slug)
        if earlier is None:
            return uow.event_types.add(event_type)
        if not _dormant(earlier):
            raise InvalidEventType("slug", event_type.slug, "is in use", "choose another")
        added = replace(event_type, id=earlier.id)
        uow.event_types.update(added)
        return added


@again.if_undone
def set(app: Adapters, host: str, slug: str, unset: Collection[str] = (), **fields: Any) -> EventType:
    """Change ``fields`` of ``EventType`` and give those in ``unset`` their defaults.

    Raises ``NotFound`` or ``InvalidEventType``.
    """
    fixed = _FIXED & fields.keys()
    if fixed:
        raise InvalidEventType(sorted(fixed)[0], "", "cannot be changed", "add another event type")
    with app.store.write(actor="command", principal=host) as uow:
        present = _get(uow, host, slug)
        plain = EventType(host, slug, present.title, present.duration)
        changed = replace(present, **({name: getattr(plain, name) for name in unset} | fields))
        _check(app, uow, changed)
        uow.event_types.update(changed)
        uow.audit.add("event type set", f"{host}/{slug}", {"fields": sorted({*fields, *unset})})
        return changed


@again.if_undone
def list(app: Adapters, host: str) -> builtins.list[EventType]:
    """All of ``host``, hidden ones included. Raises ``NotFound``."""
    with app.store.read() as uow:
        host_of(uow, host)
        return uow.event_types.all(host)


@again.if_undone
def show(app: Adapters, host: str, slug: str) -> EventType:
    """Raises ``NotFound``."""
    with app.store.read() as uow:
        return _get(uow, host, slug)


@again.if_undone
def remove(app: Adapters, host: str, slug: str) -> None:
    """Remove it. One that was ever booked lies dormant instead, for its reservations stay: it is offered again only
    when its title is drawn into the bookable hours. Raises ``NotFound``."""
    with app.store.write(actor="command", principal=host) as uow:
        event_type = _get(uow, host, slug)
        assert event_type.id is not None  # noqa: S101 - read from the store
        if uow.event_types.booked(event_type.id):
            uow.event_types.update(replace(event_type, closed=True, origin="calendar"))
        else:
            uow.event_types.remove(event_type.id)
        uow.audit.add("event type remove", f"{host}/{slug}")


def _dormant(event_type: EventType) -> bool:
    return event_type.closed and event_type.origin == "calendar"


def _check(app: Adapters, uow: UnitOfWork, event_type: EventType) -> None:
    """Raises ``NotFound`` for a team's host who is none, ``InvalidEventType`` for a calendar that is not there and for
    mail that cannot be sent."""
    if event_type.confirm_email and app.mailer is None:
        raise InvalidEventType("confirm_email", "", "no mail can be sent, so nobody could book",
                               "set [mail] host in the configuration")
    for host in event_type.team.hosts if event_type.team is not None else ():
        host_of(uow, host)
    for path in (*event_type.blocking_calendars, event_type.target_calendar):
        calendar = uow.collections.get(path) if path else None
        if path and (calendar is None or calendar.tag != "VCALENDAR"):
            raise InvalidEventType("calendar", path, "is not a calendar", "give its path, such as ada/calendar")


def _get(uow: UnitOfWork, host: str, slug: str) -> EventType:
    host_of(uow, host)
    found = uow.event_types.get(host, slug)
    if found is None:
        raise NotFound("event type", slug)
    return found
