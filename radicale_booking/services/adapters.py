"""What the services need of the outside world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from email.message import EmailMessage
from typing import TYPE_CHECKING, Protocol

from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.notice import Notice
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

    def index(self, text: str, *, now: datetime, floating_zone: tzinfo) -> ItemIndex:
        """The occurrences in ``text``; local times without a zone are of ``floating_zone``. Never raises."""


class Links(Protocol):
    """Signed links."""

    def sign(self, purpose: str, value: str, expires: datetime | None = None) -> str:
        """A URL-safe token for ``value``, valid until ``expires`` (aware UTC; None: for ever)."""

    def open(self, purpose: str, token: str) -> str:
        """The value in ``token``. Raises ``LinkExpired`` or ``NotFound``."""


class Composer(Protocol):
    """Mail as a complete message."""

    def compose(self, notice: Notice, language: str = "") -> EmailMessage:
        """``notice`` in ``language`` (a tag), by default the recipient's. Raises ``InvalidInput`` or
        ``DeliveryFailed``."""

    def compose_test(self, recipient: str, at: datetime) -> EmailMessage:
        """A mail that says that mail works. Raises ``DeliveryFailed``."""


class Mailer(Protocol):
    """A way out for mail, used by one thread."""

    def send(self, message: EmailMessage, key: str) -> None:
        """Hand ``message``, named ``key``, to the mail server. Raises ``DeliveryFailed``."""

    def close(self) -> None:
        """Let go of the server for now."""


@dataclass(frozen=True)
class Adapters:
    """Everything a service works with; ``clock`` gives the present instant in aware UTC.

    ``mailer`` is None where the settings name no mail server: mail waits then.
    """

    store: Store
    clock: Callable[[], datetime]
    calendar: CalendarCodec
    links: Links
    settings: Settings
    composer: Composer
    mailer: Mailer | None
