"""What drawing bookable hours in a calendar program does: event types come, go and get their rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from radicale_booking import again
from radicale_booking.domain import hours, window_settings
from radicale_booking.domain.event_type import EventType, slugify
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.location import Location, parse
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.window_settings import Problem, WindowSettings
from radicale_booking.errors import InvalidEventType
from radicale_booking.services import available
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.offers import host_of

if TYPE_CHECKING:
    from radicale_booking.store.collections import CollectionRow
    from radicale_booking.store.unit_of_work import UnitOfWork

_LOOKED_AT = timedelta(days=366)
DEFAULT_DURATION = timedelta(minutes=30)
_LONGEST_TITLE = 200
_LONGEST_SLUG = 60


def changed(app: Adapters, uow: UnitOfWork, principal: Principal, collection: CollectionRow, uid: str,
            old_text: str | None, new_text: str | None) -> None:
    """Make, revive and close the event types that live by the windows' titles, and give them their rules.

    The item ``uid`` in the bookable hours was written or (``new_text`` None) removed. Lines that cannot be read are
    kept for the host to see, who is told by mail.
    """
    before, after = _described(app, old_text), _described(app, new_text)
    event_types = {found.slug: found for found in uow.event_types.all(principal.name)}
    for title in after:
        if not hours.is_generic(title):
            found = _opened(uow, principal, title, event_types.values())
            event_types[found.slug] = found
    _close_lost(uow, principal, event_types, before.keys() - after.keys())
    unread: list[Problem] = []
    for found in event_types.values():
        said_before, said_now = _said_of(found, before), _said_of(found, after)
        if found.origin == "calendar" and not found.closed and said_before != said_now:
            elsewhere = _elsewhere(app, uow, collection, uid, found)
            unread += _set_rules(app, uow, found, said_before, said_now, elsewhere)
    if new_text is not None:
        _report(uow, principal, collection, uid, unread)


@again.if_undone
def problems(app: Adapters, host: str) -> list[Problem]:
    """The lines in the host's bookable hours that could not be read. Raises ``NotFound``."""
    with app.store.read() as uow:
        principal = host_of(uow, host)
        assert principal.id is not None  # noqa: S101 - read from the store
        return uow.window_problems.of_host(principal.id)


@again.if_undone
def unreadable(app: Adapters, host: str) -> list[tuple[str, str]]:
    """The objects in the host's calendars that could not be read, and so block the time they may cover: address and
    reason; also an availability of that kind. Raises ``NotFound``."""
    with app.store.read() as uow:
        principal = host_of(uow, host)
        assert principal.id is not None  # noqa: S101 - read from the store
        unread = available.problem(app, principal, Interval(uow.now, uow.now + _LOOKED_AT))
        return uow.instances.unreadable(principal.id) + ([(f"/{principal.name}/inbox", unread)] if unread else [])


def _described(app: Adapters, text: str | None) -> dict[str, str]:
    """Title -> descriptions of the windows that ``text`` describes."""
    found: dict[str, str] = {}
    for window in app.calendar.windows(text) if text is not None else ():
        title = _title(window.title)
        found[title] = "\n".join(filter(None, (found.get(title), window.description)))
    return found


def _title(summary: str) -> str:
    return " ".join(summary.split())[:_LONGEST_TITLE].strip()


def _said_of(event_type: EventType, described: Mapping[str, str]) -> str:
    return "\n".join(text for title, text in described.items() if hours.matches(event_type, title))


def _elsewhere(app: Adapters, uow: UnitOfWork, collection: CollectionRow, uid: str, event_type: EventType) -> str:
    """What the other items in the bookable hours say of ``event_type``."""
    return "\n".join(_said_of(event_type, _described(app, item.text)) for item in uow.items.all(collection.id)
                     if item.uid != uid and "DESCRIPTION" in item.text)


def _opened(uow: UnitOfWork, principal: Principal, title: str, event_types: Collection[EventType]) -> EventType:
    """The event type of a window titled ``title``: the one that there is, that comes back, or that is made."""
    known = next((found for found in event_types if hours.matches(found, title)), None)
    if known is None:
        return _create(uow, principal, title, event_types)
    if known.closed and known.origin == "calendar":
        known = replace(known, closed=False)
        uow.event_types.update(known)
        uow.audit.add("event type revive", f"{principal.name}/{known.slug}")
    return known


