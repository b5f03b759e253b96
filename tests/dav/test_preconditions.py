"""A PUT that is refused is told which precondition it fails (RFC 4791 §5.3.2.1)."""

from __future__ import annotations

import pytest

from tests.dav.conftest import NINE, Site, event
from tests.dav.test_implicit import own, put

C = "{urn:ietf:params:xml:ns:caldav}"
CR = "{urn:ietf:params:xml:ns:carddav}"
PLAIN = event("u1", NINE)
TASK = PLAIN.replace("VEVENT", "VTODO").replace("DTEND", "DUE")
INSTANCE = PLAIN[PLAIN.index("BEGIN:VEVENT"):PLAIN.index("END:VCALENDAR")].replace(
    "SUMMARY", f"RECURRENCE-ID:{NINE:%Y%m%dT%H%M%SZ}\r\nSUMMARY")
TWICE = PLAIN.replace("SUMMARY", "RRULE:FREQ=DAILY;COUNT=3\r\nSUMMARY").replace(
    "END:VCALENDAR", f"{INSTANCE * 2}END:VCALENDAR")
TWO = PLAIN.replace("END:VCALENDAR", PLAIN[PLAIN.index("BEGIN:VEVENT"):].replace("UID:u1", "UID:u2"))


@pytest.mark.parametrize(("text", "kind", "condition"), [
    ("nonsense", "text/calendar", "valid-calendar-data"),
    ("nonsense", "text/plain", "supported-calendar-data"),
    (PLAIN.replace("DTSTART:", "DTSTART:x"), "text/calendar", "valid-calendar-data"),
    (PLAIN.replace("UID:u1\r\n", ""), "text/calendar", "valid-calendar-object-resource"),
    (TWO, "text/calendar", "valid-calendar-object-resource"),
    (PLAIN.replace("VERSION", "METHOD:REQUEST\r\nVERSION"), "text/calendar", "valid-calendar-object-resource"),
    (TWICE, "text/calendar", "valid-calendar-object-resource"),
    (TWO.replace("UID:u2", "UID:u1"), "text/calendar", "valid-calendar-object-resource"),
    (TASK, "text/calendar", "supported-calendar-component"),
    (PLAIN.replace("SUMMARY:", "SUMMARY:" + "x" * 10_100_000), "text/calendar", "max-resource-size")])
def test_each_condition_has_its_name(site: Site, text: str, kind: str, condition: str) -> None:
    bob = site["bob"]
    refused = bob.request("PUT", "/bob/calendar/e.ics", text, Content_Type=kind)
    assert (refused.status, refused.xml[0].tag) == (403, C + condition)
    assert own(bob).status == 404


def limits(site: Site, path: str = "/bob/calendar/") -> dict[str, str | None]:
    names = ("min-date-time", "max-date-time", "max-instances", "max-attendees-per-instance", "max-resource-size",
             "managed-attachments-server-URL", "max-attachment-size")
    body = ('<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop>'
            + "".join(f"<C:{name}/>" for name in names) + "</D:prop></D:propfind>")
    answer = site["bob"].request("PROPFIND", path, body, Depth="0").xml
    ok = next(one for one in answer.iter("{DAV:}propstat") if "200" in (one.findtext("{DAV:}status") or ""))
    return {prop.tag.removeprefix(C): prop.text for prop in ok[0]}


def test_the_limits_that_are_told_hold_and_no_others(site: Site) -> None:
    bob = site["bob"]
    assert limits(site) == {"max-instances": "10000", "max-attendees-per-instance": "100",
                            "max-resource-size": "10000000"}
    for name, rule in (("max-instances", "COUNT=10001"), ("max-instances", "UNTIL=20800101T000000Z"),
                       ("", "COUNT=10000"), ("", "INTERVAL=1")):
        answer = put(bob, event("u1", NINE, f"RRULE:FREQ=DAILY;{rule}"))
        assert (answer.status in (201, 204)) == (not name), rule
        assert not name or (answer.status, answer.xml[0].tag) == (403, C + name)
    for year in ("0001", "9999"):
        text = PLAIN.replace("UID:u1", f"UID:{year}").replace(f"{NINE:%Y%m%d}", f"{year}0601")
        assert bob.request("PUT", f"/bob/calendar/{year}.ics", text).status == 201
    assert "managed" not in bob.request("OPTIONS", "/bob/calendar/").headers["dav"]


