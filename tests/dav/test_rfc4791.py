"""The requests of RFC 4791 §5.3.1 and §7.8 and its neighbours, to objects like those of its appendix B."""

from __future__ import annotations

import re

import pytest

from tests.compat.dav_client import Answer
from tests.dav.conftest import NINE, Site, event
from tests.dav.test_calendar_filter import alarm, calendar, part

D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
NAMES = ('xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CR="urn:ietf:params:xml:ns:carddav" '
         'xmlns:CS="http://calendarserver.org/ns/"')
ZONE = ("BEGIN:VTIMEZONE\r\nTZID:US/Eastern\r\nBEGIN:STANDARD\r\nDTSTART:20001026T020000\r\nTZOFFSETFROM:-0400\r\n"
        "TZOFFSETTO:-0500\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
        "DTSTART:20000404T020000\r\nTZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4\r\n"
        "END:DAYLIGHT\r\nEND:VTIMEZONE\r\n")
NEW_YORK = "TZID=US/Eastern"
EVENTS = {
    "single": calendar(part("VEVENT", f"DTSTART;{NEW_YORK}:20060102T120000 DURATION:PT1H SUMMARY:One"), zone=ZONE),
    # Five days, of which the third comes later and the fifth has another name.
    "series": calendar(
        part("VEVENT", f"DTSTART;{NEW_YORK}:20060102T120000 DURATION:PT1H RRULE:FREQ=DAILY;COUNT=5 SUMMARY:Two"),
        part("VEVENT", f"RECURRENCE-ID;{NEW_YORK}:20060104T120000 DTSTART;{NEW_YORK}:20060104T140000 DURATION:PT1H "
                       "SUMMARY:Two_later"),
        part("VEVENT", f"RECURRENCE-ID;{NEW_YORK}:20060106T120000 DTSTART;{NEW_YORK}:20060106T140000 DURATION:PT1H "
                       "SUMMARY:Two_at_last"), zone=ZONE),
    "meeting": calendar(part("VEVENT", (
        f"DTSTART;{NEW_YORK}:20060104T100000 DURATION:PT1H SUMMARY:Three ORGANIZER:mailto:cyrus@example.com "
        "ATTENDEE;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:cyrus@example.com "
        "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lisa@example.com X-ABC-GUID:E1CX5Dr-0007ym-Hz@example.com")), zone=ZONE)}
TASKS = {
    "to do": calendar(part("VTODO", f"DUE;{NEW_YORK}:20060104T235959 STATUS:NEEDS-ACTION SUMMARY:1",
                           alarm("TRIGGER;RELATED=END:-PT10M")), zone=ZONE),
    "alarmed": calendar(part("VTODO", "DUE;VALUE=DATE:20060106 STATUS:NEEDS-ACTION SUMMARY:2",
                             alarm("TRIGGER;VALUE=DATE-TIME:20060106T100000Z REPEAT:2 DURATION:PT30M"))),
    "done": calendar(part("VTODO", "COMPLETED:20051223T122322Z DUE;VALUE=DATE:20051225 STATUS:COMPLETED SUMMARY:3")),
    "dropped": calendar(part("VTODO", "DUE;VALUE=DATE:20051225 STATUS:CANCELLED SUMMARY:4"))}


def filters(inner: str) -> str:
    return f'<C:filter><C:comp-filter name="VCALENDAR">{inner}</C:comp-filter></C:filter>'


def within(start: str, end: str, kind: str = "VEVENT", more: str = "") -> str:
    return (f'<C:comp-filter name="{kind}">{more}<C:time-range start="{start}" end="{end}"/></C:comp-filter>')


def prop(name: str, inner: str, kind: str = "VEVENT") -> str:
    return f'<C:comp-filter name="{kind}"><C:prop-filter name="{name}">{inner}</C:prop-filter></C:comp-filter>'


