"""COPY, and MOVE of whole collections (RFC 4918 §9.8, §9.9; RFC 4791 §5.3.3): Radicale moves single items."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import ParseResult, quote, unquote, urlparse

from radicale import httputils, pathutils, types, utils, xmlutils
from radicale.app.base import Access
from radicale.item import Item

from radicale_booking.dav import errors
from radicale_booking.dav.collection import Collection
from radicale_booking.dav.properties import clark
from radicale_booking.dav.storage import Storage
from radicale_booking.errors import SchedulingRefused, UidTaken
from radicale_booking.services import implicit
from radicale_booking.store.collections import CollectionRow
from radicale_booking.store.items import ItemRow

if TYPE_CHECKING:
    from radicale_booking.dav.application import BookingApplication

_CREATED, _NO_CONTENT, _MULTI_STATUS = (
    int(status) for status in (HTTPStatus.CREATED, HTTPStatus.NO_CONTENT, HTTPStatus.MULTI_STATUS))
_DONE = (_CREATED, _NO_CONTENT)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class _Relocation:
    """What a COPY or MOVE asks for."""

    application: BookingApplication
    storage: Storage
    user: str
    source: Access
    target: Access
    overwrite: bool
    depth: str
    #: What must be at the source: an ETag, or * for anything.
    expected: str

    @property
    def names(self) -> tuple[str, str]:
        return pathutils.strip_path(self.source.path), pathutils.strip_path(self.target.path)

    @property
    def deep(self) -> bool:
        return self.depth == "infinity"

    def below(self, side: Access, path: str) -> Access:
        """That of who asks to ``path`` below ``side``, a share's where it is one."""
        return Access(self.application.rights, side.user, side.user_groups, path, side._permissions_filter)


def destination(environ: types.WSGIEnviron) -> ParseResult:
    """Where to. Raises ``ValueError`` for what is no address."""
    place = urlparse(environ.get("HTTP_DESTINATION", ""))
    _ = place.port  # the library looks at it only now
    return place


def _asked(application: BookingApplication, storage: Storage, need: str, environ: types.WSGIEnviron, base_prefix: str,
           path: str, user: str, user_groups: set[str]) -> _Relocation | types.WSGIResponse:
    """The request as it is understood, or the answer to one that is not (RFC 4918 §9.8.5), or to one of
    somebody who lacks ``need`` at the source or may not write the target."""
    place = destination(environ)
    if place.netloc:
        port = "" if place.port else f":{_DEFAULT_PORTS.get(place.scheme, 80)}"
        if place.netloc + port != utils.get_server_netloc(environ, force_port=True):
            return httputils.REMOTE_DESTINATION
    to_path = pathutils.sanitize_path(unquote(place.path))
    # What is not said is T (RFC 4918 §10.6).
    overwrite = environ.get("HTTP_OVERWRITE", "T").upper()
    if not place.path or overwrite not in ("T", "F"):
        return httputils.BAD_REQUEST
    if not f"{to_path}/".startswith(f"{base_prefix}/"):
        return httputils.NOT_ALLOWED
    source, target = (_access(application, one, user, user_groups)
                      for one in (path, to_path.removeprefix(base_prefix)))
    if not source.check(need) or not target.check("w"):
        return httputils.NOT_ALLOWED
    return _Relocation(application, storage, user, source, target, overwrite == "T",
                       environ.get("HTTP_DEPTH", "infinity").lower(), environ.get("HTTP_IF_MATCH", "*"))


def _access(application: BookingApplication, path: str, user: str, user_groups: set[str]) -> Access:
    sharing = application._sharing
    share = sharing.sharing_collection_resolver(path, user, user_groups) if sharing._enabled else None
    if share and path != share["PathMapped"]:
        return Access(application.rights, share["Owner"], user_groups, share["PathMapped"], share["Permissions"])
    return Access(application.rights, user, user_groups, path)


