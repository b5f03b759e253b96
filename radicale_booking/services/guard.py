"""What outside people may do: how often, with which addresses, and how much at once."""

from __future__ import annotations

import hashlib
import hmac
import math
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from disposable_email_domains import blocklist

from radicale_booking import again, guard_settings
from radicale_booking.domain.principal import NOBODY
from radicale_booking.errors import AddressRefused, InvalidInput, NotFound, TooMany
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from radicale_booking.domain.event_type import EventType
    from radicale_booking.services.requests import BookingRequest
    from radicale_booking.store.unit_of_work import UnitOfWork

_PERIOD = timedelta(hours=1)
_ACTION = "book"
#: So many times more failures are allowed from one place for all its users together.
_ANYBODY = 5


@again.if_undone
def admit(app: Adapters, origin: str, email: str, *, quietly: bool = False) -> bool:
    """Count that somebody at ``origin`` (see ``domain.client_address``) tries to book as ``email``.

    The count stays, whatever becomes of the booking; who is refused at ``origin`` counts against no address. Raises
    ``TooMany``, the same for either. ``quietly``: too much as ``email`` is not raised but answered with False.
    """
    with app.store.write(actor="guard", principal=NOBODY) as uow:
        by_place = _take(app, uow, "address", origin, app.settings.guard.bookings_per_address)
        by_person = timedelta(0) if by_place else _take(app, uow, "invitee", _person(email),
                                                        app.settings.guard.bookings_per_invitee)
    _refuse(app, by_place if quietly else by_place or by_person)
    return not by_person


def admit_within(app: Adapters, uow: UnitOfWork, email: str) -> None:
    """``admit`` for somebody who is known by another way than an address of the network. Raises ``TooMany``."""
    _refuse(app, _take(app, uow, "invitee", _person(email), app.settings.guard.bookings_per_invitee))


def may_ask(app: Adapters, uow: UnitOfWork, email: str, most: int, most_together: int) -> bool:
    """Count a mail to somebody who did not ask for one: ``most`` a day to an address, ``most_together`` to all."""
    day = 24 * _PERIOD
    return (uow.guard.take(_hidden(app, f"asked {_person(email)}"), most, day) is None
            and uow.guard.take(_hidden(app, "asked"), most_together, day) is None)


@again.if_undone
def is_guessing(app: Adapters, origin: str, user: str) -> bool:
    """Whether too many sign-ins from ``origin`` have failed of late: as ``user``, or as anybody."""
    most = app.settings.guard.sign_in_failures
    if not most or not origin:
        return False
    with app.store.read() as uow:
        return (uow.guard.waits(_hidden(app, f"sign-in {origin} {user}"), most, _PERIOD)
                or uow.guard.waits(_hidden(app, f"sign-in {origin}"), most * _ANYBODY, _PERIOD))


@again.if_undone
def is_besieged(app: Adapters, user: str) -> bool:
    """Whether too many sign-ins as ``user`` have failed of late, from wherever."""
    most = app.settings.guard.sign_in_failures
    if not most:
        return False
    with app.store.read() as uow:
        return bool(uow.guard.waits(_hidden(app, f"sign-in as {user}"), most * _ANYBODY, _PERIOD))


@again.if_undone
def guessed(app: Adapters, origin: str, user: str) -> None:
    """Count a sign-in that has failed."""
    most = app.settings.guard.sign_in_failures
    if not most or not origin:
        return
    with app.store.write(actor="guard", principal=NOBODY) as uow:
        uow.guard.take(_hidden(app, f"sign-in {origin} {user}"), most, _PERIOD)
        uow.guard.take(_hidden(app, f"sign-in {origin}"), most * _ANYBODY, _PERIOD)
        uow.guard.take(_hidden(app, f"sign-in as {user}"), most * _ANYBODY, _PERIOD)


def check(app: Adapters, uow: UnitOfWork, event_type: EventType, request: BookingRequest, *,
          shown: bool = False) -> None:
    """Whether the invitee may book this. Raises ``AddressRefused``.

    Who is blocked, who has booked as much as one may and who has a seat already get the same answer, whether the time
    is free or not: it does not tell which addresses have booked. ``shown``: the invitee has shown that the address is
    theirs, and is told which it is.
    """
    check_kind(app, request.email)
    against = {"blocked": is_blocked(app, uow, request.email), "seated": _has_seat(uow, event_type, request),
               "enough": _has_enough(app, uow, event_type, request)}
    found = next((reason for reason, holds in against.items() if holds), "")
    if found:
        raise AddressRefused(_ACTION, found if shown else "refused")


def goes_by_address(app: Adapters, event_type: EventType) -> bool:
    """Whether ``check`` may refuse one address and not another that is like it."""
    if event_type.seats > 1 or event_type.limit_per_invitee is not None or app.settings.guard.open_per_invitee:
        return True
    return bool(blocked(app))