FOURTH = ("20060104T000000Z", "20060105T000000Z")
PARTIAL = ('<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT">'
           '<C:prop name="SUMMARY"/><C:prop name="DTSTART"/><C:prop name="RRULE"/><C:prop name="RECURRENCE-ID"/>'
           '</C:comp><C:comp name="VTIMEZONE"/></C:comp></C:calendar-data>')
LIMITED = '<C:calendar-data><C:{} start="20060103T000000Z" end="20060105T000000Z"/></C:calendar-data>'
#: Section: what is asked to be told, the filter, and for each object found its titles and starts.
EXAMPLES = {
    "7.8.1 a part of components": (PARTIAL, within(*FOURTH), {
        "series": {"Two 20060102T120000", "Two_later 20060104T140000", "Two_at_last 20060106T140000"},
        "meeting": {"Three 20060104T100000"}}),
    "7.8.2 changed instances": (LIMITED.format("limit-recurrence-set"), within("20060103T000000Z", FOURTH[1]), {
        "series": {"Two 20060102T120000", "Two_later 20060104T140000"}, "meeting": {"Three 20060104T100000"}}),
    "7.8.3 instances": (LIMITED.format("expand"), within("20060103T000000Z", FOURTH[1]), {
        "series": {"Two 20060103T170000Z", "Two_later 20060104T190000Z"}, "meeting": {"Three 20060104T150000Z"}}),
    "7.8.5 alarms": ("<C:calendar-data/>", (
        f'<C:comp-filter name="VTODO">{within("20060106T100000Z", "20060107T100000Z", "VALARM")}</C:comp-filter>'),
        {"alarmed": {"2"}}),
    "7.8.6 by name": ("<C:calendar-data/>", prop("X-ABC-GUID", (
        '<C:text-match collation="i;octet">E1CX5Dr-0007ym-Hz@example.com</C:text-match>')),
        {"meeting": {"Three 20060104T100000"}}),
    "7.8.7 by attendee": ("<C:calendar-data/>", prop("ATTENDEE", (
        "<C:text-match>mailto:lisa@example.com</C:text-match>"
        '<C:param-filter name="PARTSTAT"><C:text-match>NEEDS-ACTION</C:text-match></C:param-filter>')),
        {"meeting": {"Three 20060104T100000"}}),
    "7.8.8 events": ("<C:calendar-data/>", '<C:comp-filter name="VEVENT"/>', {
        "single": {"One 20060102T120000"}, "meeting": {"Three 20060104T100000"},
        "series": {"Two 20060102T120000", "Two_later 20060104T140000", "Two_at_last 20060106T140000"}}),
    "7.8.9 open tasks": ("<C:calendar-data/>", (
        '<C:comp-filter name="VTODO"><C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter>'
        '<C:prop-filter name="STATUS"><C:text-match negate-condition="yes">CANCELLED</C:text-match></C:prop-filter>'
        "</C:comp-filter>"), {"to do": {"1"}, "alarmed": {"2"}}),
}


def told(text: str) -> set[str]:
    """Title and start of each component."""
    found = re.findall(r"BEGIN:V(?:EVENT|TODO)\r?\n(.*?)END:V(?:EVENT|TODO)", text, re.DOTALL)
    return {" ".join(value[1] for name in ("SUMMARY", "DTSTART")
                     if (value := re.search(rf"^{name}[^:\n]*:(.*?)\r?$", one, re.MULTILINE))) for one in found}


def test_queries_find_and_tell_what_the_examples_do(site: Site) -> None:
    bob = site["bob"]
    assert bob.request("MKCALENDAR", "/bob/work/").status == 201
    for name, text in (EVENTS | TASKS).items():
        stored = bob.request("PUT", f"/bob/work/{name.replace(' ', '-')}.ics", text.replace("UID:u", f"UID:{name}"),
                             Content_Type="text/calendar")
        assert stored.status == 201, name
    for section, (data, inner, expected) in EXAMPLES.items():
        body = f"<C:calendar-query {NAMES}><D:prop><D:getetag/>{data}</D:prop>{filters(inner)}</C:calendar-query>"
        answer = bob.request("REPORT", "/bob/work/", body, Depth="1")
        found = {(one.findtext(f"{D}href") or "")[len("/bob/work/"):-len(".ics")].replace("-", " "): told(
            one.findtext(f".//{C}calendar-data") or "") for one in answer.xml}
        assert found == expected, section
        assert len(list(answer.xml.iter(f"{D}getetag"))) == len(expected)


