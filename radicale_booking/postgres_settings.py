"""How the server talks to PostgreSQL: the options beside ``[storage] database``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from radicale.config import filepath

from radicale_booking.mail_settings import seconds

SCHEME = "postgresql://"


def connections(value: Any) -> int:
    """A whole number from 1 to 500. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 500:
        raise ValueError(f"out of range: {number}")
    return number


def without_password(address: str) -> str:
    """``address`` as it may be shown and logged."""
    shown = re.sub(r"(://[^/@]*?):.*@", r"\1:...@", address)
    return re.sub(r"(?i)([?&]password=)[^&]*", r"\1...", shown)


def postgres_address(value: Any) -> str:
    """A ``postgresql://`` URI of libpq without a password; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip()
    if text and (not text.startswith(SCHEME) or not text[len(SCHEME):].strip("/") or text != without_password(text)):
        raise ValueError(f"not a database URL: {without_password(text)!r}")
    return text


POSTGRES_SCHEMA: dict[str, dict[str, Any]] = {
    "database_password_file": {"value": "", "help": "file whose first line is PostgreSQL's password",
                               "type": filepath},
    "database_connections": {"value": "10", "help": "most connections of one process to PostgreSQL",
                             "type": connections},
    "database_statement_timeout": {"value": "60", "help": "seconds after which a statement is given up",
                                   "type": seconds},
    "database_lock_timeout": {"value": "20", "help": "seconds to wait for another who writes", "type": seconds},
    "database_replica": {"value": "", "help": "a streaming replica for what only reads: postgresql://USER@HOST/NAME",
                         "type": postgres_address},
}

ACCEPTED: dict[Any, str] = {connections: "a whole number from 1 to 500",
                            postgres_address: "postgresql://USER@HOST/NAME without a password"}


@dataclass(frozen=True, slots=True)
class PostgresSettings:
    """``password_file`` is an absolute path or '', ``replica`` an address or ''; ``connections`` are those of one
    process to one server."""

    password_file: str = ""
    connections: int = 10
    statement_timeout_seconds: int = 60
    lock_timeout_seconds: int = 20
    replica: str = ""
