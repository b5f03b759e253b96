"""Quirk: Apple's calendars write ``RRULE:…;COUNT=0;UNTIL=`` for a rule without an end."""

from __future__ import annotations

import re

_EMPTY = re.compile(r"(?m)^(RRULE[^\r\n]*?);(?:COUNT=0;)?UNTIL=(?=[;\r\n])")


def repaired(text: str) -> str:
    """``text`` without the empty ends."""
    return _EMPTY.sub(r"\1", text) if "UNTIL=" in text else text