def test_what_makes_no_calendar(site: Site) -> None:
    bob = site["bob"]

    def make(path: str, props: str = "", method: str = "MKCALENDAR") -> Answer:
        root = {"MKCALENDAR": "C:mkcalendar", "MKCOL": "D:mkcol"}[method]
        return bob.request(method, path, f"<{root} {NAMES}><D:set><D:prop>{props}</D:prop></D:set></{root}>")

    made = make("/bob/a/", "<D:displayname>A</D:displayname>")
    assert (made.status, made.headers["cache-control"]) == (201, "no-cache")
    for path, props, status, condition in (
            ("/bob/a/", "", 409, f"{D}resource-must-be-null"), ("/bob/nowhere/a/", "", 409, ""),
            ("/bob/a/b/", "", 403, f"{C}calendar-collection-location-ok"), ("/anna/b/", "", 403, ""),
            ("/bob/b/", "<C:calendar-timezone>none</C:calendar-timezone>", 403, f"{C}valid-calendar-data")):
        refused = make(path, props)
        assert (refused.status, refused.xml[0].tag if condition else "") == (status, condition), path
    kind = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
    assert make("/bob/a/c/", kind, "MKCOL").status == 403
    assert make("/bob/nowhere/c/", kind, "MKCOL").status == 409
    # All properties or none: with a protected one nothing is made.
    refused = make("/bob/b/", "<D:displayname>B</D:displayname><D:getetag>x</D:getetag>")
    assert (refused.status, statuses(refused)) == (207, {f"{D}getetag": "403", f"{D}displayname": "424"})
    refused = make("/bob/b/", f"{kind}<D:getetag>x</D:getetag>", "MKCOL")
    assert (refused.status, refused.xml.tag) == (403, f"{D}mkcol-response")
    assert bob.request("PROPFIND", "/bob/b/", Depth="0").status == 404


def statuses(answer: Answer) -> dict[str, str]:
    return {prop.tag: (one.findtext(f"{D}status") or "").split()[1] for one in answer.xml.iter(f"{D}propstat")
            for prop in one.iterfind(f"{D}prop/*")}


def test_a_protected_property_stays_and_so_do_the_others(site: Site) -> None:
    bob = site["bob"]
    body = (f"<D:propertyupdate {NAMES}><D:{{0}}><D:prop>{{1}}<D:displayname>New</D:displayname></D:prop></D:{{0}}>"
            "</D:propertyupdate>")
    for change, name in (("set", "D:getetag"), ("set", "C:supported-collation-set"), ("remove", "D:sync-token")):
        refused = bob.request("PROPPATCH", "/bob/calendar/", body.format(change, f"<{name}/>"))
        assert (refused.status, sorted(statuses(refused).values())) == (207, ["403", "424"]), name
        assert len(list(refused.xml.iterfind(f".//{D}prop/*"))) == 2
        assert len(list(refused.xml.iter(f"{D}cannot-modify-protected-property"))) == 1
    assert b"New" not in bob.request("PROPFIND", "/bob/calendar/", Depth="0").body
    assert statuses(bob.request("PROPPATCH", "/bob/calendar/", body.format("set", ""))) == {f"{D}displayname": "200"}


