"""Names of objects that need writing as octets, and objects that are too large, over real HTTP."""

from __future__ import annotations

import base64
import http.client
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlsplit

import pytest

from tests.acceptance.server import serve
from tests.acceptance.site import PASSWORD, SiteFiles, event, monday

D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
FOLDER = "/anna/calendar/"
#: As programs write them; each is another object.
HREFS = ("plain@example.org.ics", "escaped%40example.org.ics", "with%20space.ics", "%C3%BC%E6%97%A5%E6%9C%AC.ics",
         "%c3%a4-lower.ics", "plus+and&amp.ics", "semi%3Bcolon%3D.ics", "hash%23.ics", "percent%2541.ics",
         "%7Btilde~%7D.ics", "no-suffix")


@dataclass
class Wire:
    """Sends what it is told, octet for octet."""

    connection: http.client.HTTPConnection

    def send(self, method: str, target: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        credentials = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, target, body.encode(), {"Authorization": f"Basic {credentials}", **named})
        answer = self.connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def listed(self) -> dict[str, str]:
        """Href as the server writes it -> ETag, of the members."""
        _, _, body = self.send("PROPFIND", FOLDER, f"<D:propfind {NAMES}><D:prop><D:getetag/></D:prop></D:propfind>",
                               Depth="1")
        found = {one.findtext(f"{D}href") or "": one.findtext(f".//{D}getetag") or "" for one in ET.fromstring(body)}
        return {href: etag for href, etag in found.items() if href != FOLDER}


@pytest.fixture
def wire(site: SiteFiles) -> Iterator[Wire]:
    with site.config.open("a", encoding="utf-8") as config:
        config.write("[server]\nmax_resource_size = 20000\n")
    with serve(site.config) as running:
        connection = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=30)
        yield Wire(connection)
        connection.close()


def text_of(uid: str, summary: str = "Meeting") -> str:
    return event(uid, summary, monday(), timedelta(minutes=30))


def test_every_name_comes_back_as_one_that_works(wire: Wire) -> None:
    for number, href in enumerate(HREFS):
        assert wire.send("PUT", FOLDER + href, text_of(f"u{number}"), If_None_Match="*")[0] == 201, href
    listed = wire.listed()
    assert {unquote(href) for href in listed} == {FOLDER + unquote(href) for href in HREFS}
    assert all(href.isascii() and " " not in href for href in listed)
    for href, etag in listed.items():
        status, headers, _ = wire.send("GET", href)
        assert (status, headers["etag"]) == (200, etag), href
    for asked in (list(listed), [FOLDER + href for href in HREFS]):
        wanted = "".join(f"<D:href>{href.replace('&', '&amp;')}</D:href>" for href in asked)
        body = f"<C:calendar-multiget {NAMES}><D:prop><D:getetag/></D:prop>{wanted}</C:calendar-multiget>"
        _, _, answer = wire.send("REPORT", FOLDER, body, Depth="1")
        found = {one.findtext(f"{D}href"): one.findtext(f".//{D}getetag") for one in ET.fromstring(answer)}
        assert found == listed
    for number, (href, etag) in enumerate(listed.items()):
        moved = f"{FOLDER}moved%20{number}%40x.ics"
        assert wire.send("MOVE", href, Destination=moved, If_Match=etag)[0] == 201, href
        assert (wire.send("GET", href)[0], wire.send("DELETE", moved)[0]) == (404, 200)
    assert wire.listed() == {}


def test_a_uid_is_no_name(wire: Wire) -> None:
    """A slash is none of a name however it is written; an object with one in its UID has another name."""
    uid = "a/b c@example.org"
    status, _, _ = wire.send("PUT", f"{FOLDER}a%2Fb%20c@example.org.ics", text_of(uid))
    assert (status, wire.listed()) == (403, {})
    assert wire.send("PUT", f"{FOLDER}hashed.ics", text_of(uid))[0] == 201
    query = (f'<C:calendar-query {NAMES}><D:prop><D:getetag/></D:prop><C:filter><C:comp-filter name="VCALENDAR">'
             '<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match collation="i;octet">'
             f"{uid}</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>")
    _, _, body = wire.send("REPORT", FOLDER, query, Depth="1")
    assert [one.findtext(f"{D}href") for one in ET.fromstring(body)] == [f"{FOLDER}hashed.ics"]
    status, _, body = wire.send("PUT", f"{FOLDER}again.ics", text_of(uid))
    assert (status, ET.fromstring(body).findtext(f"{C}no-uid-conflict/{D}href")) == (409, f"{FOLDER}hashed.ics")


def test_what_is_too_large_is_refused_by_name(wire: Wire) -> None:
    _, _, body = wire.send("PROPFIND", FOLDER,
                           f"<D:propfind {NAMES}><D:prop><C:max-resource-size/></D:prop></D:propfind>", Depth="0")
    most = int(ET.fromstring(body).findtext(f".//{C}max-resource-size") or 0)
    assert most == 20_000
    fits = text_of("u1")
    fits = text_of("u1", "Meeting" + "x" * (most - len(fits.encode())))
    assert wire.send("PUT", f"{FOLDER}e.ics", fits)[0] == 201
    etag = wire.listed()[f"{FOLDER}e.ics"]
    status, _, body = wire.send("PUT", f"{FOLDER}e.ics", fits.replace("Meeting", "Meetings"))
    assert (status, ET.fromstring(body)[0].tag) == (403, f"{C}max-resource-size")
    assert wire.listed() == {f"{FOLDER}e.ics": etag}
