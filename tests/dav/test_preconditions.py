"""A PUT that is refused is told which precondition it fails (RFC 4791 §5.3.2.1)."""

from __future__ import annotations

import pytest

from tests.dav.conftest import NINE, Site, event
from tests.dav.test_implicit import own, put

C = "{urn:ietf:params:xml:ns:caldav}"
CR = "{urn:ietf:params:xml:ns:carddav}"
PLAIN = event("u1", NINE)
TASK = PLAIN.replace("VEVENT", "VTODO").replace("DTEND", "DUE")
TWO = PLAIN.replace("END:VCALENDAR", PLAIN[PLAIN.index("BEGIN:VEVENT"):].replace("UID:u1", "UID:u2"))


@pytest.mark.parametrize(("text", "kind", "condition"), [
    ("nonsense", "text/calendar", "valid-calendar-data"),
    ("nonsense", "text/plain", "supported-calendar-data"),
    (PLAIN.replace("DTSTART:", "DTSTART:x"), "text/calendar", "valid-calendar-data"),
    (PLAIN.replace("UID:u1\r\n", ""), "text/calendar", "valid-calendar-object-resource"),
    (TWO, "text/calendar", "valid-calendar-object-resource"),
    (PLAIN.replace("VERSION", "METHOD:REQUEST\r\nVERSION"), "text/calendar", "valid-calendar-object-resource"),
    (TASK, "text/calendar", "supported-calendar-component"),
    (PLAIN.replace("SUMMARY:", "SUMMARY:" + "x" * 10_100_000), "text/calendar", "max-resource-size")])
def test_each_condition_has_its_name(site: Site, text: str, kind: str, condition: str) -> None:
    bob = site["bob"]
    refused = bob.request("PUT", "/bob/calendar/e.ics", text, Content_Type=kind)
    assert (refused.status, refused.xml[0].tag) == (403, C + condition)
    assert own(bob).status == 404


def test_a_calendar_for_tasks_takes_tasks(site: Site) -> None:
    bob = site["bob"]
    body = ('<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
            "</D:prop></D:set></C:mkcalendar>")
    assert bob.request("MKCALENDAR", "/bob/tasks/", body).status == 201
    assert bob.request("PUT", "/bob/tasks/e.ics", TASK, Content_Type="text/calendar").status == 201
    refused = bob.request("PUT", "/bob/tasks/f.ics", PLAIN.replace("UID:u1", "UID:u9"), Content_Type="text/calendar")
    assert (refused.status, refused.xml[0].tag) == (403, f"{C}supported-calendar-component")
    assert put(bob, PLAIN.replace("UID:u1", "UID:u9")).status == 201
    moved = bob.request("MOVE", "/bob/calendar/e.ics", Destination="/bob/tasks/g.ics")
    assert (moved.status, moved.xml[0].tag) == (403, f"{C}supported-calendar-component")
    assert own(bob).status == 200


def test_a_taken_uid_is_told_with_the_object_that_has_it(site: Site) -> None:
    bob = site["bob"]
    put(bob, PLAIN, "first one")
    refused = put(bob, PLAIN, "second")
    assert (refused.status, refused.xml[0].tag) == (409, f"{C}no-uid-conflict")
    assert refused.xml[0].findtext("{DAV:}href") == "/bob/calendar/first%20one.ics"


def test_cards_have_conditions_of_their_own(site: Site) -> None:
    bob = site["bob"]
    body = ('<D:mkcol xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype>'
            "<D:collection/><CR:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>")
    assert bob.request("MKCOL", "/bob/people/", body).status == 201
    refused = bob.request("PUT", "/bob/people/a.vcf", "nonsense", Content_Type="text/vcard")
    assert (refused.status, refused.xml[0].tag) == (403, f"{CR}valid-address-data")
