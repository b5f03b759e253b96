"""Responses for many items, written by Radicale once and filled in from rows.

Radicale's own function builds the element for one sample item; its text, cut at the sample's values, is the template
for every other item of the same kind. So the answer is Radicale's by construction, at the price of a string a row.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from radicale import pathutils, xmlutils

from radicale_booking.dav import no_namespace
from radicale_booking.dav.collection import Collection, StoredItem, http_date
from radicale_booking.store.unit_of_work import Row

_HREF = "sample-href-4b1d"
_ETAG = "sample-etag-4b1d"
_MODIFIED = "sample-modified-4b1d"
_SCHEDULE_TAG = "sample-schedule-tag-4b1d"
_TEXT = "sample-text-4b1d" + "-" * 48_595
_CUT = re.compile(f"({_HREF}|{_ETAG}|{_MODIFIED}|{_SCHEDULE_TAG}|{_TEXT}|(?<=>){len(_TEXT)}(?=<))")
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch


#: A column and how it is written; None: as it is.
_Field = tuple[str, Callable[[Any], str] | None]
#: Kind of object, component, and whether it has a Schedule-Tag.
_Kind = tuple[str, str, bool]
#: The texts of some rows of one kind.
_Fill = Callable[[Iterable[Row]], list[str]]


_FIELDS: dict[str, _Field] = {
    _HREF: ("href", quote),
    # Quotes, digits and hyphens: nothing in it can be markup.
    _ETAG: ("etag", None),
    _MODIFIED: ("modified_epoch", http_date),
    _SCHEDULE_TAG: ("schedule_tag", escape),
    _TEXT: ("text", escape),
    str(len(_TEXT)): ("size_octets", None),
}

Build = Callable[[StoredItem], ET.Element]


def respond(collection: Collection, rows: Iterable[Row], build: Build) -> Iterable[str]:
    """The text of a DAV:response for each row, as ``build`` makes it."""
    rows = list(rows)
    quoting = _PLAIN("".join([row["href"] for row in rows])) is None
    fills: dict[_Kind, _Fill] = {}
    for (name, component, tag), alike in groupby(rows, itemgetter("name", "component", "schedule_tag")):
        kind = name, component, tag is not None
        if kind not in fills:
            fills[kind] = _template(collection, kind, build, quoting=quoting)
        yield from fills[kind](alike)


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


def _template(collection: Collection, kind: _Kind, build: Build, *, quoting: bool) -> _Fill:
    sample = StoredItem(collection=collection, href=_HREF, etag=_ETAG, last_modified=_MODIFIED, text=_TEXT,
                                uid="", name=kind[0], component_name=kind[1], time_range=(0, 0))
    sample.schedule_tag = _SCHEDULE_TAG if kind[2] else None
    parts = _CUT.split(text_of(build(sample)))
    literals = [literal.replace("%", "%%") for literal in parts[0::2]]
    text, fields = "%s".join(literals), [_FIELDS[mark] for mark in parts[1::2]]
    written = [(column, write) for column, write in fields if write is not None and (quoting or write is not quote)]
    if written:
        return lambda rows: [text % tuple([row[column] if write is None else write(row[column])
                                           for column, write in fields]) for row in rows]
    values = itemgetter(*[column for column, _ in fields])
    return lambda rows: [text % values(row) for row in rows]


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
