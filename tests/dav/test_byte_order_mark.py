"""A byte-order mark before a body is none of what was sent."""

from __future__ import annotations

import codecs

import pytest

from tests.dav.conftest import NINE, Site, event, invitation
from tests.dav.test_free_busy import ask, question
from tests.dav.test_implicit import copy_of, own

MARK = codecs.BOM_UTF8.decode()


@pytest.mark.parametrize("text", [event("u1", NINE), event("u1", NINE, "CATEGORIES:a"),
                                  invitation("u1", NINE, "bob", "carl")])
def test_of_an_event(site: Site, text: str) -> None:
    stored = site["bob"].request("PUT", "/bob/calendar/e.ics", MARK + text, Content_Type="text/calendar")
    assert (stored.status, "etag" in stored.headers) == (201, False)
    assert own(site["bob"]).body.startswith(b"BEGIN:VCALENDAR")
    if "ATTENDEE" in text:
        assert "UID:u1" in copy_of(site["carl"])[1]


def test_of_a_question(site: Site) -> None:
    assert len(ask(site, MARK + question("mailto:carl@example.org"))) == 1


@pytest.mark.parametrize("depth", ["0", "1"])
def test_of_xml(site: Site, depth: str) -> None:
    body = MARK + '<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>'
    assert site["bob"].request("PROPFIND", "/bob/calendar/", body, Depth=depth).status == 207
