"""``/book/HOST/SLUG/`` for calendar programs: a calendar of open slots that takes a PUT as a booking (RFC 4791)."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from urllib.parse import quote, unquote, urlparse

from radicale import httputils, types
from radicale.app.report import test_filter
from radicale.item import Item

from radicale_booking.dav.properties import clark
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.offer import Offer
from radicale_booking.errors import InvalidInput
from radicale_booking.ical.offer_text import read_wish, write_slot
from radicale_booking.services import calendar_objects, slot_calendar
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.requests import BookingRequest

WORD = "book"
_XML = {"Content-Type": "text/xml; charset=utf-8"}
_ITEM_TYPE = "text/calendar;charset=utf-8;component=VEVENT"
_FORMAT = "%Y%m%dT%H%M%SZ"
_ALLPROP = clark("D:allprop")
_MULTIGET, _QUERY = clark("C:calendar-multiget"), clark("C:calendar-query")
_DAV = "1, 3, calendar-access"
_METHODS = "OPTIONS, GET, HEAD, POST, PROPFIND, REPORT, PUT, DELETE"


@dataclass(frozen=True)
class Member:
    """An object in the calendar; ``own``: the user's booking."""

    href: str
    text: str
    frame: Interval
    own: bool

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"'


@dataclass
class SlotCalendar:
    """The calendar as ``user`` sees it, '' for whoever is not signed in."""

    app: Adapters
    base_prefix: str
    user: str
    host: str
    slug: str

    @cached_property
    def offer(self) -> Offer:
        """Raises ``NotFound``, also where only a link opens it."""
        return slot_calendar.offer(self.app, self.host, self.slug)

    @cached_property
    def members(self) -> dict[str, Member]:
        """By href: the user's own bookings, and what is open."""
        found = {}
        for one in slot_calendar.own(self.app, self.user, self.host, self.slug) if self.user else ():
            text = calendar_objects.for_invitee(self.app, one.reservation)
            frame = Interval(one.reservation.start, one.reservation.end)
            found[one.href] = Member(one.href, text, frame, True)
        for slot in self.offer.slots:
            found.setdefault(slot.href, Member(slot.href, write_slot(self.offer, slot),
                                               Interval(slot.slot.start, slot.slot.end), False))
        return found

    @property
    def url(self) -> str:
        return quote(f"{self.base_prefix}/{WORD}/{self.host}/{self.slug}/")


def at(app: Adapters, base_prefix: str, path: str, user: str) -> tuple[SlotCalendar, str] | None:
    """The calendar at ``path`` and the href of the member that is meant, '' for itself; None where none can be."""
    words = path.strip("/").split("/")
    if words[0] != WORD or not 3 <= len(words) <= 4 or not all(words):
        return None
    return SlotCalendar(app, base_prefix, user, words[1], words[2]), words[3] if len(words) == 4 else ""


def options() -> types.WSGIResponse:
    """What can be done here."""
    return int(HTTPStatus.OK), {"Allow": _METHODS, "DAV": _DAV}, None, None


def get(calendar: SlotCalendar, href: str) -> types.WSGIResponse:
    """One object. Raises ``NotFound``."""
    member = calendar.members.get(href)
    if member is None:
        return httputils.NOT_FOUND
    return int(HTTPStatus.OK), {"Content-Type": _ITEM_TYPE, "ETag": member.etag}, member.text, None


def propfind(calendar: SlotCalendar, href: str, depth: str, body: ET.Element | None) -> types.WSGIResponse:
    """Properties of the calendar, at depth 1 of its members too. Raises ``NotFound``."""
    wanted = _wanted(body)
    if href:
        member = calendar.members.get(href)
        if member is None:
            return httputils.NOT_FOUND
        return _multistatus([_member_response(calendar, member, wanted)])
    responses = [_response(calendar.url, _collection_values(calendar), wanted)]
    if depth != "0":
        responses += [_member_response(calendar, member, wanted) for member in calendar.members.values()]
    return _multistatus(responses)


