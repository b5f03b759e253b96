"""Properties that Radicale does not know: those of scheduling (RFC 6638 §2, §9), added to its own responses."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from urllib.parse import quote, unquote

from radicale import xmlutils

from radicale_booking.dav import privileges
from radicale_booking.dav.text_match import COLLATIONS
from radicale_booking.domain.itip import MOST_ATTENDEES
from radicale_booking.domain.principal import Principal
from radicale_booking.store.collections import BOXES, INBOX, OUTBOX, CollectionRow
from radicale_booking.store.unit_of_work import UnitOfWork

clark = xmlutils.make_clark
AVAILABILITY = (clark("C:calendar-availability"), clark("CS:calendar-availability"))
DEFAULT_CALENDAR = clark("C:schedule-default-calendar-URL")
SCHEDULE_TAG = clark("C:schedule-tag")
_REPORT_SET = clark("D:supported-report-set")
_OK, _MISSING = (xmlutils.make_response(status) for status in (HTTPStatus.OK, HTTPStatus.NOT_FOUND))
_RESPONSE = clark("D:response")
_PROPSTAT, _PROP, _STATUS, _HREF = (clark(f"D:{name}") for name in ("propstat", "prop", "status", "href"))
#: Of everybody who may see an inbox or outbox, and of those who may write there.
_INBOX_PRIVILEGES = (("D:read", "D:read-current-user-privilege-set", "C:schedule-deliver", "C:schedule-deliver-invite",
                      "C:schedule-deliver-reply", "C:schedule-query-freebusy"), ("D:write-properties", "D:unbind"))
#: What can be asked everywhere.
_REPORTS = ("D:expand-property", "D:principal-search-property-set", "D:principal-property-search",
            "D:principal-match", "D:acl-principal-prop-set", "CS:calendarserver-principal-search")
_OUTBOX_PRIVILEGES = (("D:read", "D:read-current-user-privilege-set", "C:schedule-send-freebusy"),
                      ("C:schedule-send", "C:schedule-send-invite", "C:schedule-send-reply"))


@dataclass
class _Neighbours:
    """Principals, and collections beside each other, read once for all places of one answer."""

    unit_of_work: UnitOfWork
    principals: dict[str, Principal | None] = field(default_factory=dict)
    collections: dict[str, CollectionRow] = field(default_factory=dict)
    parents: set[str] = field(default_factory=set)

    def principal(self, name: str) -> Principal | None:
        if name not in self.principals:
            self.principals[name] = self.unit_of_work.principals.get(name)
        return self.principals[name]

    def collection(self, path: str) -> CollectionRow | None:
        parent_path = path.rpartition("/")[0]
        if path and parent_path not in self.parents:
            self.parents.add(parent_path)
            parent = self.unit_of_work.collections.get(parent_path)
            beside = self.unit_of_work.collections.children(parent) if parent is not None else []
            self.collections.update((one.path, one) for one in beside)
        return self.collections.get(path)


@dataclass
class Place:
    """What is at ``path`` (no slash at its ends), read when it is asked for.

    ``most_instances``: of one rule, 0 for any number; ``writable``: whether who asks may write there.
    """

    unit_of_work: UnitOfWork
    base_prefix: str
    path: str
    neighbours: _Neighbours | None = None
    most_instances: int = 0
    writable: bool = False

    @cached_property
    def principal(self) -> Principal | None:
        """Whose it is; None where the principal cannot be reached by mail and so takes no part in scheduling."""
        name = self.path.split("/")[0]
        found = self.neighbours.principal(name) if self.neighbours is not None and name else \
            self.unit_of_work.principals.get(name) if name else None
        return found if found is not None and found.email else None

    @cached_property
    def collection(self) -> CollectionRow | None:
        if self.neighbours is not None and "/" in self.path:
            return self.neighbours.collection(self.path)
        return self.unit_of_work.collections.get(self.path)

    @cached_property
    def kind(self) -> str:
        """``root``, ``principal``, ``INBOX``, ``OUTBOX``, ``calendar``, ``address book``, ``item`` or
        empty."""
        if not self.path:
            return "root"
        if "/" not in self.path:
            return "principal" if self.principal is not None else ""
        home, _, name = self.path.partition("/")
        box = BOXES.get(name)
        if box is not None and (self.collection is None or self.collection.tag == box):
            return box if self.principal is not None else ""
        if self.collection is None:
            return "item" if home else ""
        return {"VCALENDAR": "calendar", "VADDRESSBOOK": "address book"}.get(self.collection.tag, "")

    @property
    def schedule_tag(self) -> str | None:
        parent, _, href = self.path.rpartition("/")
        row = self.unit_of_work.one("listing", "member", path=parent, href=href)
        return str(row["schedule_tag"]) if row is not None and row["schedule_tag"] else None

    def home(self, *names: str) -> str:
        """The path of what is called so below the principal's home, with a slash at its end."""
        return quote("/".join([self.base_prefix, self.path.split("/")[0], *names, ""]))


