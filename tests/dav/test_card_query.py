"""Queries of an address book (RFC 6352 §8.6, §10.4, §10.5)."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from radicale_booking.dav import address_data, card_query
from radicale_booking.errors import SchedulingRefused
from tests.compat.dav_client import Answer
from tests.dav.conftest import Site

CR = "{urn:ietf:params:xml:ns:carddav}"
NAMES = 'xmlns:D="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"'
ANN = ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ann\r\nFN:Ann Müller\r\nN:Müller;Ann;;;\r\n"
       "item1.EMAIL;TYPE=HOME,WORK:ann@example.org\r\nitem1.X-ABLabel:private\r\nEMAIL;TYPE=work:a.m@example.com\r\n"
       "TEL;TYPE=CELL;TYPE=VOICE:+49 1\r\nNOTE:one\\, two\\nthree\r\nEND:VCARD\r\n")


def text(value: str, kind: str = "", more: str = "") -> str:
    return f'<CR:text-match {f"match-type={chr(34)}{kind}{chr(34)}" if kind else ""} {more}>{value}</CR:text-match>'


def prop(name: str, inner: str = "", test: str = "") -> str:
    return f'<CR:prop-filter name="{name}" {f"test={chr(34)}{test}{chr(34)}" if test else ""}>{inner}</CR:prop-filter>'


def param(name: str, inner: str = "") -> str:
    return f'<CR:param-filter name="{name}">{inner}</CR:param-filter>'


def wanted(inner: str, test: str = "") -> ET.Element:
    return ET.fromstring(f'<CR:filter {NAMES} {f"test={chr(34)}{test}{chr(34)}" if test else ""}>{inner}</CR:filter>')


ABSENT = "<CR:is-not-defined/>"
NEGATE = 'negate-condition="yes"'
FILTERS = [
    ("", True), (prop("FN"), True), (prop("nickname"), False), (prop("NICKNAME", ABSENT), True),
    (prop("FN", ABSENT), False),
    # How texts are compared: in the middle, at an end, whole; letters by Unicode unless it is said otherwise.
    (prop("FN", text("n mü")), True), (prop("FN", text("ann müller", "equals")), True),
    (prop("FN", text("ann", "equals")), False), (prop("FN", text("ANN", "starts-with")), True),
    (prop("FN", text("ann", "ends-with")), False), (prop("FN", text("LER", "ends-with")), True),
    (prop("FN", text("MÜLLER")), True), (prop("FN", text("MÜLLER", "", 'collation="i;ascii-casemap"')), False),
    (prop("FN", text("Müller", "", 'collation="i;octet"')), True),
    (prop("FN", text("müller", "", 'collation="i;octet"')), False),
    (prop("FN", text("bob", "", NEGATE)), True), (prop("FN", text("ann", "", NEGATE)), False),
    (prop("NOTE", text("one, two\nthree", "equals")), True), (prop("N", text("müller;ann")), True),
    # One of the properties is enough, and of its conditions one, or all for the same one.
    (prop("EMAIL", text("example.com") + text("nobody")), True),
    (prop("EMAIL", text("example.com") + text("nobody"), "allof"), False),
    (prop("EMAIL", text("a.m") + text("example.com"), "allof"), True),
    (prop("EMAIL", text("ann@") + text("example.com"), "allof"), False),
    (prop("EMAIL", text("ann@") + param("TYPE", text("home", "equals")), "allof"), True),
    (prop("EMAIL", text("a.m@") + param("TYPE", text("home", "equals")), "allof"), False),
    (prop("EMAIL", param("TYPE", text("WORK", "equals"))), True),
    (prop("EMAIL", param("TYPE", text("wo", "equals"))), False),
    (prop("TEL", param("type", text("voice", "equals"))), True), (prop("TEL", param("PREF")), False),
    (prop("TEL", param("PREF", ABSENT)), True), (prop("TEL", param("TYPE", ABSENT)), False),
    (prop("TEL", param("TYPE")), True),
    # A group is told apart where one is named.
    (prop("item1.EMAIL", text("ann@")), True), (prop("ITEM1.email", text("a.m@")), False), (prop("item2.EMAIL"), False),
    (prop("X-ABLabel", text("private")), True),
]


@pytest.mark.parametrize(("inner", "found"), FILTERS)
def test_what_a_filter_finds(inner: str, found: bool) -> None:
    assert card_query.matches(wanted(inner), ANN) == found


@pytest.mark.parametrize(("test", "found"), [("", True), ("anyof", True), ("allof", False)])
def test_one_property_or_all(test: str, found: bool) -> None:
    assert card_query.matches(wanted(prop("NICKNAME") + prop("FN"), test), ANN) == found


def test_what_cannot_be_read_is_shown() -> None:
    assert card_query.matches(wanted(prop("NICKNAME")), "BEGIN:VCARD\r\nEND:VCALENDAR\r\n")


REFUSED = [
    ("<D:guess/>", "supported-filter"), (prop("FN", "<CR:guess/>"), "supported-filter"),
    (prop("FN", ABSENT + text("a")), "supported-filter"), ("<CR:prop-filter/>", "supported-filter"),
    (prop("FN", test="most"), "supported-filter"),
    (prop("FN", param("TYPE", text("a") + text("b"))), "supported-filter"),
    (prop("FN", text("a", "like")), "supported-filter"),
    (prop("FN", text("a", "", 'collation="i;basic"')), "supported-collation"),
    (prop("FN", param("TYPE", text("a", "", 'collation="i;basic"'))), "supported-collation")]


@pytest.mark.parametrize(("inner", "condition"), REFUSED)
def test_a_filter_that_cannot_be_answered(inner: str, condition: str) -> None:
    with pytest.raises(SchedulingRefused, match=f"CR:{condition}"):
        card_query.check(ET.fromstring(f"<CR:query {NAMES}><CR:filter>{inner}</CR:filter></CR:query>"))


DATA = "<D:prop {}><D:getetag/><CR:address-data {}>{}</CR:address-data></D:prop>"


@pytest.mark.parametrize(("inner", "lines"), [
    ('<CR:prop name="VERSION"/><CR:prop name="fn"/>', ["VERSION:3.0", "FN:Ann Müller"]),
    ('<CR:prop name="EMAIL"/>', ["item1.EMAIL;TYPE=HOME,WORK:ann@example.org", "EMAIL;TYPE=work:a.m@example.com"]),
    ('<CR:prop name="item1.EMAIL" novalue="yes"/>', ["item1.EMAIL;TYPE=HOME,WORK:"]),
    ('<CR:prop name="NICKNAME"/>', [])])
def test_some_properties_of_a_card(inner: str, lines: list[str]) -> None:
    named = address_data.asked(ET.fromstring(DATA.format(NAMES, "", inner)))
    assert named is not None
    assert address_data.part_of(ANN, named).splitlines() == ["BEGIN:VCARD", *lines, "END:VCARD"]


@pytest.mark.parametrize(("attributes", "inner"), [
    ('content-type="text/calendar"', ""), ('version="2.1"', ""), ('version="5.0"', ""), ("", "<CR:guess/>"),
    ("", '<CR:allprop/><CR:prop name="FN"/>')])
def test_what_no_card_can_be_told_as(attributes: str, inner: str) -> None:
    with pytest.raises(SchedulingRefused, match="CR:supported-address-data"):
        address_data.asked(ET.fromstring(DATA.format(NAMES, attributes, inner)))


def query(site: Site, inner: str, rest: str = "", data: str = "", kind: str = "addressbook-query") -> Answer:
    body = f"<CR:{kind} {NAMES}><D:prop><D:getetag/>{data}</D:prop>{inner}{rest}</CR:{kind}>"
    return site["bob"].request("REPORT", "/bob/people/", body, Depth="1")


def test_an_address_book_is_asked(site: Site) -> None:
    bob = site["bob"]
    made = (f"<D:mkcol {NAMES}><D:set><D:prop><D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>"
            "</D:prop></D:set></D:mkcol>")
    assert bob.request("MKCOL", "/bob/people/", made).status == 201
    for name in ("Ann", "Ben", "Bea"):
        card = ANN.replace("Ann", name).replace("UID:ann", f"UID:{name}")
        assert bob.request("PUT", f"/bob/people/{name}.vcf", card, Content_Type="text/vcard").status == 201

    def hrefs(answer: Answer) -> list[str]:
        assert answer.status == 207
        return [(one.findtext("{DAV:}href") or "").removeprefix("/bob/people/") for one in answer.xml]

    named_b = f"<CR:filter>{prop('FN', text('b', 'starts-with'))}</CR:filter>"
    assert sorted(hrefs(query(site, named_b))) == ["Bea.vcf", "Ben.vcf"]
    assert sorted(hrefs(query(site, "<CR:filter/>"))) == ["Ann.vcf", "Bea.vcf", "Ben.vcf"]
    # More than wanted: that is told beside those that are told.
    some = query(site, named_b, "<CR:limit><CR:nresults>1</CR:nresults></CR:limit>")
    assert [name in ("Bea.vcf", "Ben.vcf", "") for name in hrefs(some)] == [True, True]
    assert [one.findtext("{DAV:}status") for one in some.xml.iterfind("{DAV:}response[{DAV:}error]")] == [
        "HTTP/1.1 507 Insufficient Storage"]
    all_of_them = query(site, named_b, "<CR:limit><CR:nresults>2</CR:nresults></CR:limit>")
    assert sorted(hrefs(all_of_them)) == ["Bea.vcf", "Ben.vcf"]
    data = '<CR:address-data><CR:prop name="FN"/></CR:address-data>'
    told = "BEGIN:VCARD\nFN:Ann Müller\nEND:VCARD\n"
    for answer in (query(site, f"<CR:filter>{prop('FN', text('ann'))}</CR:filter>", data=data),
                   query(site, "<D:href>/bob/people/Ann.vcf</D:href>", data=data, kind="addressbook-multiget")):
        assert [(one.text or "").replace("\r", "") for one in answer.xml.iter(f"{CR}address-data")] == [told]
    for refused in (query(site, "<CR:filter/>", data='<CR:address-data version="5.0"/>'),
                    query(site, "<D:href>/bob/people/Ann.vcf</D:href>", data='<CR:address-data version="5.0"/>',
                          kind="addressbook-multiget")):
        assert (refused.status, refused.xml[0].tag) == (403, f"{CR}supported-address-data")
    asked = f"<D:propfind {NAMES}><D:prop><CR:supported-collation-set/></D:prop></D:propfind>"
    for depth in ("0", "1"):
        shown = bob.request("PROPFIND", "/bob/people/", asked, Depth=depth).xml
        assert [one.text for one in shown.iter(f"{CR}supported-collation")] == [
            "i;ascii-casemap", "i;octet", "i;unicode-casemap"]
