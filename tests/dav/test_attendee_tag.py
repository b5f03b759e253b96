"""The Schedule-Tag of an attendee's copy while he answers (RFC 6638 §3.2.10, as caldav-server-tester reads it)."""

from __future__ import annotations

from tests.dav.conftest import NINE, Site, invitation
from tests.dav.test_implicit import answer_as, copy_of, partstats, put


def invited(site: Site) -> tuple[str, str, str]:
    """Carl's copy of an invitation: href, text and Schedule-Tag."""
    put(site["bob"], invitation("u1", NINE, "bob", "carl"))
    href, text = copy_of(site["carl"])
    return href, text, site["carl"].request("GET", href).headers["schedule-tag"]


def test_an_answer_alone_keeps_the_tag(site: Site) -> None:
    href, _, tag = invited(site)
    stored = answer_as(site["carl"], "ACCEPTED", If_Schedule_Tag_Match=tag)
    assert (stored.status, stored.headers["schedule-tag"]) == (204, tag)
    assert site["carl"].request("GET", href).headers["schedule-tag"] == tag
    assert partstats(copy_of(site["bob"])[1], "carl") == ["ACCEPTED"]


def test_an_answer_with_an_alarm_changes_it(site: Site) -> None:
    href, text, tag = invited(site)
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Soon\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
    changed = text.replace("END:VEVENT", alarm).replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=TENTATIVE")
    stored = site["carl"].request("PUT", href, changed, Content_Type="text/calendar")
    assert stored.headers["schedule-tag"] != tag


def test_who_saw_the_event_before_the_answer_changes_it_and_leaves_the_answer(site: Site) -> None:
    href, text, tag = invited(site)
    answer_as(site["carl"], "ACCEPTED")
    marked = text.replace("END:VEVENT", "TRANSP:TRANSPARENT\r\nEND:VEVENT")
    stored = site["carl"].request("PUT", href, marked, Content_Type="text/calendar", If_Schedule_Tag_Match=tag)
    assert stored.status == 204
    assert "TRANSP:TRANSPARENT" in copy_of(site["carl"])[1]
    assert partstats(copy_of(site["carl"])[1], "carl") == ["ACCEPTED"]
    assert partstats(copy_of(site["bob"])[1], "carl") == ["ACCEPTED"]


def test_without_the_tag_an_answer_may_be_taken_back(site: Site) -> None:
    invited(site)
    answer_as(site["carl"], "ACCEPTED")
    answer_as(site["carl"], "NEEDS-ACTION")
    assert partstats(copy_of(site["bob"])[1], "carl") == ["NEEDS-ACTION"]