def amend(unit_of_work: UnitOfWork, base_prefix: str, responses: Iterable[ET.Element], *,
          most_instances: int = 0) -> None:
    """Complete DAV:responses: what Radicale has not found and we know, and what it says otherwise than it is."""
    neighbours = _Neighbours(unit_of_work)
    for response in responses:
        asked = {prop.tag for prop in response.iterfind(f"{_PROPSTAT}/{_PROP}/*")}
        path = unquote(response.findtext(_HREF) or "").removeprefix(base_prefix).strip("/")
        # There may be many items, and nothing else is known of them.
        known = _ALL if path.count("/") < 2 else _OF_MEMBERS
        if asked & known:
            _amend(response, Place(unit_of_work, base_prefix, path, neighbours, most_instances))
        privileges.make_exact(response)
        say_something(response)


def say_something(answer: ET.Element) -> None:
    """A DAV:response to who asked for no property at all has an empty propstat (RFC 4918 §14.24)."""
    if answer.tag == _RESPONSE and len(answer) == 1:
        propstat = ET.SubElement(answer, _PROPSTAT)
        ET.SubElement(propstat, _PROP)
        ET.SubElement(propstat, _STATUS).text = _OK


def response(place: Place, tags: Iterable[str]) -> ET.Element:
    """A DAV:response with those of ``tags`` that we know of ``place``, and the others as missing."""
    answer = ET.Element(_RESPONSE)
    path = f"/{place.path}/" if place.path else "/"
    ET.SubElement(answer, _HREF).text = quote(place.base_prefix + path)
    for tag in tags:
        _in_propstat(answer, _MISSING, ET.Element(tag))
    _amend(answer, place)
    return answer


def add_schedule_tag(answer: ET.Element, tag: str | None) -> None:
    """Say the ``tag`` of an item where it was asked for and not found."""
    for propstat in answer.findall(_PROPSTAT):
        prop = propstat.find(_PROP)
        found = prop.find(SCHEDULE_TAG) if prop is not None else None
        if tag and found is not None and prop is not None:
            prop.remove(found)
            found.text = tag
            _in_propstat(answer, _OK, found)
            if not len(prop):
                answer.remove(propstat)


def _amend(answer: ET.Element, place: Place) -> None:
    rules = _RULES.get(place.kind, {})
    for propstat in answer.findall(_PROPSTAT):
        prop = propstat.find(_PROP)
        if prop is None:
            continue
        missing = propstat.findtext(_STATUS) == _MISSING
        for element in list(prop):
            rule = rules.get(element.tag)
            # An empty element is the answer to DAV:propname.
            corrected = element.tag in _CORRECTED and bool(len(element) or element.text)
            known = ET.Element(element.tag)
            if element.tag == privileges.PRIVILEGES:
                place.writable = clark("D:write-content") in privileges.named(element)
            if element.tag == _REPORT_SET and place.kind in ("calendar", "address book"):
                _add_reports(element)
            if rule is None or not (missing or corrected) or not rule(place, known):
                continue
            if not missing:
                prop[list(prop).index(element)] = known
                continue
            prop.remove(element)
            _in_propstat(answer, _OK, known)
        if not len(prop):
            answer.remove(propstat)


