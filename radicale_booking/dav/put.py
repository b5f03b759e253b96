"""A PUT of the event that most are: stored as it was sent, without being parsed and written anew.

A request of a shape not known here gets None and goes to Radicale's generic code.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from radicale import httputils, pathutils, types
from radicale.app.base import Access
from radicale.item import Item

from radicale_booking.dav.collection import Collection
from radicale_booking.dav.storage import Storage
from radicale_booking.ical import plain_event

if TYPE_CHECKING:
    from radicale_booking.dav.application import BookingApplication

#: What neither Radicale nor the library it parses with changes or refuses.
_ORDINARY = frozenset({
    "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND", "DURATION", "RRULE", "SUMMARY", "DESCRIPTION",
    "LOCATION", "STATUS", "TRANSP", "CLASS", "SEQUENCE", "PRIORITY", "URL"})
_INSTANTS = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED"})
_NEEDED = frozenset({"UID", "DTSTAMP", "DTSTART"})


def plain(application: BookingApplication, storage: Storage, environ: types.WSGIEnviron, path: str, user: str,
          user_groups: set[str]) -> types.WSGIResponse | None:
    """Store what was sent as the member ``path`` of a calendar that the user may write.

    Raises what ``Collection.upload`` raises.
    """
    if "w" not in Access(application.rights, user, user_groups, path).parent_permissions or path.endswith("/"):
        return None
    try:
        content = httputils.decode_request(application.configuration, environ, storage.exchange.sent or b"")
    except UnicodeDecodeError:
        return httputils.BAD_REQUEST
    event = _event(content, application.most_rule_occurrences)
    if event is None:
        return None
    text = content if "\n" not in content.replace("\r\n", "") else content.replace("\r\n", "\n").replace("\n", "\r\n")
    parent_path, _, href = pathutils.strip_path(path).rpartition("/")
    with storage.acquire_lock("w", user, path=path, request="PUT", actor=user):
        row = storage.unit_of_work.collections.get(parent_path)
        if row is None or row.tag != "VCALENDAR" or not pathutils.is_safe_filesystem_path_component(href):
            return None
        present = storage.member(row, href)
        collection = Collection(storage, row)
        uid = event.text("UID")
        if (present.uid != uid) if present is not None else collection.has_uid(uid):
            return None
        if not _holds(environ, present.etag if present is not None else None):
            return httputils.PRECONDITION_FAILED
        item = Item(collection=collection, href=href, uid=uid, name="VCALENDAR", component_name="VEVENT", text=text)
        stored, _ = collection.upload(href, item)
    status = HTTPStatus.CREATED if present is None else HTTPStatus.NO_CONTENT
    return int(status), {"ETag": stored.etag}, None, None


def _event(content: str, most_occurrences: int) -> plain_event.PlainEvent | None:
    if not content.endswith("\n"):
        return None
    event = plain_event.read(content)
    if event is None or not event.lines.keys() >= _NEEDED or not all(
            name in _ORDINARY or name.startswith("X-") for name in event.lines):
        return None
    if not all(event.is_instant(name) for name in _INSTANTS & event.lines.keys()):
        return None
    component = event.component(())
    if component is None or not component.uid:
        return None
    for rule in component.rules:
        if rule.until is not None or (most_occurrences and (rule.count or 0) > most_occurrences):
            return None
    return event


def _holds(environ: types.WSGIEnviron, etag: str | None) -> bool:
    """If-Match and If-None-Match (RFC 9110 §13.1), as Radicale reads them."""
    wanted = environ.get("HTTP_IF_MATCH", "")
    if etag is None:
        return not wanted
    return wanted in ("", "*", etag) and environ.get("HTTP_IF_NONE_MATCH", "") != "*"
