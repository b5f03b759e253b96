"""The section ``[backup]`` of the configuration."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from radicale.config import filepath

from radicale_booking.domain.retention import Retention


def hours(value: Any) -> int:
    """From 0 to 8 760. Raises ``ValueError``."""
    return _within(value, 8760)


def archive_count(value: Any) -> int:
    """From 0 to 1 000. Raises ``ValueError``."""
    return _within(value, 1000)


def pause_seconds(value: Any) -> int:
    """From 0 to 86 400. Raises ``ValueError``."""
    return _within(value, 86_400)


def age_recipients(value: Any) -> str:
    """Public keys of age or SSH, separated by commas; '' stays ''. Raises ``ValueError``."""
    from radicale_booking.archive import recipients

    text = str(value).strip()
    recipients(text)
    return text


def command_line(value: Any) -> str:
    """A command as a shell would split it into words; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip()
    shlex.split(text)
    return text


def postgresql_way(value: Any) -> str:
    """``dump`` or ``base``. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if text not in ("dump", "base"):
        raise ValueError(f"unknown: {text!r}")
    return text


def _within(value: Any, most: int) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise ValueError(f"out of range: {number}")
    return number


BACKUP_SCHEMA: dict[str, dict[str, Any]] = {
    "folder": {"value": "", "help": "where archives are kept", "type": filepath},
    "every_hours": {"value": "0", "help": "how often the server makes one; 0: never", "type": hours},
    "continuous_seconds": {"value": "0", "help": "how often the server renews booking-current; 0: never",
                           "type": pause_seconds},
    "postgresql": {"value": "dump", "help": "what is copied of PostgreSQL: the database, or the server with its log",
                   "type": postgresql_way},
    "recipients": {"value": "", "help": "public keys (age or SSH) that archives are encrypted to",
                   "type": age_recipients},
    "identity_file": {"value": "", "help": "private key that opens them", "type": filepath},
    "secrets": {"value": "True", "help": "whether archives hold passwords' hashes, key and configuration",
                "type": bool},
    "keep_last": {"value": "3", "help": "the newest archives to keep", "type": archive_count},
    "keep_daily": {"value": "7", "help": "days whose newest archive is kept", "type": archive_count},
    "keep_weekly": {"value": "5", "help": "weeks whose newest archive is kept", "type": archive_count},
    "keep_monthly": {"value": "12", "help": "months whose newest archive is kept", "type": archive_count},
    "copy_to": {"value": "", "help": "a second folder, on another machine, that archives are copied to",
                "type": filepath},
    "command": {"value": "", "help": "a command that is run with the path of each new archive", "type": command_line},
}

ACCEPTED: dict[Any, str] = {
    hours: "a whole number of hours from 0 to 8760",
    archive_count: "a whole number from 0 to 1000",
    pause_seconds: "a whole number of seconds from 0 to 86400",
    postgresql_way: "dump or base",
    age_recipients: "public keys such as age1... or ssh-ed25519 ..., separated by commas",
    command_line: "a command with its arguments",
}


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """When archives are made and which are kept; paths are absolute, '' where there is none."""

    folder: str = ""
    every_hours: int = 0
    continuous_seconds: int = 0
    postgresql: str = "dump"
    recipients: str = ""
    identity_file: str = ""
    secrets: bool = True
    keep_last: int = 3
    keep_daily: int = 7
    keep_weekly: int = 5
    keep_monthly: int = 12
    copy_to: str = ""
    command: str = ""

    @property
    def retention(self) -> Retention:
        """Which archives are kept."""
        return Retention(self.keep_last, self.keep_daily, self.keep_weekly, self.keep_monthly)