def _in_propstat(answer: ET.Element, status: str, element: ET.Element) -> None:
    for propstat in answer.findall(_PROPSTAT):
        prop = propstat.find(_PROP)
        if propstat.findtext(_STATUS) == status and prop is not None:
            prop.append(element)
            return
    propstat = ET.SubElement(answer, _PROPSTAT)
    ET.SubElement(propstat, _PROP).append(element)
    ET.SubElement(propstat, _STATUS).text = status


#: Writes a property of the place into the element; whether there is one.
_Rule = Callable[[Place, ET.Element], bool]


def _hrefs(*names: str) -> _Rule:
    def write(place: Place, element: ET.Element) -> bool:
        ET.SubElement(element, _HREF).text = place.home(*names)
        return True
    return write


def _elements(*names: str) -> _Rule:
    def write(_: Place, element: ET.Element) -> bool:
        for name in names:
            ET.SubElement(element, clark(name))
        return True
    return write


def _text(value: Callable[[Place], str | None]) -> _Rule:
    def write(place: Place, element: ET.Element) -> bool:
        element.text = value(place)
        return bool(element.text)
    return write


def _privileges(of_all: tuple[str, ...], of_writers: tuple[str, ...]) -> _Rule:
    def write(place: Place, element: ET.Element) -> bool:
        privileges.write(element, [clark(name) for name in of_all + (of_writers if place.writable else ())])
        return True
    return write


def _shown_name(place: Place) -> str | None:
    given = place.collection.props.get("D:displayname") if place.collection is not None else None
    return given or (place.principal.shown_name if place.principal is not None else None)


def _reports(*names: str) -> _Rule:
    def write(_: Place, element: ET.Element) -> bool:
        for name in _REPORTS + names:
            _add_report(element, name)
        return True
    return write


def _add_reports(element: ET.Element) -> None:
    """Those that can be asked everywhere; where there is no right but to ask for free-busy times, none."""
    there = {one.tag for one in element.iterfind(f"{clark('D:supported-report')}/{clark('D:report')}/*")}
    for name in _REPORTS if clark(_REPORTS[0]) in there else ():
        if clark(name) not in there:
            _add_report(element, name)


def _add_report(element: ET.Element, name: str) -> None:
    report = ET.SubElement(ET.SubElement(element, clark("D:supported-report")), clark("D:report"))
    ET.SubElement(report, clark(name))


def _addresses(place: Place, element: ET.Element) -> bool:
    assert place.principal is not None  # noqa: S101 - its kind says so
    for number, address in enumerate(place.principal.addresses):
        href = ET.SubElement(element, _HREF)
        href.text = address
        if not number:
            href.set("preferred", "1")
    ET.SubElement(element, _HREF).text = place.home()
    return True


def _email(place: Place, element: ET.Element) -> bool:
    ET.SubElement(element, clark("CS:email-address")).text = place.principal.email if place.principal else None
    return True


def _calendar_data(_: Place, element: ET.Element) -> bool:
    ET.SubElement(element, clark("C:calendar-data"), {"content-type": "text/calendar", "version": "2.0"})
    return True


def _collations(name: str) -> _Rule:
    """RFC 4791 §7.5.1, RFC 6352 §8.3.1."""
    def write(_: Place, element: ET.Element) -> bool:
        for collation in sorted(COLLATIONS - {"default"}):
            ET.SubElement(element, clark(name)).text = collation
        return True
    return write


def _transparency(place: Place, element: ET.Element) -> bool:
    transparent = place.collection is not None and place.collection.transparent
    ET.SubElement(element, clark("C:transparent" if transparent else "C:opaque"))
    return True


