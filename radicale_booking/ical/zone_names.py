"""TZIDs as calendar programs write them, made into names that mean one zone only.

The library keeps every VTIMEZONE that it has read under its TZID for all later objects, so a name must not depend on
the object it comes from: a name of the IANA database, Windows or a path that ends in one is that zone, whatever the
object's VTIMEZONE says; any other stands for the object's own definition (RFC 5545 §3.6.5).
"""

from __future__ import annotations

import hashlib
import re
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

import icalendar
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

_FOLD = re.compile(r"\r?\n[ \t]")
_BLOCK = re.compile(r"BEGIN:VTIMEZONE\r?\n.*?END:VTIMEZONE\r?\n", re.DOTALL | re.IGNORECASE)
_TZID = re.compile(r"^TZID(?:;[^:\r\n]*)?:(.*?)\r?$", re.MULTILINE | re.IGNORECASE)
_PARAMETER = re.compile(r';TZID=(?:"([^"\r\n]*)"|([^";:,\r\n]*))', re.IGNORECASE)


def unambiguous(text: str) -> str:
    """``text`` with TZIDs that are IANA names or stand for one definition; a name that nothing defines stays."""
    if "TZID" not in text.upper():
        return text
    text = _FOLD.sub("", text)
    own: dict[str, str] = {}

    def define(block: re.Match[str]) -> str:
        named = _TZID.search(block[0])
        if named is None:
            return block[0]
        name = re.sub(r"\\([,;\\])", r"\1", named[1].strip())  # the property is a TEXT, the parameter is not
        if iana(name) is not None:
            return ""
        own[name] = "custom-" + hashlib.sha256(block[0].encode()).hexdigest()[:24]
        return block[0].replace(named[0], f"TZID:{own[name]}\r", 1)

    def use(parameter: re.Match[str]) -> str:
        name = (parameter[1] if parameter[1] is not None else parameter[2]).strip()
        return f";TZID={iana(name) or own[name]}" if iana(name) or name in own else parameter[0]

    return _PARAMETER.sub(use, _BLOCK.sub(define, text))


@lru_cache(maxsize=1024)
def iana(name: str) -> str | None:
    """The IANA zone that ``name`` means: itself, a Windows name, or the end of a path such as
    ``/freeassociation.sourceforge.net/Europe/Berlin``; None where it means none."""
    if name in available_timezones():
        return name
    if name in WINDOWS_TO_OLSON:
        return WINDOWS_TO_OLSON[name]
    parts = name.strip("/").split("/")
    ends = ("/".join(parts[-count:]) for count in (3, 2) if name.startswith("/") and len(parts) >= count)
    return next((end for end in ends if end in available_timezones()), None)


@lru_cache(maxsize=256)
def defined(text: str) -> tzinfo:
    """The zone that a calendar object with one VTIMEZONE stands for. Raises ``ValueError`` where it has none."""
    named = _TZID.search(_FOLD.sub("", text))
    name = iana(named[1].strip()) if named is not None else None
    if name is not None:
        return ZoneInfo(name)
    for zone in icalendar.Calendar.from_ical(unambiguous(text)).walk("VTIMEZONE"):
        assert isinstance(zone, icalendar.Timezone)  # noqa: S101 - its name says so
        read: tzinfo = zone.to_tz()
        return read
    raise ValueError("no VTIMEZONE")