def report(calendar: SlotCalendar, body: ET.Element | None) -> types.WSGIResponse:
    """calendar-multiget and calendar-query (RFC 4791 §7.8, §7.9). Raises ``NotFound``."""
    if body is None or body.tag not in (_MULTIGET, _QUERY):
        error = ET.Element(clark("D:error"))
        ET.SubElement(error, clark("D:supported-report"))
        return int(HTTPStatus.FORBIDDEN), _XML, ET.tostring(error, encoding="utf-8", xml_declaration=True), None
    wanted = _wanted(body)
    if body.tag == _QUERY:
        return _multistatus([_member_response(calendar, member, wanted) for member in _matching(calendar, body)])
    responses = []
    for element in body.iterfind(clark("D:href")):
        name = unquote(urlparse((element.text or "").strip()).path).rpartition("/")[2]
        member = calendar.members.get(name)
        if member is not None:
            responses.append(_member_response(calendar, member, wanted))
        else:
            missing = ET.Element(clark("D:response"))
            ET.SubElement(missing, clark("D:href")).text = element.text
            ET.SubElement(missing, clark("D:status")).text = "HTTP/1.1 404 Not Found"
            responses.append(missing)
    return _multistatus(responses)


def put(calendar: SlotCalendar, href: str, text: str, environ: types.WSGIEnviron) -> types.WSGIResponse:
    """Book. No ETag: what is kept is not what was sent. Raises what ``slot_calendar.put`` does."""
    if not calendar.user:
        return httputils.NOT_ALLOWED
    if not href.endswith(".ics"):
        raise InvalidInput("name", href, "does not end with .ics", "store the event under such a name")
    there = calendar.members.get(href)
    if there is not None and not there.own:
        return httputils.FORBIDDEN
    expected = environ.get("HTTP_IF_MATCH", "")
    if (expected and (there is None or expected not in ("*", there.etag))) or \
            (environ.get("HTTP_IF_NONE_MATCH", "") == "*" and there is not None):
        return httputils.PRECONDITION_FAILED
    wish = read_wish(text)
    new = slot_calendar.put(calendar.app, calendar.user, BookingRequest(
        calendar.host, calendar.slug, wish.start, "", "", note=wish.note), href, wish.end)
    return int(HTTPStatus.CREATED if new else HTTPStatus.NO_CONTENT), {}, None, None


def delete(calendar: SlotCalendar, href: str) -> types.WSGIResponse:
    """Cancel one's own booking. Raises ``NotFound``."""
    if not calendar.user:
        return httputils.NOT_ALLOWED
    there = calendar.members.get(href)
    if there is not None and not there.own:
        return httputils.FORBIDDEN
    slot_calendar.remove(calendar.app, calendar.user, calendar.host, calendar.slug, href)
    return int(HTTPStatus.NO_CONTENT), {}, None, None


def _wanted(body: ET.Element | None) -> list[str] | None:
    """The names asked for; None for all."""
    prop = body.find(clark("D:prop")) if body is not None else None
    return None if prop is None or (body is not None and body.find(_ALLPROP) is not None) else [
        element.tag for element in prop]


def _matching(calendar: SlotCalendar, body: ET.Element) -> Iterator[Member]:
    filter_ = body.find(clark("C:filter"))
    frame = _plain_range(filter_)
    for member in calendar.members.values():
        if frame is not None:
            if member.frame.overlaps(frame):
                yield member
        elif filter_ is None or test_filter("VCALENDAR", Item(text=member.text, collection_path="book"), filter_):
            yield member


def _plain_range(filter_: ET.Element | None) -> Interval | None:
    """The time range where the filter asks for events within one and nothing else."""
    ranges = filter_.findall(f"{clark('C:comp-filter')}/{clark('C:comp-filter')}[@name='VEVENT']/"
                             f"{clark('C:time-range')}") if filter_ is not None else []
    if len(ranges) != 1 or filter_ is None or len(list(filter_.iter())) != 4:
        return None
    try:
        first, last = (datetime.strptime(ranges[0].get(end, default), _FORMAT).replace(tzinfo=UTC)
                       for end, default in (("start", "19000101T000000Z"), ("end", "99990101T000000Z")))
        return Interval(first, last)
    except ValueError:
        return None


