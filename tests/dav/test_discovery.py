"""What a program finds out about scheduling before it schedules (RFC 6638 §2, RFC 7953, RFC 3744 §9)."""

from __future__ import annotations

import pytest

from radicale_booking.store.collections import Collections
from tests.compat.corpus import propfind
from tests.compat.dav_client import Client
from tests.dav.conftest import Site

D, C, CS = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
NAMES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
AVAILABLE = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VAVAILABILITY\r\nUID:a\r\n"
             "DTSTAMP:20260101T000000Z\r\nBEGIN:AVAILABLE\r\nUID:b\r\nDTSTAMP:20260101T000000Z\r\n"
             "DTSTART:20260105T090000Z\r\nDTEND:20260105T170000Z\r\nRRULE:FREQ=DAILY\r\nEND:AVAILABLE\r\n"
             "END:VAVAILABILITY\r\nEND:VCALENDAR\r\n")


def found(client: Client, path: str, *names: str, depth: str = "0") -> dict[str, list[str]]:
    """Of each property of ``path`` that is there: the texts of its hrefs, else the names of its children."""
    body = f"<D:propfind {NAMES}><D:prop>{''.join(f'<{name}/>' for name in names)}</D:prop></D:propfind>"
    answer = client.request("PROPFIND", path, body, Depth=depth)
    assert answer.status == 207, answer
    read = {}
    for propstat in answer.xml[0].findall(f"{D}propstat"):
        if "200" in (propstat.findtext(f"{D}status") or ""):
            for prop in propstat.iterfind(f"{D}prop/*"):
                hrefs = [href.text or "" for href in prop.iter(f"{D}href")]
                inner = [child.tag.rpartition("}")[2] for child in prop.iter() if child is not prop]
                read[prop.tag.rpartition("}")[2]] = hrefs or inner or [prop.text or ""]
    return read


def test_a_principal_says_where_and_as_whom_it_schedules(site: Site) -> None:
    read = found(site["bob"], "/bob/", "C:calendar-user-address-set", "C:schedule-inbox-URL", "C:schedule-outbox-URL",
                 "C:calendar-user-type", "C:calendar-home-set", "CS:email-address-set", "D:displayname",
                 "D:current-user-principal")
    assert read == {
        "calendar-user-address-set": ["mailto:bob@example.org", "/bob/"], "schedule-inbox-URL": ["/bob/inbox/"],
        "schedule-outbox-URL": ["/bob/outbox/"], "calendar-user-type": ["INDIVIDUAL"],
        "calendar-home-set": ["/bob/"], "email-address-set": ["email-address"], "displayname": ["bob"],
        "current-user-principal": ["/bob/"]}


@pytest.mark.parametrize(("method", "path"), [("PROPFIND", "/"), ("PROPFIND", "/principals/"), ("REPORT", "/bob/"),
                                              ("PUT", "/bob/calendar/a.ics"), ("POST", "/bob/outbox/"),
                                              ("PROPPATCH", "/bob/inbox/"), ("DELETE", "/bob/inbox/a.ics")])
def test_who_does_not_say_a_name_is_asked_for_it(site: Site, method: str, path: str) -> None:
    answer = Client(site["bob"].application, "").request(method, path, propfind("<D:current-user-principal/>"))
    assert answer.status == 401


@pytest.mark.parametrize("path", ["/", "/principals/"])
def test_the_user_is_found_from_outside(site: Site, path: str) -> None:
    assert found(site["bob"], path, "D:current-user-principal") == {"current-user-principal": ["/bob/"]}
    for depth in ("0", "1"):
        answer = site["bob"].request("PROPFIND", path, propfind("<D:current-user-principal/>"), Depth=depth)
        assert answer.xml.findtext(f"{D}response/{D}href") == path


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/principals/"), ("PUT", "/principals/x.ics"),
                                              ("PROPPATCH", "/principals/"), ("PROPFIND", "/principals/nobody/")])
def test_what_is_asked_of_that_place_only_is_not_done_to_the_root(site: Site, method: str, path: str) -> None:
    with pytest.raises(AssertionError, match="not a DAV path"):
        site["bob"].request(method, path, propfind("<D:current-user-principal/>"))


@pytest.mark.parametrize("method", ["GET", "PROPFIND"])
def test_the_well_known_address_leads_to_the_root(site: Site, method: str) -> None:
    answer = site["bob"].request(method, "/.well-known/caldav")
    assert (answer.status, answer.headers["location"]) == (301, "/")


