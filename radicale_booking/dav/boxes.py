"""PROPPATCH of a scheduling inbox: availability (RFC 7953 §7.2.4) and the default calendar (RFC 6638 §9.2)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote, unquote, urlparse
from zoneinfo import ZoneInfo

from radicale import httputils, types, xmlutils

from radicale_booking.dav.properties import AVAILABILITY, DEFAULT_CALENDAR, clark
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.errors import InvalidCalendar
from radicale_booking.services.adapters import Adapters
from radicale_booking.store.unit_of_work import UnitOfWork

_TESTED = timedelta(days=31)


def patch(app: Adapters, unit_of_work: UnitOfWork, base_prefix: str, path: str,
          body: ET.Element | None) -> types.WSGIResponse:
    """Set or remove properties of the inbox at ``path``: all of them or none (RFC 4918 §9.2)."""
    principal = unit_of_work.principals.get(path.strip("/").split("/")[0])
    if body is None or principal is None:
        return httputils.BAD_REQUEST
    wanted = [(prop, part.tag == clark("D:set")) for part in body if part.tag in (clark("D:set"), clark("D:remove"))
              for prop in part.iterfind(f"{clark('D:prop')}/*")]
    refused = {prop.tag: reason for prop, is_set in wanted
               if (reason := _refused(app, unit_of_work, base_prefix, principal, prop, is_set))}
    inbox = path.strip("/").endswith("/inbox")
    if not refused and inbox:
        for prop, is_set in wanted:
            _apply(unit_of_work, base_prefix, principal, prop, is_set)
    document = ET.Element(clark("D:multistatus"))
    answer = ET.SubElement(document, clark("D:response"))
    ET.SubElement(answer, clark("D:href")).text = quote(base_prefix + path)
    for prop, _ in wanted:
        reason = refused.get(prop.tag, "" if inbox else "D:cannot-modify-protected-property")
        status = HTTPStatus.FORBIDDEN if reason else HTTPStatus.FAILED_DEPENDENCY if refused else HTTPStatus.OK
        propstat = ET.SubElement(answer, clark("D:propstat"))
        ET.SubElement(ET.SubElement(propstat, clark("D:prop")), prop.tag)
        ET.SubElement(propstat, clark("D:status")).text = xmlutils.make_response(status)
        if reason:
            ET.SubElement(ET.SubElement(propstat, clark("D:error")), clark(reason))
    text = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return int(HTTPStatus.MULTI_STATUS), {"Content-Type": "text/xml; charset=utf-8"}, text, None


def _refused(app: Adapters, unit_of_work: UnitOfWork, base_prefix: str, principal: Principal, prop: ET.Element,
             is_set: bool) -> str:
    """The precondition that the change violates, empty when it is possible."""
    if prop.tag in AVAILABILITY:
        frame = Interval(unit_of_work.now, unit_of_work.now + _TESTED)
        try:
            read = app.calendar.availability(prop.text or "", frame, ZoneInfo(principal.timezone)) if is_set else None
        except InvalidCalendar:
            return "C:valid-calendar-data"
        return "C:valid-calendar-data" if is_set and (prop.text or "").strip() and read is None else ""
    if prop.tag == DEFAULT_CALENDAR:
        return "" if is_set and _calendar(unit_of_work, base_prefix, principal, prop) else \
            "C:valid-schedule-default-calendar-URL"
    return "D:cannot-modify-protected-property"


def _apply(unit_of_work: UnitOfWork, base_prefix: str, principal: Principal, prop: ET.Element, is_set: bool) -> None:
    if prop.tag in AVAILABILITY:
        text = (prop.text or "").strip() if is_set else ""
        unit_of_work.principals.update(replace(principal, availability=text))
        return
    chosen = _calendar(unit_of_work, base_prefix, principal, prop)
    assert principal.id is not None and chosen is not None  # noqa: S101, PT018 - checked before
    unit_of_work.collections.make_default(principal.id, chosen)


def _calendar(unit_of_work: UnitOfWork, base_prefix: str, principal: Principal, prop: ET.Element) -> int | None:
    """The id of the principal's own calendar that ``prop`` names."""
    href = unquote(urlparse((prop.findtext(clark("D:href")) or "").strip()).path)
    row = unit_of_work.collections.get(href.removeprefix(base_prefix).strip("/"))
    usable = row is not None and row.principal_id == principal.id and row.tag == "VCALENDAR" and row.role != "bookable"
    return row.id if usable and row is not None else None
