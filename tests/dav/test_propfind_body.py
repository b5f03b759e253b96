"""A PROPFIND that asks in no way, or in two, is refused; what is not known is passed over (RFC 4918 §9.1, §17)."""

from __future__ import annotations

import pytest

from tests.dav.conftest import Site

D = "{DAV:}"


def ask(site: Site, inside: str, depth: str, root: str = "D:propfind") -> tuple[int, bytes]:
    body = f'<{root} xmlns:D="DAV:" xmlns:X="urn:x">{inside}</{root}>'
    answer = site["bob"].request("PROPFIND", "/bob/calendar/", body, Depth=depth)
    return answer.status, answer.body


@pytest.mark.parametrize("depth", ["0", "1"])
@pytest.mark.parametrize("inside", ["", "<D:allprop/><D:propname/>", "<D:prop/><D:prop/>", "<X:prop/>", "text",
                                    "<D:propname/><D:include><D:owner/></D:include>"])
def test_what_is_refused(site: Site, inside: str, depth: str) -> None:
    assert ask(site, inside, depth)[0] == 400


@pytest.mark.parametrize("depth", ["0", "1"])
def test_another_document_is_refused(site: Site, depth: str) -> None:
    for root in ("D:propertyupdate", "propfind", "X:propfind"):
        assert ask(site, "<D:allprop/>", depth, root)[0] == 400


@pytest.mark.parametrize("depth", ["0", "1"])
def test_what_is_not_known_is_passed_over(site: Site, depth: str) -> None:
    status, body = ask(site, "<X:new/><D:prop><D:displayname/><X:other/></D:prop><X:new/>", depth)
    assert (status, b"displayname" in body) == (207, True)
    included = ask(site, "<D:include><D:owner/></D:include><D:allprop/>", depth)
    assert (included[0], b"resourcetype" in included[1]) == (207, True)


@pytest.mark.parametrize("depth", ["0", "1"])
def test_no_body_asks_for_all(site: Site, depth: str) -> None:
    answer = site["bob"].request("PROPFIND", "/bob/calendar/", Depth=depth)
    assert (answer.status, b"resourcetype" in answer.body) == (207, True)