def copy(application: BookingApplication, storage: Storage, *request: Any) -> types.WSGIResponse:
    """Store a copy, as a PUT of the same would (RFC 6638 §3.2). Raises ``SchedulingRefused``."""
    asked = _asked(application, storage, "r", *request)
    if not isinstance(asked, _Relocation):
        return asked
    with _locked(asked, "COPY"):
        found = next(iter(storage.discover(asked.source.path)), None)
        if found is None:
            return httputils.NOT_FOUND
        if asked.expected not in ("*", found.etag):
            return httputils.PRECONDITION_FAILED
        if not isinstance(found, Collection):
            return _copy_item(asked)
        refused = _refused(asked, found, "r")
        return refused if refused is not None else _copy_collection(asked, found)


def move_collection(application: BookingApplication, storage: Storage, *request: Any) -> types.WSGIResponse | None:
    """Give a collection another address; None where an item is asked to be moved, or what is not there."""
    asked = _asked(application, storage, "w", *request)
    if not isinstance(asked, _Relocation):
        return asked
    with _locked(asked, "MOVE"):
        found = next(iter(storage.discover(asked.source.path)), None)
        if found is not None and asked.expected not in ("*", found.etag):
            return httputils.PRECONDITION_FAILED
        if not isinstance(found, Collection):
            return None
        refused = _refused(asked, found, "w")
        if refused is not None:
            return refused
        parent = storage.unit_of_work.collections.get(asked.names[1].rpartition("/")[0])
        if not asked.deep or parent is None or parent.principal_id != found.row.principal_id \
                or not _may_remove(asked, asked.source, found):
            return httputils.FORBIDDEN
        status = _make_room(asked)
        if status in _DONE:
            storage.unit_of_work.collections.rename(found.row, asked.names[1])
        return _answered(status)


def _locked(asked: _Relocation, method: str) -> AbstractContextManager[None]:
    return asked.storage.acquire_lock("w", asked.target.user, path=asked.target.path, request=method, actor=asked.user)


def _refused(request: _Relocation, found: Collection, permission: str) -> types.WSGIResponse | None:
    """What is wrong with the places of ``found`` and its copy."""
    source, target = request.names
    if not request.source.check(permission, found) or not request.target.check("w", found):
        return httputils.NOT_ALLOWED
    if request.depth not in ("0", "infinity"):
        return httputils.BAD_REQUEST
    if "/" not in source or "/" not in target or f"{target}/".startswith(f"{source}/") \
            or source.startswith(f"{target}/"):
        # Homes stay, and nothing gets into itself or takes the place of what it is in.
        return httputils.FORBIDDEN
    parent = request.storage.collection_at(target.rpartition("/")[0])
    if parent is None:
        return httputils.CONFLICT
    if parent.tag:
        kind = {"VADDRESSBOOK": "CR:addressbook", "VCALENDAR": "C:calendar"}.get(found.tag)
        if kind is None:
            return httputils.FORBIDDEN
        raise SchedulingRefused(f"{kind}-collection-location-ok", "collections of items hold no collections")
    return None


def _copy_item(request: _Relocation) -> types.WSGIResponse:
    storage, (source, target) = request.storage, request.names
    found, present, parent = _member(storage, source), _member(storage, target), \
        storage.collection_at(target.rpartition("/")[0])
    if found is None or parent is None:
        return httputils.CONFLICT
    into = Collection(storage, parent)
    item, href = _copied(found), target.rpartition("/")[2]
    if not request.source.check("r", item) or not request.target.check("w", item):
        return httputils.NOT_ALLOWED
    if source == target or storage.collection_at(target) is not None or parent.tag != found[0].tag:
        return httputils.FORBIDDEN
    if present is not None and not request.overwrite:
        return httputils.PRECONDITION_FAILED
    holder = storage.unit_of_work.items.by_uid(parent.id, item.uid) or (present[1] if present is not None else None)
    if holder is not None and (holder.href, holder.uid) != (href, item.uid):
        kind = "CR" if parent.tag == "VADDRESSBOOK" else "C"
        raise UidTaken(f"{kind}:no-uid-conflict", "an object keeps its UID, and no other of its collection has it",
                       f"/{parent.path}/{holder.href}")
    if into.principal is not None:
        implicit.check_copied(storage.app, storage.unit_of_work, into.principal, found[1].text, item.uid)
    into.upload(href, item)
    return _answered(_CREATED if present is None else _NO_CONTENT)


