"""Requests to a WSGI application in this process, and answers in a form that two servers can be compared by."""

from __future__ import annotations

import base64
import io
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

DAV = "{DAV:}"
#: Values that two servers choose each for itself.
_OWN = {f"{DAV}getetag", f"{DAV}sync-token", f"{DAV}getlastmodified", "{http://calendarserver.org/ns/}getctag"}

_CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"

#: The reports that stock Radicale has not, inside DAV:supported-report.
_OURS_ALONE = tuple(f"{DAV}report/{name}" for name in (
    "{http://calendarserver.org/ns/}calendarserver-principal-search", f"{DAV}principal-match",
    f"{DAV}acl-principal-prop-set"))


#: What RFC 4791 and RFC 6352 call the refusals that are a plain 400 in stock Radicale.
_CONDITIONS = (b"valid-calendar-data", b"valid-calendar-object-resource", b"supported-calendar-data",
               b"valid-address-data")
#: What our refusals say beside the name of the condition.
_SAID = {f"{DAV}href", "{urn:radicale-booking:}reason"}


@dataclass(frozen=True)
class Answer:
    """``headers`` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def xml(self) -> ET.Element:
        return ET.fromstring(self.body)

    def compared(self) -> tuple[Any, ...]:
        """Status, type and content without what each server chooses for itself."""
        if self.status == 400 or (self.status == 403 and any(name in self.body for name in _CONDITIONS)):
            return ("refused",)
        kind = self.headers.get("content-type", "").partition(";")[0]
        if kind in ("text/xml", "application/xml"):
            return self.status, kind, _canonical(self.xml)
        if kind == "text/calendar":
            return self.status, kind, tuple(sorted(_lines(self.body.decode())))
        if kind == "text/vcard":
            return self.status, kind, tuple(sorted(self.body.decode().split("BEGIN:VCARD")))
        return self.status, kind, self.body

    def token(self) -> str:
        return self.xml.findtext(f".//{DAV}sync-token") or ""


def _lines(text: str) -> list[str]:
    return [line for line in text.replace("\r\n", "\n").split("\n") if not line.startswith(("DTSTAMP", "PRODID"))]


def _canonical(element: ET.Element) -> tuple[Any, ...]:
    if element.tag in _OWN:
        return element.tag, bool((element.text or "").strip())
    if element.tag == f"{DAV}current-user-privilege-set":
        # Ours are exact, see tests/dav/test_privileges.py.
        return element.tag, any(privilege.find(f"{DAV}read") is not None for privilege in element)
    of_error = element.tag == f"{DAV}error" or element.tag.endswith("}no-uid-conflict")
    children = [_canonical(child) for child in element
                if all(child.find(name) is None for name in _OURS_ALONE) and not (of_error and child.tag in _SAID)]
    if element.tag.endswith(("}multistatus", "}response", "}prop", "}propstat")):
        children.sort(key=repr)
    text = re.sub(r"\r\n?", "\n", element.text or "").strip()
    if element.tag == _CALENDAR_DATA:
        # The order of properties says nothing, as in a GET.
        text = "\n".join(sorted(text.split("\n")))
    return element.tag, tuple(sorted(element.attrib.items())), text, tuple(children)


@dataclass
class Client:
    """A user at ``application``; remembers nothing."""

    application: Callable[..., Any]
    user: str = "anna"
    password: str = "anna"
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> Answer:
        """Send; header names with underscores for hyphens (``If_Match``)."""
        raw = body.encode() if isinstance(body, str) else body
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(raw), "wsgi.errors": sys.stderr, "CONTENT_LENGTH": str(len(raw)),
            "CONTENT_TYPE": headers.pop("Content_Type", ""), "HTTP_AUTHORIZATION": f"Basic {credentials}"}
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        caught: dict[str, Any] = {}

        def start(status: str, raised: list[tuple[str, str]], exc_info: Any = None) -> None:
            caught.update(status=int(status.split()[0]), headers={name.lower(): value for name, value in raised})

        content = b"".join(self.application(environ, start))
        return Answer(caught["status"], caught["headers"], content)