def test_reports_that_there_are_not(site: Site) -> None:
    bob = site["bob"]
    made = (f"<D:mkcol {NAMES}><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>"
            "</D:prop></D:set></D:mkcol>")
    assert bob.request("MKCOL", "/bob/people/", made).status == 201
    events = filters('<C:comp-filter name="VEVENT"/>')
    for path, body in (("/bob/calendar/", f"<D:guess {NAMES}/>"),
                       ("/bob/calendar/", f"<CR:addressbook-query {NAMES}><CR:filter/></CR:addressbook-query>"),
                       ("/bob/people/", f"<C:calendar-query {NAMES}>{events}</C:calendar-query>"),
                       ("/bob/", f"<C:calendar-query {NAMES}>{events}</C:calendar-query>"),
                       ("/bob/", f"<D:sync-collection {NAMES}><D:sync-token/></D:sync-collection>")):
        refused = bob.request("REPORT", path, body, Depth="1")
        assert (refused.status, refused.xml[0].tag) == (403, f"{D}supported-report"), body
    assert bob.request("REPORT", "/bob/calendar/").status == 400
    assert bob.request("PROPFIND", "/bob/calendar/", Depth="2").status == 400


def test_a_sync_is_as_deep_as_a_calendar(site: Site) -> None:
    """RFC 6578 §3.2 has Depth 0; programs that send another, or none of today's elements, mean the same."""
    bob = site["bob"]
    bob.request("PUT", "/bob/calendar/e.ics", event("u1", NINE), Content_Type="text/calendar")
    body = f"<D:sync-collection {NAMES}><D:sync-token/>{{}}<D:prop><D:getetag/></D:prop></D:sync-collection>"
    for depth in ("0", "1", "infinity"):
        for level in ("<D:sync-level>1</D:sync-level>", "<D:sync-level>infinite</D:sync-level>", ""):
            answer = bob.request("REPORT", "/bob/calendar/", body.format(level), Depth=depth)
            assert [one.text for one in answer.xml.iter(f"{D}href")] == ["/bob/calendar/e.ics"]
    assert bob.request("REPORT", "/bob/calendar/", body.format("<D:sync-level>2</D:sync-level>")).status == 400


def test_brief_is_as_minimal(site: Site) -> None:
    bob = site["bob"]
    asked = f"<D:propfind {NAMES}><D:prop><D:displayname/><D:none/></D:prop></D:propfind>"
    for depth in ("0", "1"):
        short = bob.request("PROPFIND", "/bob/calendar/", asked, Depth=depth, Brief="t")
        assert statuses(short) == {f"{D}displayname": "200"}
        assert (short.headers["vary"], "preference-applied" in short.headers) == ("Brief", False)
        assert f"{D}none" in statuses(bob.request("PROPFIND", "/bob/calendar/", asked, Depth=depth, Brief="f"))
    named = (f"<D:propertyupdate {NAMES}><D:set><D:prop><D:displayname>N</D:displayname></D:prop></D:set>"
             "</D:propertyupdate>")
    done = bob.request("PROPPATCH", "/bob/calendar/", named, Brief="t")
    assert (done.status, done.body) == (200, b"")


@pytest.mark.parametrize("name", ["a.ics", "ä b.ics"])
def test_the_representation_comes_with_the_answer(site: Site, name: str) -> None:
    bob, path = site["bob"], f"/bob/calendar/{name}"
    invited = event("u1", NINE, "ORGANIZER:mailto:bob@example.org", "ATTENDEE:mailto:bob@example.org",
                    "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anna@example.org")
    ask = {"Prefer": "return=representation", "Content_Type": "text/calendar"}
    made, changed = (bob.request("PUT", path, invited, **ask) for _ in range(2))
    assert (made.status, changed.status) == (201, 200)
    kept = bob.request("GET", path)
    for answer in (made, changed):
        # What auto-accept made of it needs no further request.
        assert "PARTSTAT=ACCEPTED" in answer.body.decode()
        assert answer.headers["preference-applied"] == "return=representation"
        assert answer.headers["content-location"] == path.replace("ä b", "%C3%A4%20b")
    assert (changed.body, changed.headers["etag"]) == (kept.body, kept.headers["etag"])
    refused = bob.request("PUT", path, event("u1", NINE), If_Match='"other"', **ask)
    assert (refused.status, refused.body) == (412, kept.body)
    plain = bob.request("PUT", path, invited, Content_Type="text/calendar")
    assert (plain.status, plain.body) == (204, b"")
