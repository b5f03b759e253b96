"""Answers that list many items, written straight from rows.

A request of a shape not known here gets None and goes to Radicale's generic code.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from radicale import httputils, pathutils, types, xmlutils
from radicale.app.base import Access
from radicale.app.propfind import xml_propfind_response
from radicale.app.report import xml_item_response
from radicale.item import Item
from radicale.rights import intersect

from radicale_booking.dav import (
    address_data,
    calendar_data,
    calendar_query,
    card_query,
    freebusy,
    minimal,
    privileges,
    properties,
    template,
)
from radicale_booking.dav.collection import Collection, StoredItem, http_date
from radicale_booking.dav.storage import Storage
from radicale_booking.errors import SchedulingRefused
from radicale_booking.store.unit_of_work import Row

if TYPE_CHECKING:
    from radicale_booking.dav.application import BookingApplication

_ALLPROP, _PROPNAME, _PROP = (xmlutils.make_clark(f"D:{name}") for name in ("allprop", "propname", "prop"))
_GETETAG, _GETCONTENTTYPE = xmlutils.make_clark("D:getetag"), xmlutils.make_clark("D:getcontenttype")
_DATA = {xmlutils.make_clark("C:calendar-data"), xmlutils.make_clark("CR:address-data")}
_MULTIGET = {xmlutils.make_clark("C:calendar-multiget"): "VCALENDAR",
             xmlutils.make_clark("CR:addressbook-multiget"): "VADDRESSBOOK"}
_QUERY = xmlutils.make_clark("C:calendar-query")
#: Reports and the tag of the collections that answer them.
KINDS = {**_MULTIGET, _QUERY: "VCALENDAR", card_query.REPORT: "VADDRESSBOOK"}
SYNC = xmlutils.make_clark("D:sync-collection")
_MOST = "/".join(map(xmlutils.make_clark, ("D:limit", "D:nresults")))
#: No calendar has so many members.
_ENDLESS = 10**9
_FREE_BUSY = xmlutils.make_clark("C:free-busy-query")


@dataclass(slots=True)
class Request:
    """A request as Radicale hands it on, its body parsed."""

    application: BookingApplication
    storage: Storage
    base_prefix: str
    path: str
    user: str
    user_groups: set[str]
    body: ET.Element | None
    #: Whether what is missing is to be left out (RFC 8144).
    minimal: bool = False
    #: The Depth header.
    depth: str = "0"

    def collection(self, access: Access) -> Collection | None:
        """The calendar or address book at the path, if the user may read it."""
        row = self.storage.unit_of_work.collections.get(pathutils.strip_path(self.path))
        if row is None or row.tag not in ("VCALENDAR", "VADDRESSBOOK"):
            return None
        collection = Collection(self.storage, row)
        return collection if access.check("r", collection) else None

    def rows(self, name: str, collection: Collection, **parameters: object) -> Sequence[Row]:
        found: Sequence[Row] = self.storage.unit_of_work.query(
            "listing", name, collection_id=collection.row.id, **parameters)
        return found

    def access(self) -> Access:
        return Access(self.application.rights, self.user, self.user_groups, self.path)

    def may_write(self) -> bool:
        return bool(intersect(self.application.rights.authorization(self.user, self.user_groups, self.path), "w"))


def get(request: Request) -> types.WSGIResponse | None:
    """A GET of an item that the user may read."""
    parent_path, _, href = request.path.rpartition("/")
    if not href or "r" not in request.application.rights.authorization(request.user, request.user_groups,
                                                                       f"{parent_path}/"):
        return None
    row = request.storage.look("listing", "member", path=parent_path[1:], href=href)
    if row is None:
        return None
    headers = {"Content-Type": xmlutils.OBJECT_MIMETYPES[row["name"]], "ETag": row["etag"],
               "Last-Modified": http_date(row["modified_epoch"])}
    if row["schedule_tag"]:
        headers["Schedule-Tag"] = row["schedule_tag"]
    return int(HTTPStatus.OK), headers, row["text"], None


def propfind(request: Request) -> types.WSGIResponse | None:
    """A PROPFIND of depth 1 on a calendar or address book."""
    top = request.body[0] if request.body is not None else ET.Element(_ALLPROP)
    if top.tag not in (_ALLPROP, _PROPNAME, _PROP) or not request.user:
        return None
    access = request.access()
    if not access.check("r"):
        return None
    with request.storage.acquire_lock("r", request.user):
        collection = request.collection(access)
        if collection is None:
            return None
        own = PropfindBuilder(request, top, request.may_write())
        itself = own.build(collection)
        properties.amend(request.storage.unit_of_work, request.base_prefix, [itself],
                         most_instances=request.application.most_rule_occurrences)
        if request.minimal:
            minimal.shorten(itself)
        parts = [template.text_of(itself),
                 *template.respond(collection, request.rows("members", collection), own.build)]
    headers = {"DAV": httputils.DAV_HEADERS, "Content-Type": "text/xml; charset=utf-8"}
    return int(HTTPStatus.MULTI_STATUS), headers, template.document(parts), None


@dataclass(frozen=True)
class PropfindBuilder:
    """Radicale's response with the properties that ``top`` (DAV:prop, allprop or propname) asks for."""

    request: Request
    top: ET.Element
    write: bool

    def build(self, item: Item | Collection) -> ET.Element:
        request = self.request
        element: ET.Element = xml_propfind_response(
            request.application, request.base_prefix, request.path, item,
            [prop.tag for prop in self.top] if self.top.tag == _PROP else [], request.user, "utf-8",
            max_resource_size=request.application.max_resource_size, write=self.write,
            allprop=self.top.tag == _ALLPROP, propname=self.top.tag == _PROPNAME)
        if isinstance(item, StoredItem):
            properties.add_schedule_tag(element, item.schedule_tag)
            privileges.make_exact(element)
            if request.minimal:
                minimal.shorten(element)
        properties.say_something(element)
        return element


