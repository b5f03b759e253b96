"""REPORTs by which programs find people and what belongs to them (RFC 3744 §9, RFC 3253 §3.8, calendarserver.org)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import unquote

from radicale import types

from radicale_booking.dav import minimal, properties, template
from radicale_booking.dav.properties import Place, clark
from radicale_booking.domain.principal import Principal
from radicale_booking.store.unit_of_work import UnitOfWork

_MOST = 50
_SEARCHED = ("D:displayname", "CS:email-address-set", "C:calendar-user-address-set")
_PROPERTY_SEARCH, _TOKEN_SEARCH = clark("D:principal-property-search"), clark("CS:calendarserver-principal-search")
_SEARCH_SET, _EXPAND = clark("D:principal-search-property-set"), clark("D:expand-property")
_PARTS = frozenset({clark("CS:search-token"), clark("CS:limit"), *(
    clark(f"D:{name}") for name in ("prop", "property-search", "apply-to-principal-collection-set"))})
_RESULTS = "/".join(map(clark, ("CS:limit", "CS:nresults")))
REPORTS = frozenset({_PROPERTY_SEARCH, _TOKEN_SEARCH, _SEARCH_SET, _EXPAND})


def report(unit_of_work: UnitOfWork, base_prefix: str, path: str, body: ET.Element, *,
           short: bool = False) -> types.WSGIResponse:
    """The answer to the REPORT ``body``, one of ``REPORTS``, on ``path``, which the user may read.

    ``short``: without what is missing.
    """
    if body.tag == _SEARCH_SET:
        return _answer(HTTPStatus.OK, _search_set())
    document = ET.Element(clark("D:multistatus"))
    if body.tag == _EXPAND:
        document.append(_expanded(Place(unit_of_work, base_prefix, path.strip("/")), body))
    else:
        wanted = _wanted(body)
        found = list((_by_property if body.tag == _PROPERTY_SEARCH else _by_token)(unit_of_work, body))
        most = _most(body)
        document.extend(properties.response(Place(unit_of_work, base_prefix, principal.name), wanted)
                        for principal in found[:most])
        if len(found) > most:
            document.append(template.beyond_limits(base_prefix, path))
    for response in document if short else ():
        minimal.shorten(response)
    return _answer(HTTPStatus.MULTI_STATUS, document)


def _wanted(body: ET.Element) -> list[str]:
    """The properties asked for; python-caldav names them beside an empty DAV:prop."""
    props = body.find(clark("D:prop"))
    if props is not None and len(props):
        return [prop.tag for prop in props]
    return [prop.tag for prop in body if prop.tag not in _PARTS]


def _most(body: ET.Element) -> int:
    wanted = (body.findtext(_RESULTS) or "").strip()
    return min(int(wanted), _MOST) if wanted.isascii() and wanted.isdigit() else _MOST


def _by_property(unit_of_work: UnitOfWork, body: ET.Element) -> Iterable[Principal]:
    """RFC 3744 §9.4: all of the searches must match, or with ``test="anyof"`` one. Without a search, everybody."""
    if body.find(clark("D:property-search")) is None:
        return unit_of_work.principals.search("", _MOST + 1)
    hits = []
    for search in body.findall(clark("D:property-search")):
        match = search.find(clark("D:match"))
        names = {prop.tag for prop in search.find(clark("D:prop")) or ()}
        known = names & {clark(name) for name in _SEARCHED}
        text = (match.text or "").strip() if match is not None and known else ""
        kind = match.get("match-type", "contains") if match is not None else ""
        hits.append({one.name: one for one in _matching(unit_of_work, text, kind)})
    names = set.union(*map(set, hits)) if body.get("test") == "anyof" else set.intersection(*map(set, hits))
    everybody = {name: one for found in hits for name, one in found.items()}
    return [everybody[name] for name in sorted(names)]


def _by_token(unit_of_work: UnitOfWork, body: ET.Element) -> Iterable[Principal]:
    """Those in whose name or address every token is."""
    tokens = [(token.text or "").strip() for token in body.findall(clark("CS:search-token"))]
    tokens = [token for token in tokens if token]
    if not tokens or body.get("context") in ("location", "resource"):
        return []
    first, *others = ({one.name: one for one in _matching(unit_of_work, token, "contains")} for token in tokens)
    return [one for name, one in sorted(first.items()) if all(name in found for found in others)]


def _matching(unit_of_work: UnitOfWork, text: str, kind: str) -> list[Principal]:
    part = text.lower().removeprefix("mailto:")
    if not part:
        return []
    return [found for found in unit_of_work.principals.search(part, _MOST + 1)
            if any(_matches(value, part, kind) for value in (found.shown_name, found.email or "", found.name))]


def _matches(value: str, part: str, kind: str) -> bool:
    value = value.lower()
    return {"equals": value == part, "starts-with": value.startswith(part),
            "ends-with": value.endswith(part)}.get(kind, part in value)


def _search_set() -> ET.Element:
    document = ET.Element(clark("D:principal-search-property-set"))
    for name, described in zip(_SEARCHED, ("Name", "E-mail address", "Calendar address"), strict=True):
        entry = ET.SubElement(document, clark("D:principal-search-property"))
        ET.SubElement(ET.SubElement(entry, clark("D:prop")), clark(name))
        ET.SubElement(entry, clark("D:description"), {"{http://www.w3.org/XML/1998/namespace}lang": "en"}
                      ).text = described
    return document


def _expanded(place: Place, asked: ET.Element) -> ET.Element:
    """The properties named in ``asked``; hrefs in them become responses where properties of those are asked for."""
    wanted = {f"{{{prop.get('namespace', 'DAV:')}}}{prop.get('name', '')}": prop
              for prop in asked.findall(clark("D:property")) if prop.get("name")}
    answer = properties.response(place, wanted)
    for element in answer.iterfind(f"{clark('D:propstat')}/{clark('D:prop')}/*"):
        nested = wanted[element.tag]
        if not len(nested):
            continue
        for href in element.findall(clark("D:href")):
            path = unquote(href.text or "").removeprefix(place.base_prefix).strip("/")
            # What belongs to others is theirs to show.
            if path.split("/")[0] == place.path.split("/")[0]:
                element.remove(href)
                element.append(_expanded(Place(place.unit_of_work, place.base_prefix, path), nested))
    return answer


def _answer(status: HTTPStatus, document: ET.Element) -> types.WSGIResponse:
    text = ET.tostring(document, encoding="utf-8", xml_declaration=True)
    return int(status), {"Content-Type": "text/xml; charset=utf-8"}, text, None
