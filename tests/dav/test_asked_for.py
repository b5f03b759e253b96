"""Reports that ask for no property, all of them, or their names answer for every object (RFC 4791 §7.8 to 7.10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.dav.conftest import NINE, Site, event, invitation
from tests.dav.test_discovery import NAMES
from tests.dav.test_implicit import put

D = "{DAV:}"
SERIES = event("s", NINE - timedelta(days=900), "RRULE:FREQ=DAILY", "EXDATE:20200101T000000Z")
DAY = f'<C:time-range start="{NINE:%Y%m%d}T000000Z" end="{NINE:%Y%m%d}T235959Z"/>'


def asking(kind: str, wanted: str) -> str:
    inside = {"sync-collection": "<D:sync-token/><D:sync-level>1</D:sync-level>", "calendar-multiget":
              "<D:href>/bob/calendar/e.ics</D:href><D:href>/bob/calendar/none.ics</D:href>",
              "calendar-query": '<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
                                f"{DAY}</C:comp-filter></C:comp-filter></C:filter>"}[kind]
    name = f"D:{kind}" if kind == "sync-collection" else f"C:{kind}"
    return f"<{name} {NAMES}>{wanted}{inside}</{name}>"


@pytest.mark.parametrize("kind", ["sync-collection", "calendar-multiget", "calendar-query"])
@pytest.mark.parametrize(("wanted", "values"), [("<D:prop/>", None), ("", None), ("<D:allprop/>", True),
                                                ("<D:propname/>", False)])
def test_every_object_is_answered_for(site: Site, kind: str, wanted: str, values: bool | None) -> None:
    put(site["bob"], invitation("u1", NINE, "bob", "carl"))
    put(site["bob"], event("u2", NINE + timedelta(days=2)), "later")
    etag = site["bob"].request("GET", "/bob/calendar/e.ics").headers["etag"]
    answer = site["bob"].request("REPORT", "/bob/calendar/", asking(kind, wanted), Depth="1")
    found = {one.findtext(f"{D}href"): one for one in answer.xml.iter(f"{D}response")}
    expected = {"sync-collection": {"e", "later"}, "calendar-multiget": {"e", "none"}, "calendar-query": {"e"}}[kind]
    assert set(found) == {f"/bob/calendar/{name}.ics" for name in expected}
    one = found["/bob/calendar/e.ics"]
    assert [status.text for status in one.iter(f"{D}status")] == ["HTTP/1.1 200 OK"]
    prop = one.find(f"{D}propstat/{D}prop")
    assert prop is not None
    if values is None:
        assert len(prop) == 0
    else:
        assert {f"{D}getetag", f"{D}getcontenttype", f"{D}getlastmodified", f"{D}resourcetype"} <= {
            one.tag for one in prop}
        assert prop.findtext(f"{D}getetag") == (etag if values else "")


def test_a_query_that_rows_do_not_decide_is_answered_too(site: Site) -> None:
    put(site["bob"], SERIES)
    answer = site["bob"].request("REPORT", "/bob/calendar/", asking("calendar-query", "<D:allprop/>"), Depth="1")
    assert [one.findtext(f"{D}href") for one in answer.xml] == ["/bob/calendar/e.ics"]


@pytest.mark.parametrize("depth", ["0", "1"])
def test_so_does_a_propfind(site: Site, depth: str) -> None:
    answer = site["bob"].request("PROPFIND", "/bob/calendar/", f"<D:propfind {NAMES}><D:prop/></D:propfind>",
                                 Depth=depth)
    assert [[part.tag for part in one] for one in answer.xml] == [[f"{D}href", f"{D}propstat"]]
