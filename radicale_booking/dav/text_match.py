"""Matching texts as a C:text-match or CR:text-match asks (RFC 4791 §9.7.5, RFC 6352 §10.5.4)."""

from __future__ import annotations

import string
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable

_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _ascii(text: str) -> str:
    return text.translate(_ASCII)


def _unicode(text: str) -> str:
    return unicodedata.normalize("NFKD", text.casefold())


#: RFC 4790 leaves it to the server what "default" is.
_COLLATIONS: dict[str, Callable[[str], str]] = {
    "i;ascii-casemap": _ascii, "i;unicode-casemap": _unicode, "i;octet": str, "default": _unicode}
COLLATIONS = frozenset(_COLLATIONS)
_KINDS: dict[str, Callable[[str, str], bool]] = {
    "equals": str.__eq__, "contains": str.__contains__, "starts-with": str.startswith, "ends-with": str.endswith}
KINDS = frozenset(_KINDS)


def matches(element: ET.Element, value: str, *, collation: str = "i;ascii-casemap") -> bool:
    """Whether ``value`` is what ``element`` asks for; ``collation`` is that of an element that names none."""
    fold = _COLLATIONS[element.get("collation", collation)]
    found = _KINDS[element.get("match-type", "contains")](fold(value), fold(element.text or ""))
    return found != (element.get("negate-condition") == "yes")
