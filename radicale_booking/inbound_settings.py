"""The section ``[inbound]`` of the configuration: mail that books."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from radicale.config import filepath

from radicale_booking.mail_settings import authorities, mail_port, mail_security, one_line, seconds

#: What becomes of mail whose sender nobody vouches for.
UNVERIFIED = ("confirm", "keep", "believe")
_LAST_PORT = 65_535
_PLACE = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}")
_NAME = re.compile(r"[A-Za-z0-9.-]*")


def place(value: Any) -> str:
    """``HOST:PORT`` or ``unix:PATH`` with PATH made absolute; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip()
    if text.startswith("unix:") and len(text) > 5:
        return f"unix:{filepath(text[5:])}"
    if text and (not _PLACE.fullmatch(text) or int(text.rpartition(":")[2]) > _LAST_PORT):
        raise ValueError(f"not a place to listen: {text!r}")
    return text


def server_name(value: Any) -> str:
    """The name by which a mail server signs what it found out (RFC 8601 §2.5); '' stays ''. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if not _NAME.fullmatch(text):
        raise ValueError(f"not a name: {text!r}")
    return text


def unverified(value: Any) -> str:
    """One of ``UNVERIFIED``; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if text not in ("", *UNVERIFIED):
        raise ValueError(f"unknown: {text!r}")
    return text


def kibibytes(value: Any) -> int:
    """From 16 to 102 400. Raises ``ValueError``."""
    number = int(value)
    if not 16 <= number <= 102_400:
        raise ValueError(f"out of range: {number}")
    return number


def some(value: Any) -> int:
    """From 1 to 100 000. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 100_000:
        raise ValueError(f"out of range: {number}")
    return number


INBOUND_SCHEMA: dict[str, dict[str, Any]] = {
    "lmtp": {"value": "", "help": "where mail to booking addresses is taken by LMTP", "type": place},
    "authserv_id": {"value": "", "help": "whose Authentication-Results a mail needs", "type": server_name},
    "unverified": {"value": "", "help": "what becomes of mail that nobody vouches for", "type": unverified},
    "largest_kib": {"value": "1024", "help": "the largest mail that is taken", "type": kibibytes},
    "quarantine_mails": {"value": "1000", "help": "mails that wait for people at most", "type": some},
    "quarantine_mib": {"value": "100", "help": "the room that they take at most", "type": some},
    "imap_host": {"value": "", "help": "the IMAP server with a mailbox of mail that books", "type": one_line},
    "imap_port": {"value": "0", "help": "its port", "type": mail_port},
    "imap_security": {"value": "tls", "help": "none, starttls or tls", "type": mail_security},
    "imap_ca_file": {"value": "", "help": "certificates to trust instead of the system's", "type": authorities},
    "imap_user": {"value": "", "help": "user name at the IMAP server", "type": one_line},
    "imap_password_file": {"value": "", "help": "file whose first line is the password", "type": filepath},
    "imap_folder": {"value": "INBOX", "help": "the folder that is looked into", "type": one_line},
    "imap_done_folder": {"value": "Booking", "help": "where mail goes that was dealt with", "type": one_line},
    "imap_interval_seconds": {"value": "60", "help": "how often it is looked into", "type": seconds},
}

ACCEPTED: dict[Any, str] = {
    place: "HOST:PORT such as localhost:24, or unix:/path/of/a/socket",
    server_name: "the name of a mail server such as mx.example.org",
    unverified: "one of " + ", ".join(UNVERIFIED),
    kibibytes: "a whole number of KiB from 16 to 102400",
    some: "a whole number from 1 to 100000",
}


@dataclass(frozen=True, slots=True)
class InboundSettings:
    """Without ``lmtp`` and ``imap_host`` no mail is taken. ``imap_port`` 0 is the usual one."""

    lmtp: str = ""
    authserv_id: str = ""
    unverified: str = ""
    largest_kib: int = 1024
    quarantine_mails: int = 1000
    quarantine_mib: int = 100
    imap_host: str = ""
    imap_port: int = 0
    imap_security: str = "tls"
    imap_ca_file: str = ""
    imap_user: str = ""
    imap_password_file: str = field(default="", repr=False)
    imap_folder: str = "INBOX"
    imap_done_folder: str = "Booking"
    imap_interval_seconds: int = 60

    @property
    def without_proof(self) -> str:
        """``unverified``, or what is usual: who names nobody that vouches wants to believe."""
        return self.unverified or ("confirm" if self.authserv_id else "believe")
