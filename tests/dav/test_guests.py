"""Guests of a booking are invited by mail, answer by mail or in their own calendar here, and decide about nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.reservation import Reservation
from radicale_booking.notify import incoming
from radicale_booking.services import booking, event_types, inbound, life
from radicale_booking.services.booking import BookingRequest
from radicale_booking.services.mail import MailChannel
from tests.dav.conftest import HALF_HOUR, NINE, Site, event
from tests.dav.test_implicit import partstats, person, unfolded

ANNA, BOB, CARL, GUEST = "anna@example.org", "bob@example.org", "carl@example.org", "grace@elsewhere.example"
DAY = timedelta(days=1)


@pytest.fixture
def open_site(site: Site) -> Site:
    """anna is bookable on three mornings, also for a lesson on all of them."""
    text = event("hours", NINE, "RRULE:FREQ=DAILY;COUNT=3", length=timedelta(hours=3), summary="Bookable")
    assert site["anna"].request("PUT", "/anna/bookable/hours.ics", text).status == 201
    event_types.add(site.app, EventType("anna", "lesson", "Lesson", HALF_HOUR, repeat_every="day", repeat_most=3))
    return site


def book(site: Site, slug: str = "intro-call", email: str = BOB, **more: Any) -> Reservation:
    return booking.reserve(site.app, BookingRequest("anna", slug, NINE, "Bob", email, guests=(CARL, GUEST), **more))


def mailed(site: Site, to: str) -> list[Any]:
    """The messages that wait for ``to``."""
    sent: list[Any] = []
    with site.app.store.read() as uow:
        channel = MailChannel(site.app, SimpleNamespace(send=lambda mail, key: sent.append(mail)))  # type: ignore[arg-type]
        for row in uow.outbox.pending():
            send = channel.prepare(uow, row) if row.kind == "mail" and row.recipient == to else ""
            if not isinstance(send, str):
                send()
    return sent


def invited(site: Site, to: str) -> str:
    """The calendar object of the last mail to ``to``."""
    [part, *_] = [part for part in mailed(site, to)[-1].walk() if part.get_content_type() == "text/calendar"]
    return str(part.get_content()).replace("\r\n", "\n").replace("\n", "\r\n")


def answer(text: str, of: str, partstat: str) -> str:
    plain = unfolded(text).replace("\n", "\r\n")
    line = rf"(ATTENDEE[^\r\n]*PARTSTAT=)[A-Z-]+([^\r\n]*:mailto:{re.escape(of)})"
    changed = re.sub(line, rf"\g<1>{partstat}\2", plain)
    assert f"PARTSTAT={partstat}" in changed
    return changed


def reply(site: Site, of: str, partstat: str, method: str = "REPLY", **changed: str) -> str:
    """What becomes of a mail with the invitation as ``of`` answers it."""
    text = answer(invited(site, of), of, partstat).replace("METHOD:REQUEST", f"METHOD:{method}")
    for name, value in changed.items():
        text = re.sub(rf"^{name}:.*$", f"{name}:{value}\r", text, flags=re.MULTILINE)
    raw = (f"From: <{of}>\r\nMessage-ID: <{method}{partstat}{len(changed)}@test>\r\n"
           f"Content-Type: text/calendar; method={method}\r\n\r\n{text}").encode()
    return inbound.receive(site.app, of, ANNA, raw, incoming.read(raw))


def seen(site: Site, booked: Reservation) -> str:
    """The event as the host's program reads it."""
    return site["anna"].request("GET", f"/anna/calendar/{booked.calendar_uid}.ics").body.decode()


def keep(site: Site, text: str, user: str = "carl") -> int:
    """What ``user`` stores of an invitation that came by mail."""
    return site[user].request("PUT", f"/{user}/calendar/kept.ics", re.sub(r"METHOD:\w+\r\n", "", text),
                              Content_Type="text/calendar").status


def times(site: Site) -> list[tuple[str, datetime]]:
    return [(one.status, one.start) for one in booking.reservations(site.app)]


def test_a_guest_is_invited_and_asked_for_an_answer(open_site: Site) -> None:
    book(open_site)
    for guest in (CARL, GUEST):
        text = invited(open_site, guest)
        assert "METHOD:REQUEST" in text
        [asked] = person(text, guest)
        assert (asked["PARTSTAT"], asked["RSVP"]) == ("NEEDS-ACTION", "TRUE")


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_by_mail_is_shown_and_changes_nothing_else(open_site: Site, partstat: str) -> None:
    booked = book(open_site)
    assert reply(open_site, GUEST, partstat) == "done"
    [shown] = person(seen(open_site, booked), GUEST)
    assert shown["PARTSTAT"] == partstat
    assert partstats(seen(open_site, booked), "carl") == ["NEEDS-ACTION"]
    assert times(open_site) == [("confirmed", NINE)]
    assert len(mailed(open_site, ANNA)) == 1


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED"])
def test_an_answer_in_a_calendar_here_is_shown_too(open_site: Site, partstat: str) -> None:
    booked = book(open_site)
    text = invited(open_site, CARL)
    assert keep(open_site, text) == 201
    assert partstats(seen(open_site, booked), "carl") == ["NEEDS-ACTION"]
    assert keep(open_site, answer(text, CARL, partstat)) in (201, 204)
    assert partstats(seen(open_site, booked), "carl") == [partstat]
    assert times(open_site) == [("confirmed", NINE)]
    # Another time that a guest draws is the guest's own affair; what a mail moves has to go through.
    later = (f"{NINE + HALF_HOUR:%Y%m%dT%H%M%SZ}", f"{NINE:%Y%m%dT%H%M%SZ}")
    assert keep(open_site, answer(text, CARL, partstat).replace(later[1], later[0])) in (201, 204)
    assert times(open_site) == [("confirmed", NINE)]
    open_site["carl"].request("DELETE", "/carl/calendar/kept.ics")
    assert partstats(seen(open_site, booked), "carl") == ["DECLINED"]
    assert times(open_site) == [("confirmed", NINE)]