def _set_rules(app: Adapters, uow: UnitOfWork, event_type: EventType, before: str, now: str,
               elsewhere: str) -> list[Problem]:
    """What a line says now counts; what none says any more is as it was made."""
    settings = _possible(app, window_settings.read(now))
    said = _fields(settings.fields)
    dropped = _fields(window_settings.read(before).fields).keys() - said.keys()
    others = _fields(_possible(app, window_settings.read(elsewhere)).fields) if dropped else {}
    plain = EventType(event_type.host, event_type.slug, event_type.title, DEFAULT_DURATION, origin="calendar")
    base = {name: others.get(name, getattr(plain, name)) for name in dropped}
    ruled, contradictions = _ruled(event_type, plain, base, settings.fields)
    if ruled != event_type:
        uow.event_types.update(ruled)
        uow.audit.add("event type set", f"{ruled.host}/{ruled.slug}",
                      {"fields": sorted({*base, *said}), "origin": "calendar"})
    return [*settings.problems, *contradictions]


def _possible(app: Adapters, settings: WindowSettings) -> WindowSettings:
    """``settings`` without what this site cannot do."""
    if app.mailer is not None or not settings.fields.get("confirm_email"):
        return settings
    return WindowSettings({name: value for name, value in settings.fields.items() if name != "confirm_email"}, (
        *settings.problems, Problem("verify: yes", "no mail can be sent, so nobody could book",
                                    "ask your sysadmin to set [mail] host")))


def _ruled(event_type: EventType, plain: EventType, base: Mapping[str, Any],
           settings: Mapping[str, Any]) -> tuple[EventType, list[Problem]]:
    """``event_type`` with ``base`` and ``settings``; where some contradict each other, with those that came first."""
    said = _fields(settings)
    try:
        return replace(event_type, **{**base, **said}), []
    except InvalidEventType:
        steps = [{**base, **{name: getattr(plain, name) for name in said}}]
        steps += [_fields({name: value}) for name, value in settings.items()]
    ruled, problems = event_type, []
    for fields in steps:
        try:
            ruled = replace(ruled, **fields)
        except InvalidEventType as error:
            problems.append(Problem(f"{error.name}: {error.value}", error.problem, error.remedy))
    return ruled, problems


def _fields(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as fields of ``EventType``."""
    fields = dict(settings)
    durations = fields.pop("durations", None)
    if durations:
        fields |= {"duration": durations[0], "other_durations": tuple(durations[1:])}
    if "location" in fields:
        place: Location = parse(fields.pop("location"))
        fields["locations"] = (place,)
    return fields


def _close_lost(uow: UnitOfWork, principal: Principal, event_types: dict[str, EventType],
                titles: Iterable[str]) -> None:
    assert principal.id is not None  # noqa: S101 - read from the store
    lost = list(titles)
    present = [_title(title) for title in uow.instances.titles(principal.id)] if lost else []
    for found in list(event_types.values()):
        lives = any(hours.matches(found, title) for title in present)
        if found.origin == "calendar" and not lives and any(hours.matches(found, title) for title in lost):
            event_types[found.slug] = replace(found, closed=True)
            uow.event_types.update(event_types[found.slug])
            uow.audit.add("event type close", f"{principal.name}/{found.slug}")


def _create(uow: UnitOfWork, principal: Principal, title: str, event_types: Iterable[EventType]) -> EventType:
    slugs = {found.slug for found in event_types}
    stem = slugify(title)[:_LONGEST_SLUG].strip("-") or "event"
    slug, number = stem, 1
    while slug in slugs:
        number += 1
        slug = f"{stem}-{number}"
    created = uow.event_types.add(EventType(host=principal.name, slug=slug, title=title, duration=DEFAULT_DURATION,
                                            origin="calendar"))
    uow.audit.add("event type add", f"{principal.name}/{slug}", {"origin": "calendar"})
    return created


def _report(uow: UnitOfWork, principal: Principal, collection: CollectionRow, uid: str,
            unread: list[Problem]) -> None:
    item = uow.items.by_uid(collection.id, uid)
    assert item is not None  # noqa: S101 - it was just written
    earlier = {problem.line for problem in uow.window_problems.of_host(principal.id or 0)}
    uow.window_problems.replace(item.id, unread)
    if principal.email and any(problem.line not in earlier for problem in unread):
        uow.outbox.add("mail", f"window/{item.id}/{item.sequence}", principal.email,
                       {"event": "window-problem", "to": "host", "host": principal.name, "href": item.href,
                        "problems": [[problem.line, problem.reason, problem.remedy] for problem in unread]})
