"""What invitees give, checked before anything is done with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from radicale_booking.errors import InvalidInput

LONGEST_NAME = 200
LONGEST_EMAIL = 254
LONGEST_NOTE = 2000
LONGEST_KEY = 128
MOST_GUESTS = 10

_ADDRESS = re.compile(r"[^@\s<>\"(),:;\\\[\]]{1,64}@[^@\s<>\"(),:;\\\[\]]+\.[^@\s<>\"(),:;\\\[\].]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """A wish to book ``slug`` of ``host`` at ``start`` (aware); ``timezone`` is the invitee's IANA zone.

    ``duration``: one of the event type's, None: the usual. ``answers``: question's key -> what was entered.
    ``location``: which of the event type's, from 0; ``location_value``: what the invitee says where that is asked.
    ``guests``: e-mail addresses. ``occurrences``: how many to book at once. ``link``: the token of a private link.
    ``origin``: where it comes from in the network, if outside people ask (see ``domain.client_address``).
    """

    host: str
    slug: str
    start: datetime
    name: str
    email: str
    timezone: str = "UTC"
    language: str = "en"
    note: str = ""
    idempotency_key: str | None = None
    duration: timedelta | None = None
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    location: int | None = None
    location_value: str = ""
    guests: tuple[str, ...] = ()
    occurrences: int = 1
    link: str | None = None
    origin: str = ""


def checked(request: BookingRequest) -> BookingRequest:
    """``request`` with trimmed texts and ``start`` in UTC. Raises ``InvalidInput``."""
    name = checked_text("name", request.name, LONGEST_NAME)
    if not name:
        raise InvalidInput("name", "", "is empty", "enter your name")
    if not _LANGUAGE.fullmatch(request.language):
        raise InvalidInput("language", request.language[:40], "is not a language tag", "write one such as en or de-AT")
    key = request.idempotency_key
    if key is not None:
        key = checked_text("idempotency_key", key, LONGEST_KEY) or None
    return replace(
        request, start=checked_start(request.start), name=name, email=checked_email(request.email),
        timezone=checked_timezone(request.timezone), idempotency_key=key, guests=checked_guests(request.guests),
        note=checked_text("note", request.note, LONGEST_NOTE, lines=True))


def checked_start(start: datetime) -> datetime:
    """``start`` in UTC. Raises ``InvalidInput`` when it has no zone or is not of this era."""
    if start.tzinfo is None:
        raise InvalidInput("start", start.isoformat(), "has no time zone", "add one, such as Z for UTC")
    if not 1971 <= start.year <= 9000:
        raise InvalidInput("start", start.isoformat(), "is out of range", "choose one of the offered times")
    return start.astimezone(UTC)


def checked_text(name: str, text: str, longest: int, *, lines: bool = False) -> str:
    """``text`` without outer white space; only with ``lines`` it may have several. Raises ``InvalidInput``."""
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.strip()
    if len(text) > longest:
        raise InvalidInput(name, "", f"is longer than {longest} characters", "shorten it")
    if (_CONTROL_IN_LINES if lines else _CONTROL).search(text):
        raise InvalidInput(name, "", "contains control characters", "remove them")
    return text


def checked_email(address: str) -> str:
    """``address`` trimmed. Raises ``InvalidInput``."""
    address = checked_text("email", address, LONGEST_EMAIL)
    if not _ADDRESS.fullmatch(address):
        raise InvalidInput("email", address, "is not an e-mail address", "write one such as ada@example.org")
    return address


def checked_guests(addresses: Sequence[str]) -> tuple[str, ...]:
    """``addresses`` trimmed, each once, empty ones left out. Raises ``InvalidInput``."""
    guests = tuple(dict.fromkeys(checked_email(address) for address in addresses if address.strip()))
    if len(guests) > MOST_GUESTS:
        raise InvalidInput("guests", str(len(guests)), f"are more than {MOST_GUESTS}", "invite fewer")
    return guests


def checked_timezone(name: str) -> str:
    """``name`` as an IANA zone. Raises ``InvalidInput``."""
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder's name gives an OSError
        raise InvalidInput("timezone", name[:80], "is not a known time zone",
                           "write one such as Europe/Berlin") from None
