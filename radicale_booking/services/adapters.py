"""What the services need of the outside world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.settings import Settings

if TYPE_CHECKING:
    from radicale_booking.ical.reservation_event import EventChange
    from radicale_booking.store.engine import Store


class CalendarCodec(Protocol):
    """iCalendar text (RFC 5545) as the services see it."""

    def write(self, reservation: Reservation, host: Principal, manage_url: str) -> str:
        """The complete calendar object of ``reservation``."""

    def read_change(self, text: str, uid: str) -> EventChange:
        """Time, status and sequence of the event ``uid``. Raises ``InvalidCalendar``."""

    def index(self, text: str, *, now: datetime, owner: Principal | None) -> ItemIndex:
        """The occurrences in ``text`` as they concern the ``owner`` of the calendar, whose zone local times without
        one have (None: UTC). Never raises."""


class Links(Protocol):
    """Signed links."""

    def sign(self, purpose: str, value: str, expires: datetime | None = None) -> str:
        """A URL-safe token for ``value``, valid until ``expires`` (aware UTC; None: for ever)."""

    def open(self, purpose: str, token: str) -> str:
        """The value in ``token``. Raises ``LinkExpired`` or ``NotFound``."""


@dataclass(frozen=True)
class Adapters:
    """Everything a service works with; ``clock`` gives the present instant in aware UTC."""

    store: Store
    clock: Callable[[], datetime]
    calendar: CalendarCodec
    links: Links
    settings: Settings
