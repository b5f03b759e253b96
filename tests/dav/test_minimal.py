"""Prefer: return=minimal (RFC 8144 §2)."""

from __future__ import annotations

import pytest

from tests.compat.dav_client import Answer
from tests.dav.conftest import NINE, Site, event
from tests.dav.test_discovery import NAMES
from tests.dav.test_implicit import put

D = "{DAV:}"
SHORT = {"Prefer": "respond-async, return=minimal"}
ABSENT = "<D:prop><D:getetag/><D:quota-used-bytes/></D:prop>"
ONLY_ABSENT = "<D:prop><D:quota-used-bytes/></D:prop>"
EVENT_FILTER = '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>'
TEXT_FILTER = EVENT_FILTER.replace('"VEVENT"/>', '"VEVENT"><C:prop-filter name="SUMMARY"><C:text-match>Meet'
                                                 "</C:text-match></C:prop-filter></C:comp-filter>")
REQUESTS = {
    "find one": ("PROPFIND", "/bob/calendar/e.ics", "0", "<D:propfind {n}>{p}</D:propfind>"),
    "find all": ("PROPFIND", "/bob/calendar/", "1", "<D:propfind {n}>{p}</D:propfind>"),
    "query": ("REPORT", "/bob/calendar/", "1", f"<C:calendar-query {{n}}>{{p}}{EVENT_FILTER}</C:calendar-query>"),
    "other query": ("REPORT", "/bob/calendar/", "1", f"<C:calendar-query {{n}}>{{p}}{TEXT_FILTER}</C:calendar-query>"),
    "multiget": ("REPORT", "/bob/calendar/", "1",
                 "<C:calendar-multiget {n}>{p}<D:href>/bob/calendar/e.ics</D:href></C:calendar-multiget>"),
    "sync": ("REPORT", "/bob/calendar/", "0", "<D:sync-collection {n}><D:sync-token/>{p}</D:sync-collection>"),
    "expand": ("REPORT", "/bob/", "0", '<D:expand-property {n}><D:property name="getetag"/>'
                                       '<D:property name="quota-used-bytes"/></D:expand-property>')}


def answered(site: Site, name: str, props: str, **headers: str) -> Answer:
    method, path, depth, body = REQUESTS[name]
    return site["bob"].request(method, path, body.format(n=NAMES, p=props), Depth=depth, **headers)


def statuses(answer: Answer) -> list[list[str]]:
    return [[status.text or "" for status in one.iter(f"{D}status")] for one in answer.xml.iter(f"{D}response")]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_missing_is_left_out(site: Site, name: str) -> None:
    put(site["bob"], event("u1", NINE))
    full, short = answered(site, name, ABSENT), answered(site, name, ABSENT, **SHORT)
    assert any("HTTP/1.1 404 Not Found" in one for one in statuses(full))
    assert statuses(short) == [["HTTP/1.1 200 OK"]] * len(statuses(full))
    assert (short.headers["preference-applied"], short.headers["vary"]) == ("return=minimal", "Prefer")
    assert "preference-applied" not in full.headers
    etags = [[one.text for one in answer.xml.iter(f"{D}getetag") if one.text] for answer in (full, short)]
    assert etags[0] == etags[1]


@pytest.mark.parametrize("name", ["find one", "find all", "query", "other query", "multiget", "sync"])
def test_where_all_is_missing_that_is_told(site: Site, name: str) -> None:
    put(site["bob"], event("u1", NINE))
    short = answered(site, name, ONLY_ABSENT, **SHORT)
    assert {tuple(one) for one in statuses(short)} == {("HTTP/1.1 200 OK",)}
    assert all(len(prop) == 0 for prop in short.xml.iter(f"{D}prop"))


def test_a_member_that_is_gone_is_told(site: Site) -> None:
    body = f"<C:calendar-multiget {NAMES}>{ABSENT}<D:href>/bob/calendar/none.ics</D:href></C:calendar-multiget>"
    answer = site["bob"].request("REPORT", "/bob/calendar/", body, **SHORT)
    assert statuses(answer) == [["HTTP/1.1 404 Not Found"]]


def test_a_change_of_properties_needs_no_body(site: Site) -> None:
    body = f"<D:propertyupdate {NAMES}><D:set><D:prop>{{}}</D:prop></D:set></D:propertyupdate>"
    named = body.format("<D:displayname>Mine</D:displayname>")
    done = site["bob"].request("PROPPATCH", "/bob/calendar/", named, **SHORT)
    assert (done.status, done.body, done.headers["preference-applied"]) == (200, b"", "return=minimal")
    assert b"Mine" in site["bob"].request("PROPFIND", "/bob/calendar/").body
    refused = site["bob"].request("PROPPATCH", "/bob/inbox/", body.format("<D:owner/>"), **SHORT)
    assert (refused.status, b"HTTP/1.1 403" in refused.body) == (207, True)
