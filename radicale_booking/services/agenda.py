"""The daily mail to a host about the day's bookings, for those who want one."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from radicale_booking import again
from radicale_booking.domain import civil
from radicale_booking.domain.notice import AgendaNotice
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidInput
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

EVENT = "agenda"
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def checked_time(text: str) -> str:
    """A local time such as ``07:30``, '' for none. Raises ``InvalidInput``."""
    if text and not _TIME.fullmatch(text):
        raise InvalidInput("agenda", text, "is not a time of the day", "write it like 07:30")
    return text


@again.if_undone
def queue_due(app: Adapters) -> int:
    """Queue today's agenda of each host whose time has come, once a day; how many."""
    with app.store.read() as uow:
        due = [host for host in uow.principals.with_agenda() if _due(uow, host)]
    for host in due:
        with app.store.write(actor="upkeep", principal=host.name) as uow:
            # Another worker may have been quicker.
            if _due(uow, host):
                day = _today(uow, host)
                uow.outbox.add("mail", _key(host, day), str(host.email),
                               {"event": EVENT, "to": "host", "host": host.name, "day": day.isoformat()})
    return len(due)


def notice(uow: UnitOfWork, name: str, day: date, key: str) -> AgendaNotice | None:
    """What the host ``name`` is told about ``day``; None when there is nothing to tell, or the day is over."""
    host = uow.principals.get(name)
    if host is None or not host.email or _today(uow, host) > day:
        return None
    frame = civil.day(day, ZoneInfo(host.timezone))
    booked = [found for found in uow.reservations.live_of_host(name, frame) if not found.unverified] if frame else []
    return AgendaNotice(host, host.email, day, booked, key, uow.now) if booked else None


def _due(uow: UnitOfWork, host: Principal) -> bool:
    local = uow.now.astimezone(ZoneInfo(host.timezone))
    return f"{local:%H:%M}" >= host.agenda and not uow.outbox.known(_key(host, local.date()))


def _today(uow: UnitOfWork, host: Principal) -> date:
    return uow.now.astimezone(ZoneInfo(host.timezone)).date()


def _key(host: Principal, day: date) -> str:
    return f"agenda/{host.name}/{day.isoformat()}"
