"""Properties without a namespace (RFC 4918 §21.3), which Radicale's names have no room for: they get one inside."""

from __future__ import annotations

import xml.etree.ElementTree as ET

_INSIDE = "{urn:radicale-booking:no-namespace}"


def has_unnamed(body: ET.Element) -> bool:
    return any(not element.tag.startswith("{") for element in body.iter())


def name(body: ET.Element) -> None:
    """Give what stands below ``body`` without a namespace the one of ours."""
    for element in body.iter():
        if element is not body and not element.tag.startswith("{"):
            element.tag = _INSIDE + element.tag


def unname(answer: ET.Element) -> None:
    """Undo ``name``; the answer's default namespace is DAV:, so it must be said."""
    for element in answer.iter():
        if element.tag.startswith(_INSIDE):
            element.tag = element.tag.removeprefix(_INSIDE)
            element.set("xmlns", "")
