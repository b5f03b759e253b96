"""The section ``[mail]`` of the configuration."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from radicale.config import filepath

SECURITIES = ("none", "starttls", "tls")
#: The languages that mail is written in.
LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt", "ar")
_PORTS = {"none": 25, "starttls": 587, "tls": 465}
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def one_line(value: Any) -> str:
    """A text without line breaks and other control characters. Raises ``ValueError``."""
    text = str(value).strip()
    if _CONTROL.search(text):
        raise ValueError("more than one line")
    return text


def mail_address(value: Any) -> str:
    """An address such as ``booking@example.org``; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip()
    if text and not _ADDRESS.fullmatch(text):
        raise ValueError(f"not a mail address: {text!r}")
    return text


def mail_security(value: Any) -> str:
    """One of ``SECURITIES``. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if text not in SECURITIES:
        raise ValueError(f"unknown: {text!r}")
    return text


def mail_language(value: Any) -> str:
    """One of ``LANGUAGES``. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if text not in LANGUAGES:
        raise ValueError(f"unknown: {text!r}")
    return text


def mail_port(value: Any) -> int:
    """A port, or 0 for the usual one. Raises ``ValueError``."""
    number = int(value)
    if not 0 <= number <= 65535:
        raise ValueError(f"out of range: {number}")
    return number


def seconds(value: Any) -> int:
    """From 1 to 600. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 600:
        raise ValueError(f"out of range: {number}")
    return number


def attempts(value: Any) -> int:
    """From 1 to 1 000. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 1000:
        raise ValueError(f"out of range: {number}")
    return number


def folder(value: Any) -> str:
    """The absolute path of a folder that exists; '' stays ''. Raises ``ValueError``."""
    path = str(filepath(value))
    if path and not Path(path).is_dir():
        raise ValueError(f"no such folder: {path}")
    return path


def authorities(value: Any) -> str:
    """The absolute path of a file of certificates (PEM); '' stays ''. Raises ``ValueError``."""
    path = str(filepath(value))
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:
            raise ValueError(f"no certificates in {path}: {error}") from error
    return path


MAIL_SCHEMA: dict[str, dict[str, Any]] = {
    "host": {"value": "", "help": "the SMTP server that takes outgoing mail", "type": one_line},
    "port": {"value": "0", "help": "its port", "type": mail_port},
    "security": {"value": "starttls", "help": "none, starttls or tls", "type": mail_security},
    "ca_file": {"value": "", "help": "certificates to trust instead of the system's", "type": authorities},
    "user": {"value": "", "help": "user name at the SMTP server", "type": one_line},
    "password": {"value": "", "help": "password at the SMTP server", "type": one_line},
    "password_file": {"value": "", "help": "file whose first line is the password", "type": filepath},
    "sender": {"value": "", "help": "the address that mail comes from", "type": mail_address},
    "sender_name": {"value": "", "help": "the name beside it", "type": one_line},
    "language": {"value": "en", "help": "language of mail to hosts", "type": mail_language},
    "timeout_seconds": {"value": "30", "help": "how long to wait for the SMTP server", "type": seconds},
    "templates": {"value": "", "help": "folder with templates of your own", "type": folder},
    "max_attempts": {"value": "72", "help": "how often a mail is tried", "type": attempts},
    "retry_seconds": {"value": "30", "help": "how long to wait after a first failure", "type": seconds},
}

ACCEPTED: dict[Any, str] = {
    one_line: "one line of text",
    mail_address: "an address such as booking@example.org",
    mail_security: "one of " + ", ".join(SECURITIES),
    mail_language: "one of " + ", ".join(LANGUAGES),
    mail_port: "a port from 1 to 65535, or 0 for the usual one",
    seconds: "a whole number of seconds from 1 to 600",
    attempts: "a whole number from 1 to 1000",
    folder: "a folder that exists",
    authorities: "a file of certificates (PEM)",
}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail goes out; without ``host`` none does. Paths are absolute, '' where there is none."""

    host: str = ""
    port: int = 0
    security: str = "starttls"
    ca_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    sender: str = "booking@localhost"
    sender_name: str = ""
    language: str = "en"
    timeout_seconds: int = 30
    templates: str = ""
    max_attempts: int = 72
    retry_seconds: int = 30

    @property
    def used_port(self) -> int:
        """``port``, or the usual one for ``security``."""
        return self.port or _PORTS[self.security]
