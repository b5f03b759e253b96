"""PROPPATCH and PROPFIND of properties that Radicale has no room for, or would lose a calendar by."""

from __future__ import annotations

import pytest

from tests.dav.conftest import Site

D = "{DAV:}"
PATH = "/bob/calendar/"


def test_a_calendar_stays_a_calendar(site: Site) -> None:
    bob = site["bob"]
    body = ('<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>Other</D:displayname>'
            "<D:resourcetype><D:collection/></D:resourcetype></D:prop></D:set></D:propertyupdate>")
    assert bob.request("PROPPATCH", PATH, body).status == 403
    asked = '<D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:displayname/></D:prop></D:propfind>'
    answer = bob.request("PROPFIND", PATH, asked, Depth="0").xml
    assert answer.find(f".//{D}resourcetype/{{urn:ietf:params:xml:ns:caldav}}calendar") is not None
    assert answer.findtext(f".//{D}displayname") != "Other"


@pytest.mark.parametrize("depth", ["0", "1"])
def test_a_property_without_a_namespace_is_kept(site: Site, depth: str) -> None:
    bob = site["bob"]
    body = ('<propertyupdate xmlns="DAV:"><set><prop><mine xmlns="">Text</mine></prop></set></propertyupdate>')
    assert bob.request("PROPPATCH", PATH, body).xml.find(f".//{D}prop/mine") is not None
    for asked in ('<prop><mine xmlns=""/></prop>', "<allprop/>"):
        answer = bob.request("PROPFIND", PATH, f'<propfind xmlns="DAV:">{asked}</propfind>', Depth=depth)
        assert (answer.status, answer.xml.findtext(f".//{D}prop/mine")) == (207, "Text")