def report(request: Request) -> types.WSGIResponse | None:
    """A sync-collection, multiget, calendar-query or free-busy-query REPORT on a calendar or address book."""
    if request.body is None:
        return None
    access = request.access()
    if not access.check("r"):
        return None
    with request.storage.acquire_lock("r", request.user):
        collection, name = request.collection(access), ""
        if collection is None:
            collection, name = _member(request, access)
        _check_kind(request, collection)
        if collection is None:
            return None
        if name and request.body.tag in (_FREE_BUSY, SYNC):
            raise SchedulingRefused("D:supported-report", "it is a report of collections")
        if request.body.tag == _FREE_BUSY:
            return freebusy.report(request.storage.unit_of_work, collection, request.body)
        parts = _members(request, collection, request.body, name)
    if parts is None:
        return None
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return int(HTTPStatus.MULTI_STATUS), headers, template.document(parts), None


def _member(request: Request, access: Access) -> tuple[Collection | None, str]:
    """The collection and the href of the object at the path, if there is one that the user may read."""
    parent_path, _, href = pathutils.strip_path(request.path).rpartition("/")
    row = request.storage.unit_of_work.collections.get(parent_path)
    if row is None or row.tag not in ("VCALENDAR", "VADDRESSBOOK") or request.path.endswith("/"):
        return None, ""
    item = request.storage.member(row, href)
    return (Collection(request.storage, row), href) if item is not None and access.check("r", item) else (None, "")


def _check_kind(request: Request, collection: Collection | None) -> None:
    """Raises ``SchedulingRefused`` where the report is none of what is at the path: of an item, Radicale says so."""
    assert request.body is not None  # noqa: S101 - it is a report
    kind = KINDS.get(request.body.tag)
    if collection is not None:
        wrong = kind not in (None, collection.tag)
    else:
        row = request.storage.unit_of_work.collections.get(pathutils.strip_path(request.path))
        wrong = kind is not None and row is not None and not row.tag
    if wrong:
        raise SchedulingRefused("D:supported-report", f"it is a report of {kind} collections")


def _members(request: Request, collection: Collection, body: ET.Element, name: str) -> Iterable[str] | None:
    """``name``: the href of the only member that is asked, empty for all."""
    props = _asked(body)
    if any(len(prop) and prop.tag not in _DATA for prop in props):
        return None
    with_text = any(prop.tag in _DATA for prop in props)
    if body.tag == SYNC:
        return _sync(request, collection, body, props, with_text)
    if _MULTIGET.get(body.tag) == collection.tag:
        return _multiget(request, collection, body, props)
    if body.tag == _QUERY and collection.tag == "VCALENDAR":
        return _query(request, collection, body, props, name)
    if body.tag == card_query.REPORT and collection.tag == "VADDRESSBOOK":
        rows, more = card_query.members(request, collection, body, name)
        limited = [template.truncated(request.base_prefix, collection)] if more else []
        return limited + _responses(request, collection, rows, props)
    return None