def check_kind(app: Adapters, email: str) -> None:
    """Whether addresses of this kind may book at all. Raises ``AddressRefused``."""
    domain = email.rpartition("@")[2].lower()
    if app.settings.guard.refuse_disposable and any(
            part in blocklist or part in _listed(app.settings.guard.disposable_file) for part in _domains(domain)):
        raise AddressRefused(_ACTION, "disposable")


def is_blocked(app: Adapters, uow: UnitOfWork, email: str) -> bool:
    """Whether the address, or its domain or one above it, is blocked by the settings or by a command."""
    patterns = [email.lower(), *_domains(email.rpartition("@")[2].lower())]
    return not set(app.settings.guard.blocked).isdisjoint(patterns) or uow.guard.any_blocked(patterns)


@again.if_undone
def block(app: Adapters, text: str) -> str:
    """Let an address or a domain book no more; how it is kept. Raises ``InvalidInput``."""
    pattern = _pattern(text)
    with app.store.write(actor="command", principal=NOBODY) as uow:
        if uow.guard.block(pattern):
            uow.audit.add("block", pattern)
    return pattern


@again.if_undone
def unblock(app: Adapters, text: str) -> str:
    """Let it book again; how it was kept. Raises ``InvalidInput`` or ``NotFound``."""
    pattern = _pattern(text)
    with app.store.write(actor="command", principal=NOBODY) as uow:
        if not uow.guard.unblock(pattern):
            raise NotFound("blocked address or domain", pattern)
        uow.audit.add("unblock", pattern)
    return pattern


@again.if_undone
def blocked(app: Adapters) -> list[str]:
    """What is blocked by a command or by the settings, sorted."""
    with app.store.read() as uow:
        return sorted({*uow.guard.blocked(), *app.settings.guard.blocked})


@again.if_undone
def forget(app: Adapters) -> None:
    """Drop counts that say nothing any more."""
    with app.store.read() as uow:
        if not uow.guard.forgettable():
            return
    with app.store.write(actor="upkeep", principal=NOBODY) as uow:
        uow.guard.forget()


def _has_enough(app: Adapters, uow: UnitOfWork, event_type: EventType, request: BookingRequest) -> bool:
    """Whether this would be more than one invitee may have to come, of the event type or of all together."""
    of_all, of_this = app.settings.guard.open_per_invitee, event_type.limit_per_invitee
    return ((of_all > 0 and uow.guard.open_of_invitee(request.email) + request.occurrences > of_all)
            | (of_this is not None
               and uow.reservations.of_invitee(event_type, request.email) + request.occurrences > of_this))


def _has_seat(uow: UnitOfWork, event_type: EventType, request: BookingRequest) -> bool:
    shared = uow.reservations.at(event_type, request.start) if event_type.seats > 1 else None
    return shared is not None and shared.id is not None and any(
        seat.email.lower() == request.email.lower() for seat in uow.seats.of(shared.id))


def _take(app: Adapters, uow: UnitOfWork, kind: str, who: str, most: int) -> timedelta:
    if not most or not who:
        return timedelta(0)
    return uow.guard.take(_hidden(app, f"{kind} {who}"), most, _PERIOD) or timedelta(0)


def _hidden(app: Adapters, who: str) -> str:
    """``who`` as the database keeps it: nobody learns an address from there without the key."""
    return hmac.new(app.links.sign("rate", "").encode(), who.encode(), hashlib.sha256).hexdigest()


def _refuse(app: Adapters, wait: timedelta) -> None:
    """How long it really is would tell the one limit from the other."""
    if wait:
        limits = app.settings.guard.bookings_per_address, app.settings.guard.bookings_per_invitee
        raise TooMany(_ACTION, "rate", math.ceil((_PERIOD / min(filter(None, limits))).total_seconds()))


def _person(email: str) -> str:
    """All addresses that one mailbox can make of itself count together."""
    local, _, domain = email.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _domains(domain: str) -> Iterator[str]:
    """``a.b.example``, ``b.example``, ``example``."""
    parts = domain.split(".")
    return (".".join(parts[number:]) for number in range(len(parts)))


def _pattern(text: str) -> str:
    try:
        return guard_settings.pattern(text)
    except ValueError:
        raise InvalidInput("address", text[:80], "is neither an e-mail address nor a domain",
                           "write one such as eve@example.org or example.org") from None


@cache
def _listed(file: str) -> frozenset[str]:
    """The domains in ``file``, one a line; lines that begin with # are remarks."""
    lines = Path(file).read_text(encoding="utf-8").splitlines() if file else []
    return frozenset(line.strip().lower() for line in lines if line.strip() and not line.startswith("#"))