@pytest.mark.parametrize("path", ["/", "/bob/", "/bob/calendar/", "/bob/inbox/", "/bob/outbox/"])
def test_the_server_names_what_it_can(site: Site, path: str) -> None:
    tokens = site["bob"].request("OPTIONS", path).headers["dav"].split(", ")
    assert {"1", "calendar-access", "calendar-schedule", "calendar-auto-schedule",
            "calendar-availability"} <= set(tokens)


@pytest.mark.parametrize(("box", "kind", "privilege"), [("inbox", "schedule-inbox", "schedule-deliver"),
                                                        ("outbox", "schedule-outbox", "schedule-send")])
def test_the_boxes(site: Site, box: str, kind: str, privilege: str) -> None:
    path = f"/bob/{box}/"
    read = found(site["bob"], path, "D:resourcetype", "D:current-user-privilege-set", depth="1")
    assert read["resourcetype"] == ["collection", kind]
    assert privilege in read["current-user-privilege-set"]
    assert "write-content" not in read["current-user-privilege-set"]
    for method in ("PUT", "DELETE", "MKCALENDAR"):
        assert site["bob"].request(method, path).status in (403, 409)
    assert site["bob"].request("PUT", f"{path}a.ics", AVAILABLE).status == 403
    assert site["carl"].request("PROPFIND", path, propfind("<D:resourcetype/>")).status == 403


def test_the_boxes_are_seen_in_the_home(site: Site) -> None:
    answer = site["bob"].request("PROPFIND", "/bob/", propfind("<D:resourcetype/>"), Depth="1")
    kinds = {response.findtext(f"{D}href"): [child.tag for child in response.iterfind(f".//{D}resourcetype/*")]
             for response in answer.xml}
    assert kinds["/bob/inbox/"] == [f"{D}collection", f"{C}schedule-inbox"]
    assert kinds["/bob/outbox/"] == [f"{D}collection", f"{C}schedule-outbox"]
    assert set(kinds["/bob/calendar/"]) == {f"{D}collection", f"{C}calendar"}


def test_a_home_with_many_calendars_costs_no_query_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    with site.app.store.read() as uow:
        connection = type(uow.connection)
    real = connection.run
    monkeypatch.setattr(connection, "run", lambda self, statement, parameters: (
        asked.append(statement), real(self, statement, parameters))[1])
    body = propfind("<D:resourcetype/><D:displayname/><D:current-user-privilege-set/><C:schedule-calendar-transp/>"
                    "<C:schedule-default-calendar-URL/><D:sync-token/><CS:getctag/><C:calendar-availability/>"
                    "<C:supported-calendar-component-set/><D:owner/>")

    def queries() -> tuple[int, int]:
        del asked[:]
        answer = site["bob"].request("PROPFIND", "/bob/", body, Depth="1")
        assert answer.status == 207
        return len(answer.xml), len(asked)

    # The first request of all asks what is remembered afterwards.
    queries()
    few, cost = queries()
    for number in range(20):
        assert site["bob"].request("MKCALENDAR", f"/bob/more-{number}/").status == 201
    assert queries() == (few + 20, cost)
    assert cost < 20


def test_a_calendar_says_whether_it_blocks(site: Site) -> None:
    read = found(site["anna"], "/anna/bookable/", "C:schedule-calendar-transp", "C:max-resource-size")
    assert read["schedule-calendar-transp"] == ["transparent"]
    assert int(read["max-resource-size"][0]) > 0
    assert found(site["anna"], "/anna/calendar/", "C:schedule-calendar-transp", depth="1") == {
        "schedule-calendar-transp": ["opaque"]}


def test_the_default_calendar_is_told_and_chosen(site: Site) -> None:
    bob = site["bob"]
    assert found(bob, "/bob/inbox/", "C:schedule-default-calendar-URL") == {
        "schedule-default-calendar-URL": ["/bob/calendar/"]}
    assert bob.request("MKCALENDAR", "/bob/work/").status == 201
    patch = (f"<D:propertyupdate {NAMES}><D:set><D:prop><C:schedule-default-calendar-URL><D:href>/{{}}/</D:href>"
             "</C:schedule-default-calendar-URL></D:prop></D:set></D:propertyupdate>")
    assert b"403" in bob.request("PROPPATCH", "/bob/inbox/", patch.format("carl/calendar")).body
    assert b"200" in bob.request("PROPPATCH", "/bob/inbox/", patch.format("bob/work")).body
    assert found(bob, "/bob/inbox/", "C:schedule-default-calendar-URL") == {
        "schedule-default-calendar-URL": ["/bob/work/"]}