def _asked(body: ET.Element) -> ET.Element:
    """DAV:prop, allprop or propname, whatever ``body`` has; an empty DAV:prop where it has none (RFC 4791 §9.5)."""
    return next((part for part in body if part.tag in (_PROP, _ALLPROP, _PROPNAME)), ET.Element(_PROP))


def _sync(request: Request, collection: Collection, body: ET.Element, props: ET.Element,
          with_text: bool) -> Iterable[str] | None:
    old_token = (body.findtext(xmlutils.make_clark("D:sync-token")) or "").strip()
    most = (body.findtext(_MOST) or "").strip()
    more = False
    hrefs: Iterable[str]
    try:
        if most.isascii() and most.isdigit() and 0 < int(most) < _ENDLESS:
            token, hrefs, more = collection.sync_part(old_token, int(most))
        else:
            token, hrefs = collection.sync(old_token)
    except ValueError:
        return None
    parts = [f"<sync-token>{token}</sync-token>"]
    if more:
        parts.append(template.truncated(request.base_prefix, collection))
    elif not old_token and not most:
        rows = request.rows("members_with_text" if with_text else "members", collection)
        return parts + list(_responses(request, collection, rows, props))
    return parts + _named(request, collection, list(hrefs), props)


def _multiget(request: Request, collection: Collection, body: ET.Element, props: ET.Element) -> Iterable[str] | None:
    names = []
    prefix = pathutils.unstrip_path(collection.path, True)
    for element in body.findall(xmlutils.make_clark("D:href")):
        path = pathutils.sanitize_path(unquote(urlparse(element.text or "").path))
        name = path.removeprefix(request.base_prefix).removeprefix(prefix)
        if path != f"{request.base_prefix}{prefix}{name}" or not pathutils.is_safe_path_component(name):
            return None
        names.append(name)
    return _named(request, collection, list(dict.fromkeys(names)), props)


def _named(request: Request, collection: Collection, names: list[str], props: ET.Element) -> list[str]:
    rows = request.rows("some", collection, hrefs=json.dumps(names))
    there = {row["href"] for row in rows}
    absent = [template.missing(request.base_prefix, collection, name) for name in names if name not in there]
    return absent + list(_responses(request, collection, rows, props))


def _query(request: Request, collection: Collection, body: ET.Element, props: ET.Element,
           name: str) -> Iterable[str] | None:
    if len(body.findall(xmlutils.make_clark("C:filter"))) != 1:
        return None
    found = calendar_query.members(request, collection, body) if not name else calendar_query.matching(
        collection, body, request.rows("some", collection, hrefs=json.dumps([name])))
    return _responses(request, collection, found, props)


def _responses(request: Request, collection: Collection, rows: Iterable[Row], props: ET.Element) -> list[str]:
    def build(item: StoredItem) -> ET.Element:
        found: list[ET.Element] = []
        absent: list[ET.Element] = []
        for prop in props:
            element = ET.Element(prop.tag)
            if prop.tag == _GETETAG:
                element.text = item.etag
            elif prop.tag == _GETCONTENTTYPE:
                element.text = xmlutils.get_content_type(item, "utf-8")
            elif prop.tag == properties.SCHEDULE_TAG:
                element.text = item.schedule_tag
            elif prop.tag in _DATA:
                element.text = item.serialize()
            (absent if element.text is None else found).append(element)
        response: ET.Element = xml_item_response(
            request.base_prefix, pathutils.unstrip_path(f"{collection.path}/{item.href}"), found_props=found,
            not_found_props=absent)
        if request.minimal:
            minimal.shorten(response)
        return response

    if not len(props):
        return list(template.respond(collection, rows, PropfindBuilder(request, props, request.may_write()).build))
    return list(template.respond(collection, _shaped(request, collection, rows, props), build))


def _shaped(request: Request, collection: Collection, rows: Iterable[Row], props: ET.Element) -> Iterable[Row]:
    """``rows`` with their texts as ``props`` ask for them."""
    if collection.tag == "VADDRESSBOOK":
        named = address_data.asked(props)
        return rows if named is None else address_data.rows(named, rows)
    shape = calendar_data.asked(props)
    if shape is None:
        return rows
    assert request.body is not None  # noqa: S101 - it asks for props
    zone = calendar_query.floating_zone(collection, request.body)
    return calendar_data.rows(shape, rows, zone, request.application.most_occurrences,
                              of_query=request.body.tag == _QUERY)
