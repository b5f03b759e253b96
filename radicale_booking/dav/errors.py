"""What a WebDAV client is told of each error: a status and the precondition that failed (RFC 4918 §16)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from radicale import types, xmlutils
from radicale.log import logger

from radicale_booking.errors import (
    BookingError,
    Conflict,
    InvalidCalendar,
    InvalidInput,
    NotAllowed,
    NotFound,
    ScheduleTagChanged,
    SchedulingRefused,
    SlotTaken,
    StoreUnavailable,
    UidTaken,
    Unavailable,
    UnderMaintenance,
)

NAMESPACE = "urn:radicale-booking:"

#: The first class that fits decides: status, and the element inside DAV:error.
_TABLE: tuple[tuple[type[BookingError], HTTPStatus, str], ...] = (
    (SlotTaken, HTTPStatus.CONFLICT, f"{{{NAMESPACE}}}slot-not-available"),
    (ScheduleTagChanged, HTTPStatus.PRECONDITION_FAILED, f"{{{NAMESPACE}}}schedule-tag-changed"),
    (Conflict, HTTPStatus.CONFLICT, f"{{{NAMESPACE}}}conflict"),
    (InvalidCalendar, HTTPStatus.FORBIDDEN, xmlutils.make_clark("C:valid-calendar-data")),
    (InvalidInput, HTTPStatus.FORBIDDEN, f"{{{NAMESPACE}}}invalid-input"),
    (NotFound, HTTPStatus.NOT_FOUND, f"{{{NAMESPACE}}}not-found"),
    (NotAllowed, HTTPStatus.FORBIDDEN, f"{{{NAMESPACE}}}not-allowed"),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE, f"{{{NAMESPACE}}}unavailable"),
)


def response(error: BookingError) -> types.WSGIResponse:
    """The answer to a request that ``error`` ended."""
    status, condition = next((status, condition) for kind, status, condition in _TABLE if isinstance(error, kind))
    if isinstance(error, SchedulingRefused):
        return _refused(error)
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, StoreUnavailable) and error.reason.startswith("disk full"):
        status, condition = HTTPStatus.INSUFFICIENT_STORAGE, xmlutils.make_clark("D:quota-not-exceeded")
        del headers["Retry-After"]
    document = ET.Element(xmlutils.make_clark("D:error"))
    ET.SubElement(document, condition).text = _sentence(error)
    return int(status), headers, ET.tostring(document, encoding="utf-8", xml_declaration=True), None


def _refused(error: SchedulingRefused) -> types.WSGIResponse:
    """The precondition as its RFC defines it; what people read stands beside it."""
    status = HTTPStatus.CONFLICT if isinstance(error, UidTaken) else HTTPStatus.FORBIDDEN
    name = error.action if ":" in error.action else f"C:{error.action}"
    document = ET.Element(xmlutils.make_clark("D:error"))
    condition = ET.SubElement(document, xmlutils.make_clark(name))
    if error.href:
        ET.SubElement(condition, xmlutils.make_clark("D:href")).text = quote(error.href)
    if error.reason:
        ET.SubElement(document, f"{{{NAMESPACE}}}reason").text = error.reason
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return int(status), headers, ET.tostring(document, encoding="utf-8", xml_declaration=True), None


def _sentence(error: BookingError) -> str:
    if isinstance(error, SlotTaken):
        free = ", ".join(f"{start:%Y-%m-%dT%H:%MZ}" for start in error.alternatives)
        state = "free" if error.offered_before else "an offered time"
        return f"{error.start:%Y-%m-%dT%H:%MZ} is not {state}." + (f" Free: {free}" if free else "")
    if isinstance(error, ScheduleTagChanged):
        return "The event was changed meanwhile; read it again."
    if isinstance(error, UnderMaintenance) and error.reason:
        return error.reason
    if isinstance(error, Unavailable):
        return "The server cannot do this now."
    return str(error)


def answer(error: BookingError) -> types.WSGIResponse:
    """``response``, with a line in the log."""
    if isinstance(error, Unavailable) and not isinstance(error, UnderMaintenance):
        logger.error("Request failed: %s", error)
    else:
        logger.info("Request refused: %s", error)
    return response(error)


def guarded(method: Callable[..., types.WSGIResponse], request: tuple[Any, ...],
            **options: Any) -> types.WSGIResponse:
    """What ``method`` answers, or what its ``BookingError`` is answered with."""
    try:
        return method(*request, **options)
    except BookingError as error:
        return answer(error)


def plain(answered: types.WSGIResponse) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    """An answer as Radicale's innermost function gives it."""
    status, headers, body, _ = answered
    content = body if isinstance(body, bytes) else (body or "").encode()
    return f"{status} Error", [*dict(headers).items(), ("Content-Length", str(len(content)))], [content]
