"""Webhooks: where events are posted to, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from radicale_booking.errors import InvalidInput

#: What happened to a reservation -> the event's name outside. In a group, joined and left are about one invitee.
NAMES = {
    "request": "booking.requested", "book": "booking.created", "confirm": "booking.confirmed",
    "reschedule": "booking.rescheduled", "cancel": "booking.cancelled", "decline": "booking.declined",
    "expire": "booking.expired", "reinstate": "booking.confirmed", "resume": "booking.requested",
    "join": "booking.joined", "leave": "booking.left",
}
EVENT_NAMES = tuple(dict.fromkeys(NAMES.values()))


@dataclass(frozen=True, slots=True)
class Webhook:
    """``url`` gets ``events`` (names; empty: all) of the bookings of ``host`` (None: of everybody), signed with
    ``secret`` (``whsec_`` and base64)."""

    url: str
    secret: str
    events: tuple[str, ...] = ()
    host: str | None = None
    created: datetime | None = None
    id: int | None = None

    def wants(self, event: str, hosts: tuple[str, ...]) -> bool:
        return (not self.events or event in self.events) and (self.host is None or self.host in hosts)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver: ``answer`` is the HTTP status, None where none came."""

    at: datetime
    answer: int | None
    error: str
    milliseconds: int


def checked_url(url: str) -> str:
    """An http(s) URL with a host and without user name. Raises ``InvalidInput``."""
    remedy = "write it like https://example.org/path"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInput("url", url, f"is not a web address: {error}", remedy) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password or port == 0:
        raise InvalidInput("url", url, "is not a web address", remedy)
    if not url.isascii() or any(letter <= " " or letter == "\x7f" for letter in url):
        raise InvalidInput("url", url, "has characters that do not belong there", remedy)
    return url


def checked_events(names: list[str]) -> tuple[str, ...]:
    """Raises ``InvalidInput`` for a name that is not one of ``EVENT_NAMES``."""
    for name in names:
        if name not in EVENT_NAMES:
            raise InvalidInput("event", name, "is not known", f"one of {', '.join(EVENT_NAMES)}")
    return tuple(dict.fromkeys(names))
