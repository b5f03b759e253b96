"""REPORTs about principals and rights (RFC 3744 §9.2, §9.3, §9.5)."""

from __future__ import annotations

import pytest

from radicale_booking.dav import acl_reports, principals
from tests.compat.dav_client import Answer
from tests.dav.conftest import NINE, Site, event
from tests.dav.test_implicit import put

D = "{DAV:}"
SELF, OWNER = "<D:self/>", "<D:principal-property><D:owner/></D:principal-property>"
ASKED = "<D:prop><D:displayname/><D:owner/><D:nothing/></D:prop>"


def ask(site: Site, user: str, path: str, kind: str, inner: str, **headers: str) -> Answer:
    return site[user].request("REPORT", path, f'<D:{kind} xmlns:D="DAV:">{inner}</D:{kind}>',
                              **{"Depth": "0", **headers})


def hrefs(answer: Answer) -> list[str]:
    assert answer.status == 207
    return [response.findtext(f"{D}href") or "" for response in answer.xml]


def test_what_is_the_users_is_found(site: Site) -> None:
    put(site["bob"], event("u1", NINE))
    for path, inner, found in (
            ("/", SELF, ["/bob/"]), ("/principals/", SELF, ["/bob/"]),
            ("/", "<D:principal-property><D:principal-URL/></D:principal-property>", ["/bob/"]),
            ("/bob/", SELF, []), ("/bob/calendar/", SELF, []),
            ("/", OWNER, ["/bob/", "/bob/calendar/", "/bob/calendar/e.ics", "/bob/inbox/", "/bob/outbox/"]),
            ("/bob/", OWNER, ["/bob/calendar/", "/bob/calendar/e.ics", "/bob/inbox/", "/bob/outbox/"]),
            ("/bob/calendar/", OWNER, ["/bob/calendar/e.ics"]), ("/bob/calendar/e.ics", OWNER, []),
            ("/", "<D:principal-property><D:getetag/></D:principal-property>", [])):
        assert sorted(hrefs(ask(site, "bob", path, "principal-match", inner + ASKED))) == found, (path, inner)


def test_the_properties_asked_for_are_told(site: Site) -> None:
    answer = ask(site, "bob", "/", "principal-match", SELF + ASKED)
    assert {prop.tag: prop.text or [href.text for href in prop] for prop in answer.xml.iterfind(f".//{D}prop/*")} == {
        f"{D}displayname": "bob", f"{D}owner": ["/bob/"], f"{D}nothing": []}
    short = ask(site, "bob", "/", "principal-match", SELF + ASKED, Prefer="return=minimal")
    assert {prop.tag for prop in short.xml.iterfind(f".//{D}prop/*")} == {f"{D}displayname", f"{D}owner"}
    assert short.headers["preference-applied"] == "return=minimal"
    assert hrefs(ask(site, "bob", "/", "principal-match", SELF)) == ["/bob/"]


def test_who_is_named_by_the_rights_to_a_resource(site: Site) -> None:
    put(site["bob"], event("u1", NINE))
    for path in ("/bob/", "/bob/calendar/", "/bob/calendar/e.ics", "/"):
        answer = ask(site, "bob", path, "acl-principal-prop-set", ASKED)
        named = path != "/"
        assert hrefs(answer) == ["/bob/"] * named
        assert [name.text for name in answer.xml.iterfind(f".//{D}displayname")] == ["bob"] * named


def test_what_is_not_answered(site: Site) -> None:
    for kind, path, inner, depth, status in (
            ("principal-match", "/", SELF, "1", 400), ("principal-match", "/", SELF, "infinity", 400),
            ("acl-principal-prop-set", "/bob/", ASKED, "1", 400), ("principal-search-property-set", "/", "", "1", 400),
            ("principal-match", "/", "", "0", 400), ("principal-match", "/", SELF + OWNER, "0", 400),
            ("acl-principal-prop-set", "/bob/", ASKED + ASKED, "0", 400),
            ("acl-principal-prop-set", "/anna/calendar/", ASKED, "0", 403),
            ("principal-match", "/anna/", OWNER, "0", 403),
            ("acl-principal-prop-set", "/bob/nowhere/", ASKED, "0", 404)):
        assert ask(site, "bob", path, kind, inner, Depth=depth).status == status, (kind, path, depth)


def test_too_many_are_not_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acl_reports, "_MOST", 3)
    answer = ask(site, "bob", "/", "principal-match", OWNER)
    assert (answer.status, answer.xml[0].tag) == (403, f"{D}number-of-matches-within-limits")
    assert len(hrefs(ask(site, "bob", "/bob/", "principal-match", OWNER))) == 3


@pytest.mark.parametrize(("most", "limit", "told"), [
    (2, "", 2), (50, "<CS:limit><CS:nresults>1</CS:nresults></CS:limit>", 1), (3, "", 3)])
def test_a_search_says_that_there_are_more(site: Site, monkeypatch: pytest.MonkeyPatch, most: int, limit: str,
                                           told: int) -> None:
    monkeypatch.setattr(principals, "_MOST", most)
    body = ('<CS:calendarserver-principal-search xmlns:D="DAV:" xmlns:CS="http://calendarserver.org/ns/">'
            f"<CS:search-token>example</CS:search-token>{limit}<D:prop><D:displayname/></D:prop>"
            "</CS:calendarserver-principal-search>")
    answer = site["bob"].request("REPORT", "/", body, Depth="0")
    assert hrefs(answer) == ["/anna/", "/bob/", "/carl/"][:told] + ["/"] * (told < 3)
    ends = [response.findtext(f"{D}status") for response in answer.xml.iterfind(f"{D}response[{D}error]")]
    assert ends == ["HTTP/1.1 507 Insufficient Storage"] * (told < 3)
