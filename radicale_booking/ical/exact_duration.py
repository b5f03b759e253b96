"""A day is a day on the wall, 24 hours are 24 hours (RFC 5545 §3.3.6); the library reads both as the same length.

``marked`` tells hours apart for it by a parameter that ``nominal_days`` looks for.
"""

from __future__ import annotations

import re
from typing import Any

_HOURS = re.compile(r"^DURATION((?:;[^:\r\n]*)?):(\+?PT)", re.MULTILINE | re.IGNORECASE)
_MARK = "X-EXACT"


def marked(text: str) -> str:
    """``text`` with a mark at every DURATION in hours, minutes and seconds alone."""
    return _HOURS.sub(rf"DURATION\1;{_MARK}=TRUE:\2", text) if "DURATION" in text else text


def nominal_days(duration: Any) -> int:
    """How many days on the wall a DURATION of a text that was ``marked`` lasts."""
    return 0 if _MARK in duration.params else int(duration.dt.days)
