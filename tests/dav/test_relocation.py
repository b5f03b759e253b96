"""COPY, and MOVE of collections (RFC 4918 §9.8, §9.9; RFC 4791 §5.3.3; RFC 6638 §3.2.4.1)."""

from __future__ import annotations

import pytest

from tests.compat.dav_client import Client
from tests.dav.conftest import NINE, Site, event, invitation
from tests.dav.test_implicit import own, put

C, D = "{urn:ietf:params:xml:ns:caldav}", "{DAV:}"
PLAIN = event("u1", NINE)
HOME = "http://localhost"


def copy(client: Client, source: str, target: str, **headers: str) -> int:
    return client.request("COPY", source, Destination=HOME + target, **headers).status


def make(client: Client, path: str, name: str = "Other") -> None:
    body = ('<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
            f"<D:displayname>{name}</D:displayname></D:prop></D:set></C:mkcalendar>")
    assert client.request("MKCALENDAR", path, body).status == 201


def text(client: Client, path: str) -> str:
    return client.request("GET", path).body.decode().replace("\r\n ", "")


def displayname(client: Client, path: str) -> str | None:
    body = '<D:propfind xmlns:D="DAV:"><D:prop><D:displayname/></D:prop></D:propfind>'
    return client.request("PROPFIND", path, body, Depth="0").xml.findtext(f".//{D}displayname")


def members(client: Client, path: str) -> int:
    return len(client.request("PROPFIND", path, Depth="1").xml.findall(f"{D}response")) - 1


def test_an_object_is_copied_into_another_calendar_and_over_its_copy(site: Site) -> None:
    bob = site["bob"]
    make(bob, "/bob/other/")
    put(bob, PLAIN)
    assert copy(bob, "/bob/calendar/e.ics", "/bob/other/f.ics") == 201
    assert text(bob, "/bob/other/f.ics") == text(bob, "/bob/calendar/e.ics") == PLAIN
    put(bob, PLAIN.replace("SUMMARY:Meeting", "SUMMARY:Changed"))
    assert copy(bob, "/bob/calendar/e.ics", "/bob/other/f.ics", Overwrite="F") == 412
    assert "SUMMARY:Meeting" in text(bob, "/bob/other/f.ics")
    assert copy(bob, "/bob/calendar/e.ics", "/bob/other/f.ics") == 204
    assert "SUMMARY:Changed" in text(bob, "/bob/other/f.ics")


@pytest.mark.parametrize(("source", "target", "headers", "status"), [
    ("/bob/calendar/e.ics", "/bob/calendar/e.ics", {}, 403),
    ("/bob/calendar/e.ics", "/bob/calendar/g.ics", {}, 409),
    ("/bob/calendar/e.ics", "/bob/nowhere/e.ics", {}, 409),
    ("/bob/calendar/e.ics", "/bob/other", {}, 403),
    ("/bob/calendar/e.ics", "/bob/other/e.ics", {"If_Match": '"stale"'}, 412),
    ("/bob/calendar/e.ics", "/bob/other/e.ics", {"Overwrite": "perhaps"}, 400),
    ("/bob/calendar/e.ics", "/bob/inbox/e.ics", {}, 403),
    ("/bob/calendar/e.ics", "/anna/calendar/e.ics", {}, 403),
    ("/bob/calendar/none.ics", "/bob/other/e.ics", {}, 404),
    ("/anna/calendar/", "/bob/hers/", {}, 403),
    ("/bob/calendar/", "/bob/calendar/", {}, 403),
    ("/bob/calendar/", "/bob/other/inside/", {}, 403),
    ("/bob/calendar/", "/bob/copy/", {"Depth": "1"}, 400),
    ("/bob/calendar/", "/bob/other/", {"Overwrite": "F"}, 412),
    ("/bob/", "/bob/copy/", {}, 403)])
def test_what_is_refused_leaves_everything_as_it_was(site: Site, source: str, target: str, headers: dict[str, str],
                                                     status: int) -> None:
    bob = site["bob"]
    make(bob, "/bob/other/")
    put(bob, PLAIN)
    before = bob.request("PROPFIND", "/bob/", Depth="1").xml
    assert copy(bob, source, target, **headers) == status
    assert own(bob).status == 200
    listed = [{element.text for element in answer.iter(f"{D}href")}
              for answer in (before, bob.request("PROPFIND", "/bob/", Depth="1").xml)]
    assert listed[0] == listed[1]
    assert bob.request("GET", "/bob/other/e.ics").status == 404


def test_another_server_is_no_destination(site: Site) -> None:
    put(site["bob"], PLAIN)
    refused = site["bob"].request("COPY", "/bob/calendar/e.ics", Destination="http://example.com/bob/other/e.ics")
    assert refused.status == 502


