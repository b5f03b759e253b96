"""The charset of a body is the one that is said (RFC 9110 §8.3.2)."""

from __future__ import annotations

from tests.dav.conftest import NINE, Site, event
from tests.dav.test_implicit import own

TEXT = event("u1", NINE, summary="Grün")
KIND = "text/calendar; charset={}"


def test_a_body_in_its_charset_is_kept_as_text(site: Site) -> None:
    bob = site["bob"]
    for named, octets, same in (("utf-8", TEXT.encode(), True), ('"UTF-8"', TEXT.encode(), True),
                                ("utf-8", b"\xef\xbb\xbf" + TEXT.encode(), False),
                                ("iso-8859-1", TEXT.encode("latin-1"), False),
                                ("utf-16", TEXT.encode("utf-16"), False)):
        kept = bob.request("PUT", "/bob/calendar/e.ics", octets, Content_Type=KIND.format(named))
        assert kept.status in (201, 204)
        # RFC 4791 §5.3.4: no ETag where other octets were sent.
        assert ("etag" in kept.headers) == same, named
        assert "SUMMARY:Grün\r\n" in own(bob).body.decode()


def test_a_body_in_another_is_refused(site: Site) -> None:
    bob = site["bob"]
    for named, octets in (("utf-8", TEXT.encode("latin-1")), ("us-ascii", TEXT.encode()), ("no-such", TEXT.encode()),
                          ("base64", TEXT.encode())):
        refused = bob.request("PUT", "/bob/calendar/e.ics", octets, Content_Type=KIND.format(named))
        assert (refused.status, refused.xml[0].tag) == (403, "{urn:ietf:params:xml:ns:caldav}valid-calendar-data")
    assert own(bob).status == 404


def test_so_is_that_of_xml(site: Site) -> None:
    body = "<?xml version='1.0'?><propfind xmlns='DAV:'><prop><displayname/></prop></propfind>"
    for named, octets, status in (("utf-8", body.encode(), 207), ("utf-16", body.encode("utf-16"), 207),
                                  ("no-such", body.encode(), 400)):
        asked = site["bob"].request("PROPFIND", "/bob/calendar/", octets, Depth="0",
                                    Content_Type=f"application/xml; charset={named}")
        assert asked.status == status, named