def test_answers_outlive_what_changes_nothing_for_the_guest(open_site: Site) -> None:
    event_types.set(open_site.app, "anna", "intro-call", confirmation=True)
    booked = book(open_site)
    life.decide(open_site.app, booked.uid, "confirm", "anna")
    assert reply(open_site, GUEST, "ACCEPTED") == "done"
    moved = life.reschedule(open_site.app, booked.uid, NINE + HALF_HOUR, "invitee")
    [shown] = person(seen(open_site, moved), GUEST)
    assert shown["PARTSTAT"] == "NEEDS-ACTION"
    assert reply(open_site, GUEST, "TENTATIVE") == "done"
    [shown] = person(seen(open_site, moved), GUEST)
    assert shown["PARTSTAT"] == "TENTATIVE"


def test_in_a_series_answers_stay_where_one_is_moved(open_site: Site) -> None:
    booked = book(open_site, "lesson", occurrences=3)
    assert reply(open_site, GUEST, "ACCEPTED") == "done"
    second = booking.series_of(open_site.app, booked)[1]
    life.reschedule(open_site.app, second.uid, second.start + HALF_HOUR, "invitee")
    assert [one["PARTSTAT"] for one in person(seen(open_site, booked), GUEST)] == ["ACCEPTED", "NEEDS-ACTION"]
    life.cancel(open_site.app, booking.series_of(open_site.app, booked)[2].uid, "invitee")
    assert [one["PARTSTAT"] for one in person(seen(open_site, booked), GUEST)] == ["ACCEPTED", "NEEDS-ACTION"]


@pytest.mark.parametrize(("method", "changed"), [
    ("CANCEL", {}), ("COUNTER", {"DTSTART": f"{NINE + HALF_HOUR:%Y%m%dT%H%M%SZ}"}),
    ("REQUEST", {"DTSTART": f"{NINE + HALF_HOUR:%Y%m%dT%H%M%SZ}", "SEQUENCE": "5"}),
])
def test_a_guest_neither_cancels_nor_moves(open_site: Site, method: str, changed: dict[str, str]) -> None:
    booked = book(open_site)
    assert reply(open_site, GUEST, "ACCEPTED", method, **changed) == "quarantined"
    assert times(open_site) == [("confirmed", NINE)]
    assert f"DTSTART:{NINE:%Y%m%dT%H%M%SZ}" in seen(open_site, booked)


def test_a_guest_answers_for_nobody_else(open_site: Site) -> None:
    """Every mail here names all attendees, and says ACCEPTED of the invitee."""
    booked = book(open_site)
    text = answer(answer(invited(open_site, GUEST), GUEST, "ACCEPTED"), CARL, "DECLINED")
    raw = (f"From: <{GUEST}>\r\nMessage-ID: <for-others@test>\r\nContent-Type: text/calendar; method=REPLY\r\n\r\n"
           + text.replace("METHOD:REQUEST", "METHOD:REPLY")).encode()
    assert inbound.receive(open_site.app, GUEST, ANNA, raw, incoming.read(raw)) == "done"
    assert [person(seen(open_site, booked), of)[0]["PARTSTAT"] for of in (GUEST, CARL)] == ["ACCEPTED", "NEEDS-ACTION"]


def test_who_is_not_in_the_booking_answers_nothing(open_site: Site) -> None:
    booked = booking.reserve(open_site.app, BookingRequest("anna", "intro-call", NINE, "Eve", "eve@elsewhere.example"))
    before = seen(open_site, booked)
    forged = invited(open_site, "eve@elsewhere.example").replace("mailto:eve@elsewhere.example", f"mailto:{BOB}")
    assert keep(open_site, answer(forged, BOB, "DECLINED"), "bob") == 201
    assert seen(open_site, booked) == before
    assert times(open_site) == [("confirmed", NINE)]


def test_an_invitee_with_a_calendar_here_declines_and_so_cancels(open_site: Site) -> None:
    book(open_site)
    text = invited(open_site, BOB)
    assert keep(open_site, text, "bob") == 201
    assert keep(open_site, answer(text, BOB, "DECLINED"), "bob") in (201, 204)
    assert times(open_site) == [("cancelled", NINE)]