@pytest.mark.parametrize("prefix", ["C", "CS"])
def test_availability_is_written_and_read_in_both_namespaces(site: Site, prefix: str) -> None:
    anna = site["anna"]
    patch = (f"<D:propertyupdate {NAMES}><D:set><D:prop><{prefix}:calendar-availability>{{}}"
             f"</{prefix}:calendar-availability></D:prop></D:set></D:propertyupdate>")
    assert found(anna, "/anna/inbox/", "C:calendar-availability") == {}
    assert b"valid-calendar-data" in anna.request("PROPPATCH", "/anna/inbox/", patch.format("nonsense")).body
    assert b"200" in anna.request("PROPPATCH", "/anna/inbox/", patch.format(AVAILABLE)).body
    for name in ("C:calendar-availability", "CS:calendar-availability"):
        (text,) = found(anna, "/anna/inbox/", name)["calendar-availability"]
        assert "BEGIN:VAVAILABILITY" in text
    assert site["bob"].request("PROPPATCH", "/anna/inbox/", patch.format(AVAILABLE)).status == 403
    removal = patch.format("").replace("D:set", "D:remove")
    assert b"200" in anna.request("PROPPATCH", "/anna/inbox/", removal).body
    assert found(anna, "/anna/inbox/", "C:calendar-availability") == {}


@pytest.mark.parametrize(("search", "names"), [
    ('<D:match match-type="contains">BO</D:match>', ["/bob/"]),
    ('<D:match match-type="equals">example.org</D:match>', []),
    ('<D:match match-type="ends-with">@example.org</D:match>', ["/anna/", "/bob/", "/carl/"]),
    ("<D:match>mailto:carl@example.org</D:match>", ["/carl/"]), ("<D:match>%</D:match>", []),
    ("<D:match></D:match>", [])])
@pytest.mark.parametrize("depth", ["0", "1"])
def test_people_are_found_by_their_address(site: Site, search: str, names: list[str], depth: str) -> None:
    body = (f"<D:principal-property-search {NAMES} test='anyof'><D:property-search><D:prop><D:displayname/>"
            f"<C:calendar-user-address-set/></D:prop>{search}</D:property-search><D:prop><D:displayname/>"
            "<C:schedule-inbox-URL/></D:prop><D:apply-to-principal-collection-set/></D:principal-property-search>")
    answer = site["bob"].request("REPORT", "/", body, Depth=depth)
    assert answer.status == 207
    assert [response.findtext(f"{D}href") for response in answer.xml] == names
    assert len(list(answer.xml.iter(f"{C}schedule-inbox-URL"))) == len(names)


@pytest.mark.parametrize(("search", "names"), [
    ("<D:property-search><D:prop><D:displayname/></D:prop><D:match>carl</D:match></D:property-search>", ["carl"]),
    ("", ["anna", "bob", "carl"])])
def test_python_caldav_names_properties_beside_the_element_for_them(site: Site, search: str, names: list[str]) -> None:
    body = (f"<D:principal-property-search {NAMES}>{search}<D:prop/><C:calendar-home-set/><D:displayname/>"
            "</D:principal-property-search>")
    answer = site["bob"].request("REPORT", "/", body, Depth="0")
    assert [element.text for element in answer.xml.iterfind(f".//{D}displayname")] == names
    assert len(list(answer.xml.iterfind(f".//{C}calendar-home-set/{D}href"))) == len(names)


def test_people_are_found_by_tokens(site: Site) -> None:
    body = (f"<CS:calendarserver-principal-search {NAMES} context='attendee'><CS:search-token>arl</CS:search-token>"
            "<CS:search-token>example</CS:search-token><D:prop><CS:email-address-set/></D:prop>"
            "</CS:calendarserver-principal-search>")
    answer = site["bob"].request("REPORT", "/principals/", body, Depth="0")
    assert [element.text for element in answer.xml.iter(f"{CS}email-address")] == ["carl@example.org"]


@pytest.mark.parametrize("path", ["/", "/bob/", "/bob/inbox/", "/bob/calendar/"])
def test_names_of_properties_come_without_values(site: Site, path: str) -> None:
    answer = site["bob"].request("PROPFIND", path, f"<D:propfind {NAMES}><D:propname/></D:propfind>", Depth="0")
    names = list(answer.xml.iterfind(f".//{D}prop/*"))
    assert names
    assert not [name.tag for name in names if len(name) or name.text]


