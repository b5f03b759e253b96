"""How people read whom the site writes to: in which language, and in which zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radicale_booking.domain.principal import Principal
from radicale_booking.services import invited_booking
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Reader:
    """``language`` is a tag, ``timezone`` an IANA name."""

    language: str
    timezone: str


def reader(app: Adapters, uow: UnitOfWork, email: str, *, zone: str = "", host: Principal | None = None) -> Reader:
    """How ``email`` reads: as a user of this server has set it, or a booking said.

    Where nothing is known: in ``zone``, that of the event in question, or as ``host`` does, about whom it is.
    """
    user, booked = uow.principals.by_email(email), uow.reservations.reader(email)
    languages = [user.language if user else "", booked[0] if booked else "", host.language if host else ""]
    zones = [user.timezone if user else "", booked[1] if booked else "", zone, host.timezone if host else ""]
    return Reader(next(filter(None, languages), app.settings.mail.language), next(filter(None, zones), "UTC"))


def host_at(app: Adapters, uow: UnitOfWork, address: str) -> Principal | None:
    """The user whose e-mail address it is, or whose event type it books."""
    event_type = invited_booking.event_type_at(app, uow, address)
    return uow.principals.get(event_type.host) if event_type is not None else uow.principals.by_email(address)