def _multistatus(responses: list[ET.Element]) -> types.WSGIResponse:
    document = ET.Element(clark("D:multistatus"))
    document.extend(responses)
    return int(HTTPStatus.MULTI_STATUS), {**_XML, "DAV": _DAV}, ET.tostring(document, encoding="utf-8",
                                                                            xml_declaration=True), None


def _member_response(calendar: SlotCalendar, member: Member, wanted: list[str] | None) -> ET.Element:
    return _response(calendar.url + quote(member.href), {
        clark("D:getetag"): lambda element: _text(element, member.etag),
        clark("D:getcontenttype"): lambda element: _text(element, _ITEM_TYPE),
        clark("D:getcontentlength"): lambda element: _text(element, str(len(member.text.encode()))),
        clark("D:resourcetype"): lambda element: None,
        clark("D:current-user-privilege-set"): lambda element: _privileges(element, member.own),
        clark("C:calendar-data"): lambda element: _text(element, member.text),
    }, wanted, unasked={clark("C:calendar-data")})


_Values = dict[str, Callable[[ET.Element], None]]


def _collection_values(calendar: SlotCalendar) -> _Values:
    etag = hashlib.sha256("".join(member.etag for member in calendar.members.values()).encode()).hexdigest()[:32]
    user = f"{calendar.base_prefix}/{calendar.user}/" if calendar.user else ""
    values: _Values = {
        clark("D:resourcetype"): lambda element: _children(element, "D:collection", "C:calendar"),
        clark("D:displayname"): lambda element: _text(element, calendar.offer.title),
        clark("C:calendar-description"): lambda element: _text(element, calendar.offer.event_type.description),
        clark("CS:getctag"): lambda element: _text(element, f'"{etag}"'),
        clark("D:getetag"): lambda element: _text(element, f'"{etag}"'),
        clark("D:current-user-principal"): lambda element: _principal(element, user),
        clark("D:current-user-privilege-set"): lambda element: _privileges(element, bool(calendar.user)),
        clark("D:supported-report-set"): _reports,
        clark("C:supported-calendar-component-set"): _components,
        clark("C:schedule-calendar-transp"): lambda element: _children(element, "C:transparent"),
    }
    if calendar.offer.event_type.colour:
        values[clark("ICAL:calendar-color")] = lambda element: _text(element, calendar.offer.event_type.colour)
    return values


def _response(href: str, values: _Values, wanted: list[str] | None,
              unasked: Collection[str] = ()) -> ET.Element:
    response = ET.Element(clark("D:response"))
    ET.SubElement(response, clark("D:href")).text = href
    names = [name for name in values if name not in unasked] if wanted is None else wanted
    known, unknown = ([name for name in names if (name in values) is there] for there in (True, False))
    for status, found in (("200 OK", known), ("404 Not Found", unknown)):
        if not found:
            continue
        propstat = ET.SubElement(response, clark("D:propstat"))
        prop = ET.SubElement(propstat, clark("D:prop"))
        for name in found:
            element = ET.SubElement(prop, name)
            if name in values:
                values[name](element)
        ET.SubElement(propstat, clark("D:status")).text = f"HTTP/1.1 {status}"
    return response


def _text(element: ET.Element, text: str) -> None:
    element.text = text


def _children(element: ET.Element, *names: str) -> None:
    for name in names:
        ET.SubElement(element, clark(name))


def _principal(element: ET.Element, href: str) -> None:
    if href:
        ET.SubElement(element, clark("D:href")).text = quote(href)
    else:
        _children(element, "D:unauthenticated")


def _reports(element: ET.Element) -> None:
    for name in ("C:calendar-query", "C:calendar-multiget"):
        _children(ET.SubElement(ET.SubElement(element, clark("D:supported-report")), clark("D:report")), name)


def _components(element: ET.Element) -> None:
    ET.SubElement(element, clark("C:comp"), {"name": "VEVENT"})


def _privileges(element: ET.Element, writable: bool) -> None:
    granted = ["D:read", "D:read-current-user-privilege-set"]
    for name in granted + (["D:write-content", "D:bind", "D:unbind"] if writable else []):
        _children(ET.SubElement(element, clark("D:privilege")), name)