@pytest.mark.parametrize("depth", ["0", "1"])
@pytest.mark.parametrize("path", ["/", "/bob/", "/bob/calendar/", "/bob/inbox/"])
def test_the_reports_about_people_are_named(site: Site, path: str, depth: str) -> None:
    assert set(found(site["bob"], path, "D:supported-report-set", depth=depth)["supported-report-set"]) >= {
        "principal-property-search", "principal-search-property-set", "calendarserver-principal-search",
        "expand-property", "principal-match", "acl-principal-prop-set"}


def test_what_can_be_searched_is_told(site: Site) -> None:
    answer = site["bob"].request("REPORT", "/", f"<D:principal-search-property-set {NAMES}/>", Depth="0")
    assert (answer.status, answer.xml.tag) == (200, f"{D}principal-search-property-set")
    assert [prop[0][0].tag for prop in answer.xml] == [f"{D}displayname", f"{CS}email-address-set",
                                                       f"{C}calendar-user-address-set"]


def test_properties_are_expanded(site: Site) -> None:
    body = ('<D:expand-property xmlns:D="DAV:"><D:property name="calendar-proxy-read-for" '
            'namespace="http://calendarserver.org/ns/"><D:property name="displayname"/></D:property>'
            '<D:property name="schedule-inbox-URL" namespace="urn:ietf:params:xml:ns:caldav">'
            '<D:property name="resourcetype"/></D:property></D:expand-property>')
    answer = site["bob"].request("REPORT", "/bob/", body, Depth="0")
    assert len(list(answer.xml.iter(f"{CS}calendar-proxy-read-for"))) == 1
    assert [element.tag for element in answer.xml.iterfind(f".//{D}resourcetype/*")] == [
        f"{D}collection", f"{C}schedule-inbox"]
    assert site["carl"].request("REPORT", "/bob/", body, Depth="0").status == 403


def test_the_root_has_the_own_home_and_nobody_elses_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people there are, a program that looks around costs the same."""
    read: list[str] = []
    children = Collections.children
    monkeypatch.setattr(Collections, "children",
                        lambda self, row: (read.append(row.path), children(self, row))[1])
    answer = site["bob"].request("PROPFIND", "/", propfind("<D:resourcetype/>"), Depth="1")
    assert [response.findtext(f"{D}href") for response in answer.xml.findall(f"{D}response")] == ["/", "/bob/"]
    assert "" not in read


FRAME = '<C:time-range start="20260101T000000Z" end="20270101T000000Z"/>'
#: What is inside of each report, and the Depth that it has.
ASKED = {
    "expand-property": ('<D:property name="owner"/>', "0"), "principal-search-property-set": ("", "0"),
    "principal-property-search": ("<D:property-search><D:prop><D:displayname/></D:prop><D:match>bob</D:match>"
                                  "</D:property-search><D:prop/>", "0"),
    "principal-match": ("<D:self/>", "0"), "acl-principal-prop-set": ("<D:prop><D:displayname/></D:prop>", "0"),
    "calendarserver-principal-search": ("<CS:search-token>bob</CS:search-token><D:prop/>", "0"),
    "sync-collection": ("<D:sync-token/><D:sync-level>1</D:sync-level><D:prop/>", "0"),
    "calendar-multiget": ("<D:prop/><D:href>/bob/none.ics</D:href>", "0"),
    "calendar-query": ('<D:prop/><C:filter><C:comp-filter name="VCALENDAR"/></C:filter>', "1"),
    "free-busy-query": (FRAME, "1")}
CALENDARS = {"sync-collection", "calendar-multiget", "calendar-query"}


@pytest.mark.parametrize(("path", "without"), [
    ("/", {"free-busy-query", *CALENDARS}), ("/bob/", CALENDARS), ("/bob/inbox/", {"free-busy-query"}),
    ("/bob/outbox/", {"free-busy-query", *CALENDARS})])
def test_the_reports_that_are_told_are_answered(site: Site, path: str, without: set[str]) -> None:
    told = set(found(site["bob"], path, "D:supported-report-set")["supported-report-set"]) & ASKED.keys()
    answered = set()
    for name, (inside, depth) in ASKED.items():
        prefix = "C" if name.startswith(("calendar-", "free")) else "CS" if name.startswith("calendars") else "D"
        body = (f'<{prefix}:{name} xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
                f'xmlns:CS="http://calendarserver.org/ns/">{inside}</{prefix}:{name}>')
        answer = site["bob"].request("REPORT", path, body, Depth=depth)
        if answer.status in (200, 207):
            answered.add(name)
    assert told == ASKED.keys() - without
    assert told <= answered
