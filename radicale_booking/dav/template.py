"""Responses for many items, written by Radicale once and filled in from rows.

Radicale's own function builds the element for one sample item; its text, cut at the sample's values, is the template
for every other item of the same kind. So the answer is Radicale's by construction, at the price of a string a row.
"""

from __future__ import annotations

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote
from xml.sax.saxutils import escape

from radicale import item as radicale_item
from radicale import pathutils, xmlutils

from radicale_booking.dav.collection import Collection
from radicale_booking.store.unit_of_work import Row

_HREF = "sample-href-4b1d"
_ETAG = "sample-etag-4b1d"
_MODIFIED = "sample-modified-4b1d"
_TEXT = "sample-text-4b1d" + "-" * 48_595
_CUT = re.compile(f"({_HREF}|{_ETAG}|{_MODIFIED}|{_TEXT}|(?<=>){len(_TEXT)}(?=<))")


@lru_cache(maxsize=4096)
def http_date(epoch: int) -> str:
    """``epoch`` (UTC seconds since 1970) as RFC 9110 §5.6.7 has it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(epoch))


_FIELDS: dict[str, Callable[[Row], str]] = {
    _HREF: lambda row: quote(row["href"], safe="/"),
    _ETAG: lambda row: escape(row["etag"]),
    _MODIFIED: lambda row: http_date(row["modified_epoch"]),
    _TEXT: lambda row: escape(row["text"]),
    str(len(_TEXT)): lambda row: str(row["size_octets"]),
}

Build = Callable[[radicale_item.Item], ET.Element]


def respond(collection: Collection, rows: Iterable[Row], build: Build) -> Iterable[str]:
    """The text of a DAV:response for each row, as ``build`` makes it."""
    templates: dict[tuple[str, str], tuple[list[str], list[Callable[[Row], str]]]] = {}
    for row in rows:
        kind = row["name"], row["component"]
        if kind not in templates:
            templates[kind] = _template(collection, kind, build)
        literals, fields = templates[kind]
        yield literals[0]
        for field, literal in zip(fields, literals[1:], strict=True):
            yield field(row)
            yield literal


def document(parts: Iterable[str]) -> bytes:
    """A DAV:multistatus that holds ``parts``."""
    body = "".join(parts)
    return f"<?xml version='1.0' encoding='utf-8'?>\n<multistatus xmlns=\"DAV:\">{body}</multistatus>".encode()


def text_of(element: ET.Element) -> str:
    """``element`` as part of a document whose default namespace is DAV:."""
    return ET.tostring(element, encoding="unicode").replace(' xmlns="DAV:"', "")


def _template(collection: Collection, kind: tuple[str, str],
              build: Build) -> tuple[list[str], list[Callable[[Row], str]]]:
    sample = radicale_item.Item(collection=collection, href=_HREF, etag=_ETAG, last_modified=_MODIFIED, text=_TEXT,
                                uid="", name=kind[0], component_name=kind[1], time_range=(0, 0))
    parts = _CUT.split(text_of(build(sample)))
    return parts[0::2], [_FIELDS[mark] for mark in parts[1::2]]


def missing(base_prefix: str, collection: Collection, href: str) -> str:
    """The DAV:response for a member that is not there."""
    path = xmlutils.make_href(base_prefix, pathutils.unstrip_path(f"{collection.path}/{href}"))
    return f"<response><href>{escape(path)}</href><status>{xmlutils.make_response(404)}</status></response>"
