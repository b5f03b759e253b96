"""Queries and multigets of one object's own address (RFC 4791 §7.8, §7.9; RFC 6352 §8.6, §8.7)."""

from __future__ import annotations

import pytest

from tests.dav.conftest import NINE, Site, event

NAMES = ('xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CR="urn:ietf:params:xml:ns:carddav"')
CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0}\r\nN:{0};;;;\r\nEND:VCARD\r\n"


@pytest.fixture
def filled(site: Site) -> Site:
    site["bob"].request("MKCOL", "/bob/people/", (
        f"<mkcol {NAMES}><set><prop><resourcetype><collection/><CR:addressbook/></resourcetype></prop></set></mkcol>"))
    for name in ("one", "two"):
        assert site["bob"].request("PUT", f"/bob/calendar/{name}.ics", event(
            name, NINE, f"X-KIND;TZID=Mars:{name}", summary="Both")).status == 201
        assert site["bob"].request("PUT", f"/bob/people/{name}.vcf", CARD.format(name)).status == 201
    return site


def hrefs(site: Site, path: str, body: str, user: str = "bob") -> list[str]:
    answer = site[user].request("REPORT", path, body, Depth="0")
    assert answer.status == 207, answer
    return [found.text or "" for found in answer.xml.iterfind("{DAV:}response/{DAV:}href")]


def query(inside: str) -> str:
    return (f'<C:calendar-query {NAMES}><prop><getetag/><C:calendar-data/></prop><C:filter><C:comp-filter '
            f'name="VCALENDAR"><C:comp-filter name="VEVENT">{inside}</C:comp-filter></C:comp-filter></C:filter>'
            "</C:calendar-query>")


def test_a_query_of_an_event_looks_at_that_alone(filled: Site) -> None:
    both = query('<C:prop-filter name="SUMMARY"><C:text-match>both</C:text-match></C:prop-filter>')
    assert hrefs(filled, "/bob/calendar/one.ics", both) == ["/bob/calendar/one.ics"]
    # Radicale's own filter knows no such parameter.
    parameter = query('<C:prop-filter name="X-KIND"><C:param-filter name="TZID"><C:text-match>mars</C:text-match>'
                      '</C:param-filter><C:text-match>two</C:text-match></C:prop-filter>')
    assert [hrefs(filled, f"/bob/calendar/{name}.ics", parameter) for name in ("one", "two")] == [
        [], ["/bob/calendar/two.ics"]]
    later = query('<C:time-range start="20990101T000000Z"/>')
    assert hrefs(filled, "/bob/calendar/one.ics", later) == []


def test_a_query_of_a_card_looks_at_that_alone(filled: Site) -> None:
    body = (f'<CR:addressbook-query {NAMES}><prop><getetag/></prop><CR:filter><CR:prop-filter name="FN"/></CR:filter>'
            "<CR:limit><CR:nresults>1</CR:nresults></CR:limit></CR:addressbook-query>")
    assert [hrefs(filled, f"/bob/people/{name}.vcf", body) for name in ("one", "two")] == [
        [f"/bob/people/{name}.vcf"] for name in ("one", "two")]


def test_a_multiget_of_an_event_tells_it(filled: Site) -> None:
    body = (f"<C:calendar-multiget {NAMES}><prop><C:calendar-data><C:comp name='VCALENDAR'><C:comp name='VEVENT'>"
            "<C:prop name='UID'/></C:comp></C:comp></C:calendar-data></prop><href>/bob/calendar/one.ics</href>"
            "</C:calendar-multiget>")
    answer = filled["bob"].request("REPORT", "/bob/calendar/one.ics", body, Depth="0")
    assert (b"UID:one" in answer.body, b"SUMMARY" in answer.body) == (True, False)


@pytest.mark.parametrize("report", [
    f'<C:free-busy-query {NAMES}><C:time-range start="20260101T000000Z" end="20270101T000000Z"/></C:free-busy-query>',
    f"<sync-collection {NAMES}><sync-token/><sync-level>1</sync-level><prop/></sync-collection>",
    f"<CR:addressbook-multiget {NAMES}><prop/><href>/bob/calendar/one.ics</href></CR:addressbook-multiget>"])
def test_what_is_asked_of_collections_is_not_of_objects(filled: Site, report: str) -> None:
    answer = filled["bob"].request("REPORT", "/bob/calendar/one.ics", report, Depth="0")
    assert (answer.status, b"supported-report" in answer.body) == (403, True)


def test_others_are_not_told(filled: Site) -> None:
    assert filled["carl"].request("REPORT", "/bob/calendar/one.ics", query(""), Depth="0").status == 403
