"""What who asks may do (RFC 3744 §5.4): what Radicale says of it, made exact."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from radicale import xmlutils

PRIVILEGES = xmlutils.make_clark("D:current-user-privilege-set")
_READ, _READ_SET, _WRITE_CONTENT, _BIND, _UNBIND = (xmlutils.make_clark(f"D:{name}") for name in (
    "read", "read-current-user-privilege-set", "write-content", "bind", "unbind"))
#: What holds the right to change properties, which an object has not, or to share, which is done with collections.
_OF_COLLECTIONS = frozenset(xmlutils.make_clark(name) for name in (
    "D:all", "D:write", "D:write-properties", "RADICALE:share-token", "RADICALE:share-map"))
_PLACE = f"{xmlutils.make_clark('D:propstat')}/{xmlutils.make_clark('D:prop')}/{PRIVILEGES}"


def named(element: ET.Element) -> list[str]:
    """The privileges in a DAV:current-user-privilege-set."""
    return [privilege[0].tag for privilege in element if len(privilege)]


def make_exact(response: ET.Element) -> None:
    """Let a DAV:response say of a collection that its members can be made and removed, of others no more than is."""
    of_collection = (response.findtext(xmlutils.make_clark("D:href")) or "").endswith("/")
    for element in response.iterfind(_PLACE):
        names = named(element)
        if not of_collection:
            names = [name for name in names if name not in _OF_COLLECTIONS]
        elif _WRITE_CONTENT in names:
            names += [_BIND, _UNBIND]
        if _READ in names:
            names.append(_READ_SET)
        write(element, names)


def write(element: ET.Element, names: list[str]) -> None:
    """Make ``names`` the privileges in ``element``, each once."""
    element[:] = []
    for name in dict.fromkeys(names):
        ET.SubElement(ET.SubElement(element, xmlutils.make_clark("D:privilege")), name)