def _copy_collection(request: _Relocation, found: Collection) -> types.WSGIResponse:
    storage = request.storage
    tree = [(one, request.names[1] + one.path.removeprefix(found.path))
            for one in (_with_children(storage, found) if request.deep else [found])]
    if not all(request.below(request.source, f"/{one.path}/").check("r", one)
               and request.below(request.target, f"/{path}/").check("w", one) for one, path in tree):
        return httputils.NOT_ALLOWED
    members = {path: storage.unit_of_work.items.all(one.row.id) if request.deep else [] for one, path in tree}
    failed = [(f"/{one.path}/{row.href}", refused) for one, path in tree
              for row, refused in _not_copied(request, members[path])]
    if failed:
        return _MULTI_STATUS, {"Content-Type": "text/xml; charset=utf-8"}, _multistatus(failed), None
    status = _make_room(request)
    for one, path in tree if status in _DONE else []:
        copy, _, _ = storage.create_collection(f"/{path}/", props=one.row.props)
        for row in members[path]:
            copy.upload(row.href, _copied((one.row, row)))
    return _answered(status)


def _with_children(storage: Storage, collection: Collection) -> Iterator[Collection]:
    yield collection
    for child in storage.unit_of_work.collections.children(collection.row):
        yield from _with_children(storage, Collection(storage, child))


def _not_copied(request: _Relocation, rows: list[ItemRow]) -> Iterator[tuple[ItemRow, SchedulingRefused]]:
    """Of which there cannot be two, and why; then nothing is copied."""
    app, unit_of_work = request.storage.app, request.storage.unit_of_work
    owner = unit_of_work.principals.get(request.names[1].partition("/")[0])
    if owner is None:
        return
    for row in rows:
        try:
            implicit.check_copied(app, unit_of_work, owner, row.text, row.uid)
        except SchedulingRefused as refused:
            yield row, refused


def _member(storage: Storage, path: str) -> tuple[CollectionRow, ItemRow] | None:
    parent_path, _, href = path.rpartition("/")
    parent = storage.unit_of_work.collections.get(parent_path)
    row = storage.unit_of_work.items.get(parent.id, href) if parent is not None else None
    return (parent, row) if parent is not None and row is not None else None


def _copied(member: tuple[CollectionRow, ItemRow]) -> Item:
    """As a program would send it, without a Schedule-Tag."""
    parent, row = member
    return Item(collection_path=parent.path, text=row.text, uid=row.uid, name=row.name, component_name=row.component)


def _make_room(request: _Relocation) -> int:
    """Remove what is at the target; CREATED, NO_CONTENT, or why it stays (RFC 4918 §9.8.4)."""
    present = next(iter(request.storage.discover(request.target.path)), None)
    if present is None:
        return _CREATED
    if not request.overwrite:
        return int(HTTPStatus.PRECONDITION_FAILED)
    if not isinstance(present, Collection) or not _may_remove(request, request.target, present):
        return int(HTTPStatus.FORBIDDEN)
    present.delete()
    return _NO_CONTENT


def _may_remove(request: _Relocation, access: Access, collection: Collection) -> bool:
    """As of a DELETE: not what others see as a share, nor against ``[rights] permit_delete_collection``."""
    application = request.application
    if application._sharing._enabled and application._sharing.database_list_sharing(PathMapped=f"/{collection.path}/"):
        return False
    return access.check("d", collection) is False if application._permit_delete_collection \
        else access.check("D", collection)


def _answered(status: int) -> types.WSGIResponse:
    return status, {}, None, None


def _multistatus(failed: list[tuple[str, SchedulingRefused]]) -> bytes:
    document = ET.Element(clark("D:multistatus"))
    for path, refused in failed:
        status, _, body, _ = errors.response(refused)
        response = ET.SubElement(document, clark("D:response"))
        ET.SubElement(response, clark("D:href")).text = quote(path)
        ET.SubElement(response, clark("D:status")).text = xmlutils.make_response(status)
        response.append(ET.fromstring(body or b""))  # noqa: S314 - our own answer
    return bytes(ET.tostring(document, encoding="utf-8", xml_declaration=True))
