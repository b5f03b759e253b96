"""The section ``[inbound]`` of the configuration: mail that books."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from radicale.config import filepath

_PLACE = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}")
_NAME = re.compile(r"[A-Za-z0-9.-]*")


def place(value: Any) -> str:
    """``HOST:PORT`` or ``unix:PATH`` with PATH made absolute; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip()
    if text.startswith("unix:") and len(text) > 5:
        return f"unix:{filepath(text[5:])}"
    if text and not _PLACE.fullmatch(text):
        raise ValueError(f"not a place to listen: {text!r}")
    return text


def server_name(value: Any) -> str:
    """The name by which a mail server signs what it found out (RFC 8601 §2.5); '' stays ''. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if not _NAME.fullmatch(text):
        raise ValueError(f"not a name: {text!r}")
    return text


def kibibytes(value: Any) -> int:
    """From 16 to 102 400. Raises ``ValueError``."""
    number = int(value)
    if not 16 <= number <= 102_400:
        raise ValueError(f"out of range: {number}")
    return number


INBOUND_SCHEMA: dict[str, dict[str, Any]] = {
    "lmtp": {"value": "", "help": "where mail to booking addresses is taken by LMTP", "type": place},
    "authserv_id": {"value": "", "help": "whose Authentication-Results a mail needs", "type": server_name},
    "largest_kib": {"value": "1024", "help": "the largest mail that is taken", "type": kibibytes},
}

ACCEPTED: dict[Any, str] = {
    place: "HOST:PORT such as localhost:24, or unix:/path/of/a/socket",
    server_name: "the name of a mail server such as mx.example.org",
    kibibytes: "a whole number of KiB from 16 to 102400",
}


@dataclass(frozen=True, slots=True)
class InboundSettings:
    """Without ``lmtp`` no mail is taken."""

    lmtp: str = ""
    authserv_id: str = ""
    largest_kib: int = 1024
