"""What a PROPFIND may ask (RFC 4918 §9.1, §14.20)."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from radicale_booking.dav.properties import clark

_ROOT, _INCLUDE = clark("D:propfind"), clark("D:include")
_WAYS = frozenset(clark(f"D:{name}") for name in ("prop", "allprop", "propname"))


def check(body: ET.Element) -> None:
    """Leave only what is known in ``body`` (RFC 4918 §17).

    Raises ``RuntimeError``, which Radicale answers with 400, unless it asks in one way.
    """
    for part in [part for part in body if part.tag not in {*_WAYS, _INCLUDE}]:
        body.remove(part)
    ways = [part for part in body if part.tag in _WAYS]
    if body.tag != _ROOT or len(ways) != 1:
        raise RuntimeError("a propfind has one of prop, allprop and propname")
    if ways[0].tag != clark("D:allprop") and body.find(_INCLUDE) is not None:
        raise RuntimeError("include goes with allprop")
    body.remove(ways[0])
    body.insert(0, ways[0])
