"""Prefer: return=minimal (RFC 7240 §4.2, RFC 8144 §2): nothing is said of properties that are not there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from radicale import types, xmlutils

from radicale_booking.dav import properties
from radicale_booking.dav.properties import clark

_APPLIED = {"Preference-Applied": "return=minimal", "Vary": "Prefer"}
_PROPSTAT, _STATUS = clark("D:propstat"), clark("D:status")
_OK, _MISSING = (xmlutils.make_response(status) for status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND))


def wanted(environ: Mapping[str, Any]) -> bool:
    preferences = (part.partition(";")[0] for part in environ.get("HTTP_PREFER", "").lower().split(","))
    return any("".join(one.replace('"', "").split()) == "return=minimal" for one in preferences)


def shorten(response: ET.Element) -> None:
    """Leave out of a DAV:response what is missing."""
    for propstat in response.findall(_PROPSTAT):
        if propstat.findtext(_STATUS) == _MISSING:
            response.remove(propstat)
    properties.say_something(response)


def listed(environ: Mapping[str, Any], answer: types.WSGIResponse) -> types.WSGIResponse:
    """A DAV:multistatus whose responses were shortened if wanted, with the headers that say so."""
    status, headers, body, xml_request = answer
    if status != HTTPStatus.MULTI_STATUS or not wanted(environ):
        return answer
    return status, {**dict(headers), **_APPLIED}, body, xml_request


def patched(environ: Mapping[str, Any], answer: types.WSGIResponse) -> types.WSGIResponse:
    """The answer to a PROPPATCH: if wanted without a body where all was done."""
    status, headers, body, xml_request = answer
    if status != HTTPStatus.MULTI_STATUS or not body or not wanted(environ):
        return answer
    if any(one.text != _OK for one in ET.fromstring(body).iter(_STATUS)):  # noqa: S314 - our own answer
        return answer
    kept = {name: value for name, value in dict(headers).items() if name.lower() != "content-type"}
    return int(HTTPStatus.OK), {**kept, **_APPLIED}, None, xml_request
