"""Prefer: return=minimal (RFC 7240 §4.2, RFC 8144 §2): nothing is said of properties that are not there.

Apple's programs say so by ``Brief: t`` too (RFC 8144 §1).
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from radicale import types, xmlutils

from radicale_booking.dav import properties
from radicale_booking.dav.properties import clark

_PROPSTAT, _STATUS = clark("D:propstat"), clark("D:status")
_OK, _MISSING = (xmlutils.make_response(status) for status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND))


def wanted(environ: Mapping[str, Any]) -> bool:
    return prefers(environ, "return=minimal") or _is_brief(environ)


def prefers(environ: Mapping[str, Any], preference: str) -> bool:
    """Whether the request says ``preference``, written like ``return=minimal`` (RFC 7240 §2)."""
    preferences = (part.partition(";")[0] for part in environ.get("HTTP_PREFER", "").lower().split(","))
    return any("".join(one.replace('"', "").split()) == preference for one in preferences)


def _is_brief(environ: Mapping[str, Any]) -> bool:
    return bool(environ.get("HTTP_BRIEF", "").strip().lower() == "t")


def _applied(environ: Mapping[str, Any]) -> dict[str, str]:
    if prefers(environ, "return=minimal"):
        return {"Preference-Applied": "return=minimal", "Vary": "Prefer"}
    return {"Vary": "Brief"}


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
    return status, {**dict(headers), **_applied(environ)}, body, xml_request


def patched(environ: Mapping[str, Any], answer: types.WSGIResponse) -> types.WSGIResponse:
    """The answer to a PROPPATCH: if wanted without a body where all was done."""
    status, headers, body, xml_request = answer
    if status != HTTPStatus.MULTI_STATUS or not body or not wanted(environ):
        return answer
    if any(one.text != _OK for one in ET.fromstring(body).iter(_STATUS)):  # noqa: S314 - our own answer
        return answer
    kept = {name: value for name, value in dict(headers).items() if name.lower() != "content-type"}
    return int(HTTPStatus.OK), {**kept, **_applied(environ)}, None, xml_request
