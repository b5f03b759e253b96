"""Properties that nobody but the server sets (RFC 4918 §15, RFC 4791 §5.2): Radicale would keep what is sent."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from radicale import types, xmlutils

from radicale_booking.dav.properties import clark

_PROTECTED = frozenset(map(clark, (
    "D:getcontentlength", "D:getetag", "D:getlastmodified", "D:lockdiscovery", "D:supportedlock", "D:owner", "D:group",
    "D:acl", "D:supported-privilege-set", "D:current-user-privilege-set", "D:current-user-principal", "D:principal-URL",
    "D:principal-collection-set", "D:supported-report-set", "D:sync-token", "CS:getctag", "C:calendar-home-set",
    "C:calendar-user-address-set", "C:schedule-inbox-URL", "C:schedule-outbox-URL", "C:schedule-tag",
    "C:max-resource-size", "C:max-attendees-per-instance", "C:supported-calendar-data", "C:supported-collation-set",
    "CR:addressbook-home-set", "CR:supported-address-data", "CR:supported-collation-set")))
_CHANGES = ("PROPPATCH", "MKCALENDAR", "MKCOL")
_SET, _REMOVE, _PROP = clark("D:set"), clark("D:remove"), clark("D:prop")


class Protected(Exception):
    """A request would change a protected one of the properties ``named``; so none is changed."""

    def __init__(self, named: list[str]) -> None:
        super().__init__(", ".join(named))
        self.named = named


def check(method: str, body: ET.Element) -> None:
    """Raises ``Protected``."""
    if method in _CHANGES:
        named = [prop.tag for part in body if part.tag in (_SET, _REMOVE) for prop in part.iterfind(f"{_PROP}/*")]
        if not _PROTECTED.isdisjoint(named):
            raise Protected(named)


def guarded(method: Callable[..., types.WSGIResponse], *request: Any) -> types.WSGIResponse:
    """What ``method`` answers, or which properties it refused to change and which it therefore left."""
    try:
        return method(*request)
    except Protected as refused:
        return _refusal(request[0]["REQUEST_METHOD"], quote(request[1] + request[2]), refused.named)


def _refusal(method: str, href: str, named: list[str]) -> types.WSGIResponse:
    """RFC 4918 §9.2, RFC 4791 §5.3.1, RFC 5689 §3."""
    if method == "MKCOL":
        status, document = HTTPStatus.FORBIDDEN, ET.Element(clark("D:mkcol-response"))
        inner = document
    else:
        status, document = HTTPStatus.MULTI_STATUS, ET.Element(clark("D:multistatus"))
        inner = ET.SubElement(document, clark("D:response"))
        ET.SubElement(inner, clark("D:href")).text = href
    for told, tags in ((HTTPStatus.FORBIDDEN, [tag for tag in named if tag in _PROTECTED]),
                       (HTTPStatus.FAILED_DEPENDENCY, [tag for tag in named if tag not in _PROTECTED])):
        if not tags:
            continue
        propstat = ET.SubElement(inner, clark("D:propstat"))
        prop = ET.SubElement(propstat, _PROP)
        for tag in tags:
            ET.SubElement(prop, tag)
        ET.SubElement(propstat, clark("D:status")).text = xmlutils.make_response(told)
        if told == HTTPStatus.FORBIDDEN:
            ET.SubElement(ET.SubElement(propstat, clark("D:error")), clark("D:cannot-modify-protected-property"))
    text = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return int(status), {"Content-Type": "text/xml; charset=utf-8"}, text, None