def test_an_object_keeps_its_uid(site: Site) -> None:
    bob = site["bob"]
    make(bob, "/bob/other/")
    put(bob, PLAIN)
    assert bob.request("PUT", "/bob/other/f.ics", event("u2", NINE)).status == 201
    refused = bob.request("COPY", "/bob/calendar/e.ics", Destination="/bob/other/f.ics")
    assert (refused.status, refused.xml[0].tag) == (409, f"{C}no-uid-conflict")
    assert "UID:u2" in text(bob, "/bob/other/f.ics")


def test_of_a_meeting_there_are_no_two(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    make(bob, "/bob/other/")
    put(bob, invitation("m1", NINE, "bob", "carl"))
    refused = bob.request("COPY", "/bob/calendar/e.ics", Destination="/bob/other/e.ics")
    assert (refused.status, refused.xml[0].tag) == (403, f"{C}unique-scheduling-object-resource")
    assert refused.xml[0].findtext(f"{D}href") == "/bob/calendar/e.ics"
    make(carl, "/carl/other/")
    invited = next(element.text for element in carl.request("PROPFIND", "/carl/calendar/", Depth="1").xml.iter(
        f"{D}href") if element.text and element.text.endswith(".ics"))
    assert copy(carl, invited, "/carl/other/e.ics") == 403
    assert copy(carl, invited, "/carl/calendar/again.ics") == 409
    assert carl.request("GET", invited).status == 200


def test_a_calendar_is_copied_with_its_properties_and_members_or_without(site: Site) -> None:
    bob = site["bob"]
    make(bob, "/bob/other/", "Work")
    bob.request("PUT", "/bob/other/e.ics", PLAIN)
    assert copy(bob, "/bob/other/", "/bob/shallow/", Depth="0") == 201
    assert displayname(bob, "/bob/shallow/") == "Work"
    assert bob.request("GET", "/bob/shallow/e.ics").status == 404
    assert copy(bob, "/bob/other/", "/bob/shallow/") == 204
    assert text(bob, "/bob/shallow/e.ics") == PLAIN
    bob.request("DELETE", "/bob/other/")
    assert text(bob, "/bob/shallow/e.ics") == PLAIN


def test_a_calendar_with_a_meeting_is_not_copied_in_part(site: Site) -> None:
    bob = site["bob"]
    put(bob, invitation("m1", NINE, "bob", "carl"))
    bob.request("PUT", "/bob/calendar/f.ics", event("u2", NINE))
    answer = bob.request("COPY", "/bob/calendar/", Destination="/bob/copy/")
    assert answer.status == 207
    assert [(one.findtext(f"{D}href"), one.findtext(f"{D}status")) for one in answer.xml] == [
        ("/bob/calendar/e.ics", "HTTP/1.1 403 Forbidden")]
    assert answer.xml.find(f".//{C}unique-scheduling-object-resource") is not None
    assert bob.request("PROPFIND", "/bob/copy/", Depth="0").status == 404


def test_a_calendar_where_invitations_go_is_not_written_over(site: Site) -> None:
    bob = site["bob"]
    make(bob, "/bob/other/")
    put(bob, PLAIN)
    refused = bob.request("COPY", "/bob/other/", Destination="/bob/calendar/")
    assert (refused.status, refused.xml[0].tag) == (403, f"{C}default-calendar-needed")
    assert own(bob).status == 200


def test_a_calendar_is_moved_with_what_it_is(site: Site) -> None:
    bob, carl = site["bob"], site["carl"]
    put(bob, invitation("m1", NINE, "bob", "carl"))
    moved = bob.request("MOVE", "/bob/calendar/", Destination="/bob/diary/")
    assert moved.status == 201
    assert (own(bob).status, bob.request("GET", "/bob/diary/e.ics").status) == (404, 200)
    put(carl, invitation("m2", NINE, "carl", "bob"))
    # It is where invitations go, as before, and carl's was not cancelled.
    assert (members(bob, "/bob/diary/"), members(carl, "/carl/calendar/")) == (2, 2)
    make(bob, "/bob/other/")
    assert bob.request("MOVE", "/bob/diary/", Destination="/bob/other/", Overwrite="F").status == 412
    assert bob.request("MOVE", "/bob/diary/", Destination="/bob/other/inside/").status == 403
    assert bob.request("MOVE", "/bob/diary/", Destination="/carl/diary/").status == 403
    assert bob.request("MOVE", "/bob/diary/", Destination="/bob/other/").status == 204
    assert bob.request("GET", "/bob/other/e.ics").status == 200


def test_a_moved_object_replaces_another_unless_told_otherwise(site: Site) -> None:
    bob = site["bob"]
    make(bob, "/bob/other/")
    put(bob, PLAIN)
    bob.request("PUT", "/bob/other/e.ics", PLAIN)
    assert bob.request("MOVE", "/bob/calendar/e.ics", Destination="/bob/other/e.ics", Overwrite="F").status == 412
    assert bob.request("MOVE", "/bob/calendar/e.ics", Destination="/bob/other/e.ics").status == 204
    assert own(bob).status == 404
