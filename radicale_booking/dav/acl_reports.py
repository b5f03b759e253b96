"""REPORTs about who may do what: principal-match and acl-principal-prop-set (RFC 3744 §9.2, §9.3)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus
from itertools import islice

from radicale import httputils, pathutils, types
from radicale.item import Item

from radicale_booking.dav import minimal, properties, template
from radicale_booking.dav.collection import Collection
from radicale_booking.dav.listing import PropfindBuilder, Request
from radicale_booking.dav.properties import clark
from radicale_booking.errors import SchedulingRefused

_MATCH, _OF_ACL = clark("D:principal-match"), clark("D:acl-principal-prop-set")
_SELF, _PROPERTY, _PROP = clark("D:self"), clark("D:principal-property"), clark("D:prop")
_OWNER, _URL = clark("D:owner"), clark("D:principal-URL")
REPORTS = frozenset({_MATCH, _OF_ACL})
#: RFC 3744 §9.2, §9.3 and §9.5 define them for no other depth; some programs search for people at depth 1.
AT_DEPTH_0 = REPORTS | {clark("D:principal-search-property-set")}
_MOST = 1_000

_Resource = Collection | Item
_Search = Callable[[Request, _Resource], Iterable[_Resource]]


def report(request: Request) -> types.WSGIResponse:
    """The answer to the REPORT, one of ``REPORTS``, on a path that the user may read.

    Raises ``SchedulingRefused`` with DAV:number-of-matches-within-limits where more match than are told.
    """
    assert request.body is not None  # noqa: S101 - it is one of REPORTS
    matching = _of_user(request.body) if request.body.tag == _MATCH else _owner
    if matching is None or len(request.body.findall(_PROP)) > 1:
        return httputils.BAD_REQUEST
    with request.storage.acquire_lock("r", request.user):
        if next(iter(request.storage.discover(request.path)), None) is None:
            return httputils.NOT_FOUND
        target = next(_at(request, request.path), None)
        if target is None:
            return httputils.NOT_ALLOWED
        found = list(islice(matching(request, target), _MOST + 1))
        if len(found) > _MOST:
            raise SchedulingRefused("D:number-of-matches-within-limits", f"at most {_MOST} are told")
        prop = request.body.find(_PROP)
        parts = _responses(request, found, prop if prop is not None else ET.Element(_PROP))
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return int(HTTPStatus.MULTI_STATUS), headers, template.document(parts), None


def _responses(request: Request, found: Iterable[_Resource], props: ET.Element) -> list[str]:
    responses = []
    for one in found:
        there = replace(request, path=_path(one))
        responses.append(PropfindBuilder(there, props, there.may_write()).build(one))
    properties.amend(request.storage.unit_of_work, request.base_prefix, responses)
    for response in responses if request.minimal else ():
        minimal.shorten(response)
    return [template.text_of(response) for response in responses]


def _path(resource: _Resource) -> str:
    if isinstance(resource, Collection):
        return pathutils.unstrip_path(resource.path, True)
    assert resource.collection is not None  # noqa: S101 - it was discovered in one
    return pathutils.unstrip_path(f"{resource.collection.path}/{resource.href}")


def _of_user(body: ET.Element) -> _Search | None:
    """How members are found that are the user, or the user's by the property named; None where it is not said."""
    named = body.find(_PROPERTY)
    if (body.find(_SELF) is None) == (named is None):
        return None
    if named is None or any(prop.tag == _URL for prop in named):
        return _user
    return _owned if any(prop.tag == _OWNER for prop in named) else _nothing


def _nothing(request: Request, target: _Resource) -> Iterable[_Resource]:
    return ()


def _user(request: Request, target: _Resource) -> Iterable[_Resource]:
    """Only the root has principals as members."""
    return _at(request, f"/{request.user}/") if _path(target) == "/" else ()


def _owned(request: Request, target: _Resource) -> Iterable[_Resource]:
    """What is below ``target``, at any depth, and the user's."""
    if _path(target) == "/":
        for home in _at(request, f"/{request.user}/"):
            yield home
            yield from _below(request, home)
    elif _path(target).split("/")[1] == request.user:
        yield from _below(request, target)


def _below(request: Request, resource: _Resource) -> Iterator[_Resource]:
    if isinstance(resource, Collection):
        for member in islice(_at(request, _path(resource), "1"), 1, None):
            yield member
            yield from _below(request, member)


def _owner(request: Request, target: _Resource) -> Iterable[_Resource]:
    """The one principal that rights to a resource are given to by name; others have theirs by rules."""
    name = _path(target).split("/")[1]
    return _at(request, f"/{name}/") if name else ()


def _at(request: Request, path: str, depth: str = "0") -> Iterator[_Resource]:
    found: Iterator[_Resource] = request.storage.discover(path, depth)  # type: ignore[assignment]
    return (one for one in found if replace(request, path=_path(one)).access().check("r", one))
