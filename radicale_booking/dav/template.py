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
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from radicale import pathutils, xmlutils

from radicale_booking.dav import no_namespace
from radicale_booking.dav.collection import Collection, StoredItem
from radicale_booking.store.unit_of_work import Row

_HREF = "sample-href-4b1d"
_ETAG = "sample-etag-4b1d"
_MODIFIED = "sample-modified-4b1d"
_SCHEDULE_TAG = "sample-schedule-tag-4b1d"
_TEXT = "sample-text-4b1d" + "-" * 48_595
_CUT = re.compile(f"({_HREF}|{_ETAG}|{_MODIFIED}|{_SCHEDULE_TAG}|{_TEXT}|(?<=>){len(_TEXT)}(?=<))")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch


@lru_cache(maxsize=4096)
def http_date(epoch: int) -> str:
    """``epoch`` (UTC seconds since 1970) as RFC 9110 §5.6.7 has it."""
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(epoch))


_Field = tuple[str, Callable[[Any], str]]
#: Kind of object, component, and whether it has a Schedule-Tag.
_Kind = tuple[str, str, bool]
#: A format string, and for each of its places the column and how it is written.
_Template = tuple[str, list[_Field]]


def _octets(path: str) -> str:
    # Most names need no quoting, and finding that out is cheaper than quoting.
    return path if _PLAIN(path) else quote(path, safe="/")


_FIELDS: dict[str, _Field] = {
    _HREF: ("href", _octets),
    # Quotes, digits and hyphens: nothing in it can be markup.
    _ETAG: ("etag", str),
    _MODIFIED: ("modified_epoch", http_date),
    _SCHEDULE_TAG: ("schedule_tag", escape),
    _TEXT: ("text", escape),
    str(len(_TEXT)): ("size_octets", str),
}

Build = Callable[[StoredItem], ET.Element]


def respond(collection: Collection, rows: Iterable[Row], build: Build) -> Iterable[str]:
    """The text of a DAV:response for each row, as ``build`` makes it."""
    templates: dict[_Kind, _Template] = {}
    for row in rows:
        kind = row["name"], row["component"], row["schedule_tag"] is not None
        if kind not in templates:
            templates[kind] = _template(collection, kind, build)
        text, fields = templates[kind]
        yield text % tuple([write(row[column]) for column, write in fields])


def with_text(row: Row, text: str) -> Row:
    """``row`` with another text."""
    return {"text": text, **{column: row[column] for column in ("href", "etag", "name", "component", "schedule_tag")}}


def document(parts: Iterable[str]) -> bytes:
    """A DAV:multistatus that holds ``parts``."""
    body = "".join(parts)
    return f"<?xml version='1.0' encoding='utf-8'?>\n<multistatus xmlns=\"DAV:\">{body}</multistatus>".encode()


def text_of(element: ET.Element) -> str:
    """``element`` as part of a document whose default namespace is DAV:."""
    no_namespace.unname(element)
    return ET.tostring(element, encoding="unicode").replace(' xmlns="DAV:"', "")


def _template(collection: Collection, kind: _Kind, build: Build) -> _Template:
    sample = StoredItem(collection=collection, href=_HREF, etag=_ETAG, last_modified=_MODIFIED, text=_TEXT,
                                uid="", name=kind[0], component_name=kind[1], time_range=(0, 0))
    sample.schedule_tag = _SCHEDULE_TAG if kind[2] else None
    parts = _CUT.split(text_of(build(sample)))
    literals = [literal.replace("%", "%%") for literal in parts[0::2]]
    return "%s".join(literals), [_FIELDS[mark] for mark in parts[1::2]]


def missing(base_prefix: str, collection: Collection, href: str) -> str:
    """The DAV:response for a member that is not there."""
    path = xmlutils.make_href(base_prefix, pathutils.unstrip_path(f"{collection.path}/{href}"))
    return f"<response><href>{escape(path)}</href><status>{xmlutils.make_response(404)}</status></response>"


def truncated(base_prefix: str, collection: Collection) -> str:
    """The DAV:response that says that not all changes are told (RFC 6578 §3.6)."""
    return text_of(beyond_limits(base_prefix, pathutils.unstrip_path(collection.path, True)))


def beyond_limits(base_prefix: str, path: str) -> ET.Element:
    """The DAV:response for ``path`` that says that more match than are told (RFC 6578 §3.6, RFC 6352 §8.6.1)."""
    answer = ET.Element(xmlutils.make_clark("D:response"))
    ET.SubElement(answer, xmlutils.make_clark("D:href")).text = xmlutils.make_href(base_prefix, path)
    ET.SubElement(answer, xmlutils.make_clark("D:status")).text = xmlutils.make_response(507)
    error = ET.SubElement(answer, xmlutils.make_clark("D:error"))
    ET.SubElement(error, xmlutils.make_clark("D:number-of-matches-within-limits"))
    return answer
