"""Where a booking takes place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from radicale_booking.errors import InvalidEventType, InvalidInput

#: in_person and phone: the host's place or number; call_invitee and invitee_choice: the invitee says; link: a web
#: address; jitsi: a room of its own for each reservation below the web address.
KINDS = ("in_person", "phone", "call_invitee", "link", "jitsi", "invitee_choice")
ASKS = frozenset({"call_invitee", "invitee_choice"})
_NEEDS_VALUE = frozenset({"in_person", "phone", "link", "jitsi"})
_URL = re.compile(r"https?://[^\s/?#@]+[^\s]*")
_PHONE = re.compile(r"\+?[0-9 ()./-]{4,30}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Location:
    """A place of ``kind`` (one of ``KINDS``) with the address, number or web address that it needs.

    Raises ``InvalidEventType``.
    """

    kind: str
    value: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidEventType("location", self.kind, "is no kind of place", f"one of {', '.join(KINDS)}")
        if (self.kind in _NEEDS_VALUE) != bool(self.value.strip()):
            raise InvalidEventType("location", self.kind, "needs a value" if not self.value else "takes no value",
                                   "such as in_person=Room 4, phone=+49 30 1234567 or jitsi=https://meet.jit.si")
        if self.kind in ("link", "jitsi") and not _URL.fullmatch(self.value):
            raise InvalidEventType("location", self.value, "is not a web address", "begin it with https://")
        if len(self.value) > _LONGEST or _CONTROL.search(self.value):
            raise InvalidEventType("location", self.value[:40], "is too long or has control characters", "shorten it")

    @property
    def asks(self) -> bool:
        """Whether the invitee has to say more."""
        return self.kind in ASKS

    def __str__(self) -> str:
        return f"{self.kind}={self.value}" if self.value else self.kind

    def to_json(self) -> dict[str, str]:
        """As ``from_json`` reads it."""
        return {"kind": self.kind, "value": self.value}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Location:
        """Raises ``InvalidEventType`` for what is not a place."""
        if not {"kind"} <= given.keys() <= {"kind", "value"}:
            raise InvalidEventType("location", "", "is not described so", "give kind and value")
        return cls(str(given["kind"]), str(given.get("value", "")))


def parse(text: str) -> Location:
    """``kind=value``, a bare kind, a web address or the name of a place. Raises ``InvalidEventType``."""
    kind, _, value = (part.strip() for part in text.partition("="))
    if kind in KINDS:
        return Location(kind, value)
    text = text.strip()
    return Location("link" if _URL.fullmatch(text) else "in_person", text)


def chosen(locations: Sequence[Location], number: int | None, said: str, room: str) -> str:
    """The text of LOCATION (RFC 5545 §3.8.1.7) of a reservation.

    ``number``: which of ``locations`` was chosen, from 0 (None: the first); ``said``: what the invitee said where that
    is asked; ``room``: an unguessable word for a room of its own. Raises ``InvalidInput``.
    """
    if not locations:
        return ""
    if not 0 <= (number or 0) < len(locations):
        raise InvalidInput("location", str(number), "is not offered", "choose one that is")
    place = locations[number or 0]
    if place.kind == "jitsi":
        return f"{place.value.rstrip('/')}/{room}"
    if not place.asks:
        return place.value
    said = said.strip()
    if not said or len(said) > _LONGEST or _CONTROL.search(said):
        raise InvalidInput("location", said[:40], "is missing, too long or has control characters", "say where")
    if place.kind == "call_invitee" and not _PHONE.fullmatch(said):
        raise InvalidInput("location", said[:40], "is not a telephone number", "write it like +49 30 1234567")
    return said


def of_another(locations: Sequence[Location], place: str, room: str) -> str:
    """Where another meeting is than the one at ``place``: in a room of its own, named ``room``, where that had one."""
    for known in locations:
        if known.kind == "jitsi" and place.startswith(f"{known.value.rstrip('/')}/"):
            return f"{known.value.rstrip('/')}/{room}"
    return place