@pytest.mark.parametrize("organizer", ["bob@example.org", "somebody@example.com"])
def test_more_attendees_than_told_are_refused_but_not_the_answer_of_one_of_them(site: Site, organizer: str) -> None:
    bob = site["bob"]
    lines = [f"ORGANIZER:mailto:{organizer}", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org",
             *(f"ATTENDEE:mailto:p{number}@example.com" for number in range(100))]
    refused = put(bob, event("u1", NINE, *lines))
    assert (refused.status, refused.xml[0].tag) == (403, f"{C}max-attendees-per-instance")
    assert put(bob, event("u1", NINE, *lines[:-1])).status == 201
    with site.app.store.write() as uow:
        calendar = uow.collections.get("bob/calendar")
        assert calendar is not None
        text = event("u2", NINE, *lines)
        uow.items.store(calendar.id, href="big.ics", uid="u2", name="VCALENDAR", component="VEVENT", text=text,
                        index=site.app.calendar.index(text, now=uow.now, owner=None))
    answer = bob.request("PUT", "/bob/calendar/big.ics", text.replace("NEEDS-ACTION", "ACCEPTED"))
    assert answer.status == (403 if organizer.startswith("bob") else 204)


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


NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
EVENTS = '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{}</C:comp-filter></C:comp-filter>'
ZONE = ("BEGIN:VCALENDAR&#13;\nVERSION:2.0&#13;\nPRODID:x&#13;\nBEGIN:VTIMEZONE&#13;\nTZID:X&#13;\n"
        "BEGIN:STANDARD&#13;\nDTSTART:19700101T000000&#13;\nTZOFFSETFROM:+0100&#13;\nTZOFFSETTO:+0100&#13;\nEND:STANDARD&#13;\n"
        "END:VTIMEZONE&#13;\nEND:VCALENDAR&#13;\n")


@pytest.mark.parametrize(("filters", "condition"), [
    ("", "valid-filter"), ('<C:comp-filter name="VEVENT"/>', "valid-filter"),
    (EVENTS.format('<C:time-range start="2026-01-01"/>'), "valid-filter"),
    (EVENTS.format("<C:time-range/>"), "valid-filter"),
    (EVENTS.format('<C:time-range start="20270101T000000Z" end="20260101T000000Z"/>'), "valid-filter"),
    (EVENTS.format("<C:is-not-defined/><C:is-not-defined/>"), "valid-filter"),
    (EVENTS.format("<C:prop-filter/>"), "valid-filter"),
    (EVENTS.format("<C:text-match>x</C:text-match>"), "valid-filter"),
    (EVENTS.format('<C:prop-filter name="SUMMARY"><D:guess/></C:prop-filter>'), "supported-filter"),
    (EVENTS.format('<C:prop-filter name="SUMMARY"><C:text-match collation="i;x">a</C:text-match></C:prop-filter>'),
     "supported-collation"), (EVENTS.format(""), "")])
def test_a_query_that_cannot_be_answered_is_refused(site: Site, filters: str, condition: str) -> None:
    body = f"<C:calendar-query {NAMES}><D:prop><D:getetag/></D:prop><C:filter>{filters}</C:filter></C:calendar-query>"
    answer = site["bob"].request("REPORT", "/bob/calendar/", body, Depth="1")
    assert (answer.status, answer.xml[0].tag if len(answer.xml) else "") == (
        (403, C + condition) if condition else (207, ""))


@pytest.mark.parametrize(("zone", "refused"), [
    ("nonsense", True), (ZONE, False), (ZONE.replace("VTIMEZONE", "X"), True)])
def test_a_time_zone_is_one(site: Site, zone: str, refused: bool) -> None:
    bob = site["bob"]
    patch = (f"<D:propertyupdate {NAMES}><D:set><D:prop><C:calendar-timezone>{zone}</C:calendar-timezone></D:prop>"
             "</D:set></D:propertyupdate>")
    made = (f"<C:mkcalendar {NAMES}><D:set><D:prop><C:calendar-timezone>{zone}</C:calendar-timezone></D:prop></D:set>"
            "</C:mkcalendar>")
    asked = (f"<C:calendar-query {NAMES}><D:prop><D:getetag/></D:prop><C:filter>{EVENTS.format('')}</C:filter>"
             f"<C:timezone>{zone}</C:timezone></C:calendar-query>")
    answers = [bob.request("PROPPATCH", "/bob/calendar/", patch), bob.request("MKCALENDAR", "/bob/new/", made),
               bob.request("REPORT", "/bob/calendar/", asked, Depth="1")]
    assert [answer.status for answer in answers] == ([403] * 3 if refused else [207, 201, 207])
    if refused:
        assert {answer.xml[0].tag for answer in answers} == {f"{C}valid-calendar-data"}


@pytest.mark.parametrize(("path", "query", "condition"), [
    ("/bob/calendar/", "", f"{C}valid-filter"),
    ("/bob/inbox/", '<C:time-range start="20260101T000000Z" end="20270101T000000Z"/>', "{DAV:}supported-report")])
def test_a_free_busy_query_is_of_some_time_and_of_calendars(site: Site, path: str, query: str, condition: str) -> None:
    answer = site["bob"].request("REPORT", path, f"<C:free-busy-query {NAMES}>{query}</C:free-busy-query>", Depth="1")
    assert (answer.status, answer.xml[0].tag) == (403, condition)
