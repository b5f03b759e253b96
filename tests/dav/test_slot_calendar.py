"""One URL: the page's address is a calendar of open slots too, and takes a PUT as a booking."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlparse

import icalendar
import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.services import booking, event_types, life
from radicale_booking.services.booking import BookingRequest
from tests.compat.dav_client import DAV, Client
from tests.dav.conftest import HALF_HOUR, NINE, Site, event

CALDAV = "{urn:ietf:params:xml:ns:caldav}"
URL = "/book/anna/intro-call/"
_ALL = '<propfind xmlns="DAV:"><allprop/></propfind>'
_QUERY = """<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns="DAV:">
<prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
{}</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"""


@pytest.fixture
def open_site(site: Site) -> Site:
    """anna offers 9:00, 9:30, 10:00 and 10:30."""
    text = event("hours", NINE, length=timedelta(hours=2), summary="Bookable")
    assert site["anna"].request("PUT", "/anna/bookable/hours.ics", text).status == 201
    return site


def hrefs(client: Client, url: str = URL) -> list[str]:
    answer = client.request("PROPFIND", url, Depth="1")
    assert answer.status == 207, answer.body
    return [element.text or "" for element in answer.xml.iterfind(f"{DAV}response/{DAV}href")]


def stranger(site: Site) -> Client:
    """Nobody in particular."""
    return Client(site["bob"].application, "", "")


def ask(site: Site, method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes]:
    """A request without credentials."""
    environ: dict[str, object] = {}

    def anonymous(given: dict[str, object], start: object) -> object:
        environ.update(given)
        environ.pop("HTTP_AUTHORIZATION")
        return site["bob"].application(environ, start)

    answer = Client(anonymous).request(method, path, body, **headers)
    return answer.status, answer.body


def test_whoever_asks_sees_the_open_slots(open_site: Site) -> None:
    status, body = ask(open_site, "PROPFIND", URL, _ALL, Depth="1")
    assert status == 207
    assert body.count(b"<D:response>") + body.count(b"<response>") == 5
    assert b"unauthenticated" in body
    assert b"write-content" not in body
    names = hrefs(open_site["bob"])
    assert names[0] == URL
    assert len(names) == 5
    slot = icalendar.Calendar.from_ical(open_site["bob"].request("GET", names[1]).body)
    [found] = slot.walk("VEVENT")
    assert found["DTSTART"].dt == NINE
    assert found["DTEND"].dt == NINE + HALF_HOUR
    assert found["TRANSP"] == "TRANSPARENT"
    assert found["UID"] == names[1].removeprefix(URL).removesuffix(".ics")
    assert found["URL"].endswith(f"{URL}?start={NINE:%Y-%m-%dT%H:%M:%SZ}")
    assert ask(open_site, "GET", names[1])[0] == 200


def test_the_calendar_says_what_it_is(open_site: Site) -> None:
    options = open_site["bob"].request("OPTIONS", URL)
    assert "calendar-access" in options.headers["dav"]
    answer = open_site["bob"].request("PROPFIND", URL, '<propfind xmlns="DAV:"><prop><resourcetype/><displayname/>'
                                      '<current-user-principal/><quota/></prop></propfind>', Depth="0").xml
    assert [element.tag for element in answer.find(f".//{DAV}resourcetype") or ()] == [f"{DAV}collection",
                                                                                      f"{CALDAV}calendar"]
    assert answer.findtext(f".//{DAV}displayname") == "Intro call: anna"
    assert answer.findtext(f".//{DAV}current-user-principal/{DAV}href") == "/bob/"
    statuses = [element.text for element in answer.iter(f"{DAV}status")]
    assert statuses == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]


def test_query_and_multiget(open_site: Site) -> None:
    names = hrefs(open_site["bob"])[1:]
    time_range = f'<C:time-range start="{NINE:%Y%m%dT%H%M%SZ}" end="{NINE + HALF_HOUR:%Y%m%dT%H%M%SZ}"/>'
    found = open_site["bob"].request("REPORT", URL, _QUERY.format(time_range)).xml
    assert [element.text for element in found.iter(f"{DAV}href")] == names[:1]
    assert "BEGIN:VEVENT" in (found.findtext(f".//{CALDAV}calendar-data") or "")
    by_text = '<C:prop-filter name="SUMMARY"><C:text-match>{}</C:text-match></C:prop-filter>'
    for word, count in (("intro", 4), ("nothing", 0)):
        found = open_site["bob"].request("REPORT", URL, _QUERY.format(by_text.format(word))).xml
        assert len(list(found.iter(f"{DAV}href"))) == count
    asked = "".join(f"<href>{name}</href>" for name in (names[2], f"{URL}none.ics"))
    found = open_site["bob"].request("REPORT", URL, '<C:calendar-multiget xmlns:C="urn:ietf:params:xml:ns:caldav" '
                                     f'xmlns="DAV:"><prop><C:calendar-data/></prop>{asked}</C:calendar-multiget>').xml
    assert [element.text for element in found.iter(f"{DAV}status")] == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"]
    assert open_site["bob"].request("REPORT", URL, '<sync-collection xmlns="DAV:"/>').status == 403


def test_tags_change_with_what_is_open(open_site: Site) -> None:
    def tag() -> str:
        answer = open_site["bob"].request("PROPFIND", URL, '<propfind xmlns="DAV:"><prop>'
                                          '<getctag xmlns="http://calendarserver.org/ns/"/></prop></propfind>')
        return answer.xml.findtext(".//{http://calendarserver.org/ns/}getctag") or ""

    before = tag()
    assert before == tag()
    booked = booking.reserve(open_site.app, BookingRequest("anna", "intro-call", NINE, "Zoe", "zoe@example.org"))
    assert tag() != before
    assert len(hrefs(open_site["bob"])) == 4
    life.cancel(open_site.app, booked.uid, "page")
    assert tag() == before


def test_an_event_that_is_stored_books_moves_and_cancels(open_site: Site) -> None:
    bob, name = open_site["bob"], f"{URL}mine.ics"
    stored = bob.request("PUT", name, event("mine", NINE, "DESCRIPTION:About trees", summary="My talk"),
                         If_None_Match="*")
    assert stored.status == 201, stored.body
    assert "etag" not in stored.headers
    [booked] = booking.reservations(open_site.app)
    assert (booked.start, booked.invitee_email, booked.note, booked.status) == (NINE, "bob@example.org", "About trees",
                                                                               "confirmed")
    assert name in hrefs(bob)
    assert len(hrefs(bob)) == 5
    assert name not in hrefs(open_site["carl"])
    mine = bob.request("GET", name)
    assert (mine.status, b"Intro call" in mine.body) == (200, True)
    assert bob.request("PUT", name, event("mine", NINE), If_Match=mine.headers["etag"]).status == 204
    moved = bob.request("PUT", name, event("mine", NINE + HALF_HOUR), If_Match=mine.headers["etag"])
    assert moved.status == 204
    assert booking.reservation(open_site.app, booked.uid).start == NINE + HALF_HOUR
    assert bob.request("PUT", name, event("mine", NINE), If_Match=mine.headers["etag"]).status == 412
    assert open_site["carl"].request("DELETE", name).status == 404
    assert bob.request("DELETE", name).status == 204
    assert booking.reservation(open_site.app, booked.uid).status == "cancelled"
    assert bob.request("GET", name).status == 404


def test_what_is_taken_is_refused_with_alternatives(open_site: Site) -> None:
    assert open_site["bob"].request("PUT", f"{URL}bob.ics", event("b", NINE)).status == 201
    refused = open_site["carl"].request("PUT", f"{URL}carl.ics", event("c", NINE))
    assert refused.status == 409
    condition = refused.xml.find("{urn:radicale-booking:}slot-not-available")
    assert condition is not None
    assert f"{NINE + HALF_HOUR:%Y-%m-%dT%H:%MZ}" in (condition.text or "")
    off_grid = open_site["carl"].request("PUT", f"{URL}carl.ics", event("c", NINE + timedelta(minutes=40)))
    assert off_grid.status == 409
    assert len(booking.reservations(open_site.app)) == 1


@pytest.mark.parametrize(("text", "status"), [
    (event("x", NINE, length=timedelta(minutes=45)), 403),
    (event("x", NINE, "RRULE:FREQ=DAILY;COUNT=2"), 403),
    (event("x", NINE).replace("Z\r\nSUMMARY", "\r\nSUMMARY"), 403),
    ("nonsense", 403),
    (event("x", NINE) .replace("VEVENT", "VTODO"), 403),
])
def test_what_cannot_be_booked_is_refused(open_site: Site, text: str, status: int) -> None:
    answer = open_site["bob"].request("PUT", f"{URL}x.ics", text)
    assert answer.status == status
    assert answer.xml.tag == f"{DAV}error"
    assert booking.reservations(open_site.app) == []


def test_slots_themselves_stay_as_they_are(open_site: Site) -> None:
    slot = hrefs(open_site["bob"])[1]
    assert open_site["bob"].request("PUT", slot, event("x", NINE)).status == 403
    assert open_site["bob"].request("DELETE", slot).status == 403
    assert open_site["bob"].request("MOVE", slot, Destination="http://localhost/bob/calendar/x.ics").status == 403
    assert open_site["bob"].request("PROPPATCH", URL, "<x/>").status >= 400
    assert open_site["bob"].request("PUT", f"{URL}name", event("x", NINE)).status == 403
    assert ask(open_site, "PUT", f"{URL}x.ics", event("x", NINE))[0] == 401
    assert ask(open_site, "DELETE", slot)[0] == 401
    assert len(hrefs(open_site["bob"])) == 5


def test_what_is_not_there(open_site: Site) -> None:
    event_types.add(open_site.app, EventType("anna", "secret", "Secret", HALF_HOUR, private=True))
    for url in ("/book/anna/none/", "/book/bob/intro-call/", "/book/anna/secret/"):
        assert open_site["bob"].request("PROPFIND", url, Depth="1").status == 404, url
        assert open_site["bob"].request("PUT", f"{url}x.ics", event("x", NINE)).status == 404, url


def test_seats(open_site: Site) -> None:
    event_types.add(open_site.app, EventType("anna", "course", "Course", HALF_HOUR, seats=3))
    url = "/book/anna/course/"
    for user in ("bob", "carl"):
        assert open_site[user].request("PUT", f"{url}{user}.ics", event(user, NINE)).status == 201
    assert len(hrefs(open_site["bob"], url)) == 6
    first = next(name for name in hrefs(open_site["anna"], url)[1:])
    assert b"DESCRIPTION:1/3" in open_site["anna"].request("GET", first).body
    later = NINE + HALF_HOUR
    assert open_site["bob"].request("PUT", f"{url}bob.ics", event("bob", later)).status in (201, 204)
    assert sorted(one.start for one in booking.reservations(open_site.app) if one.live) == [NINE, later]
    assert open_site["bob"].request("PUT", f"{url}bob.ics", event("bob", NINE)).status in (201, 204)
    assert open_site["bob"].request("DELETE", f"{url}bob.ics").status == 204
    [left] = [one for one in booking.reservations(open_site.app) if one.live]
    assert left.start == NINE
    assert b"DESCRIPTION:2/3" in open_site["anna"].request("GET", first).body


def test_a_path_below_a_proxy(open_site: Site) -> None:
    answer = open_site["bob"].request("PROPFIND", URL, Depth="1", X_Script_Name="/cal")
    assert answer.status == 207
    found = [urlparse(element.text or "").path for element in answer.xml.iterfind(f"{DAV}response/{DAV}href")]
    assert all(path.startswith(f"/cal{URL}") for path in found)
