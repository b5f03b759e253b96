"""The settings against abuse: section ``[guard]``."""

from __future__ import annotations

import ipaddress
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radicale.config import filepath

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def limit(value: Any) -> int:
    """A whole number from 0 (none) to 100 000. Raises ``ValueError``."""
    number = int(value)
    if not 0 <= number <= 100_000:
        raise ValueError(f"out of range: {number}")
    return number


def minutes(value: Any) -> int:
    """From 1 to 1440. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 1440:
        raise ValueError(f"out of range: {number}")
    return number


def asking(value: Any) -> bool | None:
    """Yes or no; None for ``auto``. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if text == "auto" or value is None:
        return None
    if text not in RawConfigParser.BOOLEAN_STATES:
        raise ValueError(f"neither yes, no nor auto: {text}")
    return RawConfigParser.BOOLEAN_STATES[text]


def work(value: Any) -> int:
    """From 1 000 to 10 000 000, or 0. Raises ``ValueError``."""
    number = int(value)
    if number and not 1000 <= number <= 10_000_000:
        raise ValueError(f"out of range: {number}")
    return number


def networks(value: Any) -> tuple[Network, ...]:
    """IP addresses and networks, separated by commas. Raises ``ValueError``."""
    if isinstance(value, tuple):
        return value
    return tuple(ipaddress.ip_network(part.strip()) for part in str(value).split(",") if part.strip())


def patterns(value: Any) -> tuple[str, ...]:
    """E-mail addresses and domains in lower case, separated by commas. Raises ``ValueError``."""
    if isinstance(value, tuple):
        return value
    return tuple(pattern(part) for part in str(value).split(",") if part.strip())


def pattern(text: str) -> str:
    """One address or domain in lower case; ``@example.org`` is the domain. Raises ``ValueError``."""
    found = text.strip().lower().removeprefix("@")
    local, at, domain = found.rpartition("@")
    if not domain or (at and not local) or "@" in local or any(letter.isspace() or letter in ",:/" for letter in found):
        raise ValueError(f"not an address or domain: {text!r}")
    return found


def existing_file(value: Any) -> str:
    """The absolute path of a file that exists; '' stays ''. Raises ``ValueError``."""
    path = str(filepath(value))
    if path and not Path(path).is_file():
        raise ValueError(f"no such file: {path}")
    return path


GUARD_SCHEMA: dict[str, dict[str, Any]] = {
    "trusted_proxies": {"value": "127.0.0.0/8, ::1", "help": "whose X-Forwarded-For is believed", "type": networks},
    "bookings_per_address": {"value": "60", "help": "bookings an hour from one IP address", "type": limit},
    "bookings_per_invitee": {"value": "20", "help": "bookings an hour by one e-mail address", "type": limit},
    "open_per_invitee": {"value": "0", "help": "bookings to come of one e-mail address", "type": limit},
    "sign_in_failures": {"value": "20", "help": "failed sign-ins an hour as one user from one IP address",
                         "type": limit},
    "proof_of_work": {"value": "0", "help": "hashes that a browser computes for a booking", "type": work},
    "confirm_email": {"value": "no", "help": "whether who books on the page answers a mail first", "type": asking},
    "confirm_email_minutes": {"value": "15", "help": "minutes that a time is held meanwhile", "type": minutes},
    "honeypot": {"value": "True", "help": "a field that only programs fill in", "type": bool},
    "refuse_disposable": {"value": "False", "help": "refuse throw-away e-mail addresses", "type": bool},
    "disposable_file": {"value": "", "help": "further domains of such, one a line", "type": existing_file},
    "blocked": {"value": "", "help": "addresses and domains that may not book", "type": patterns},
}

ACCEPTED: dict[Any, str] = {
    limit: "a whole number from 0 (no limit) to 100000",
    minutes: "a whole number from 1 to 1440",
    asking: "yes, no or auto",
    work: "a whole number from 1000 to 10000000, or 0 for none",
    networks: "IP addresses or networks such as 192.0.2.0/24, separated by commas",
    patterns: "addresses or domains such as eve@example.org, example.net, separated by commas",
    existing_file: "a file that exists",
}


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """What outside people may do; 0 is no limit.

    ``confirm_email``: whether who books on the page answers a mail first; None: where a rule goes by the address.
    """

    trusted_proxies: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))
    bookings_per_address: int = 60
    bookings_per_invitee: int = 20
    open_per_invitee: int = 0
    sign_in_failures: int = 20
    proof_of_work: int = 0
    confirm_email: bool | None = False
    confirm_email_minutes: int = 15
    honeypot: bool = True
    refuse_disposable: bool = False
    disposable_file: str = ""
    blocked: tuple[str, ...] = ()