def _default_calendar(place: Place, element: ET.Element) -> bool:
    principal = place.principal
    assert principal is not None  # noqa: S101 - its kind says so
    assert principal.id is not None  # noqa: S101 - read from the store
    chosen = place.unit_of_work.collections.by_role(principal.id, "default")
    if chosen is not None:
        ET.SubElement(element, _HREF).text = quote(f"{place.base_prefix}/{chosen.path}/")
    return True


def _calendars(place: Place, element: ET.Element) -> bool:
    principal = place.principal
    assert principal is not None  # noqa: S101 - its kind says so
    assert principal.id is not None  # noqa: S101 - read from the store
    for row in place.unit_of_work.collections.of_principal(principal.id):
        if row.tag == "VCALENDAR" and not row.transparent and row.role != "bookable":
            ET.SubElement(element, _HREF).text = quote(f"{place.base_prefix}/{row.path}/")
    return True


_RULES: dict[str, dict[str, _Rule]] = {
    "root": {clark("D:supported-report-set"): _reports()},
    "principal": {
        clark("D:supported-report-set"): _reports("C:free-busy-query"),
        clark("D:displayname"): _text(_shown_name),
        clark("D:resourcetype"): _elements("D:principal", "D:collection"),
        clark("D:principal-URL"): _hrefs(),
        clark("D:group-membership"): _elements(),
        clark("D:alternate-URI-set"): _elements(),
        clark("C:calendar-home-set"): _hrefs(),
        clark("C:calendar-user-address-set"): _addresses,
        clark("C:calendar-user-type"): _text(lambda place: "INDIVIDUAL"),
        clark("C:schedule-inbox-URL"): _hrefs("inbox"),
        clark("C:schedule-outbox-URL"): _hrefs("outbox"),
        clark("CS:email-address-set"): _email,
        clark("CS:calendar-proxy-read-for"): _elements(),
        clark("CS:calendar-proxy-write-for"): _elements(),
    },
    INBOX: {
        clark("D:displayname"): _text(lambda place: "Inbox"),
        clark("D:resourcetype"): _elements("D:collection", "C:schedule-inbox"),
        clark("D:supported-report-set"): _reports("D:sync-collection", "C:calendar-multiget", "C:calendar-query"),
        privileges.PRIVILEGES: _privileges(*_INBOX_PRIVILEGES),
        clark("C:calendar-free-busy-set"): _calendars,
        DEFAULT_CALENDAR: _default_calendar,
        **dict.fromkeys(AVAILABILITY, _text(lambda place: place.principal.availability if place.principal else None)),
    },
    OUTBOX: {
        clark("D:displayname"): _text(lambda place: "Outbox"),
        clark("D:resourcetype"): _elements("D:collection", "C:schedule-outbox"),
        clark("D:supported-report-set"): _reports(),
        privileges.PRIVILEGES: _privileges(*_OUTBOX_PRIVILEGES),
    },
    "calendar": {
        clark("C:schedule-calendar-transp"): _transparency,
        clark("C:max-attendees-per-instance"): _text(lambda place: str(MOST_ATTENDEES)),
        clark("C:max-instances"): _text(lambda place: str(place.most_instances or "")),
        clark("C:supported-calendar-data"): _calendar_data,
        clark("C:supported-collation-set"): _collations("C:supported-collation"),
    },
    "address book": {clark("CR:supported-collation-set"): _collations("CR:supported-collation")},
    "item": {SCHEDULE_TAG: _text(lambda place: place.schedule_tag)},
}
#: What Radicale answers too, and not as scheduling needs it.
_CORRECTED = frozenset({clark("D:displayname"), clark("D:resourcetype"), privileges.PRIVILEGES,
                        clark("D:supported-report-set"), clark("C:calendar-user-address-set"),
                        clark("C:schedule-calendar-transp")})
_OF_MEMBERS = frozenset({*_RULES["item"], *_RULES["calendar"], *_RULES["address book"]})
_ALL = frozenset(tag for rules in _RULES.values() for tag in rules)
