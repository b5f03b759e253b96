"""A request's body: one that can be read again, and as XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Protocol
from urllib.parse import unquote, urlsplit

from defusedxml import ElementTree as DefusedET

_HREF = "{DAV:}href"
#: What programs send is a tenth as deep; what reads it calls itself for each level.
_DEEPEST = 100


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        ...


class Body:
    """``stream`` is read once, as long as the first who reads wants it; everybody gets the same."""

    def __init__(self, stream: _Readable) -> None:
        self._stream = stream
        self._content: bytes | None = None

    def read(self, size: int, /) -> bytes:
        if self._content is None:
            self._content = self._stream.read(size)
        return self._content


def read_xml(content: bytes) -> ET.Element | None:
    """The XML document ``content``, None where it is empty. Raises ``RuntimeError`` for what is none, as Radicale."""
    try:
        document: ET.Element | None = DefusedET.fromstring(content) if content else None
    except (ET.ParseError, LookupError, ValueError) as error:
        raise RuntimeError(f"the body is no XML that can be read: {error}") from None
    return checked(document)


def checked(document: ET.Element | None) -> ET.Element | None:
    """``document`` with the root, where nothing is, for each DAV:href that is no address.

    Raises ``RuntimeError`` where elements are inside of each other without end.
    """
    level = [document] if document is not None else []
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
    if level:
        raise RuntimeError(f"the body has more than {_DEEPEST} elements inside of each other")
    for href in document.iter(_HREF) if document is not None else ():
        if not _is_address(href.text):
            href.text = "/"
    return document


def _is_address(text: str | None) -> bool:
    try:
        return bool(text) and "\0" not in unquote(urlsplit(text or "").path)
    except ValueError:
        return False
