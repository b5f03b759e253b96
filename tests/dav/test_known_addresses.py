"""No door tells whether an address is known: each refuses in one way, to the letter, whatever it is about the invitee.

That an address may book tells nothing either where the mail to it has to be answered first: see
``tests/services/test_email_check.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest

from radicale_booking import web
from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import BookingError
from radicale_booking.notify import incoming
from radicale_booking.services import booking, event_types, guard, inbound, life
from radicale_booking.services.booking import BookingRequest
from tests.dav.conftest import HALF_HOUR, NINE, Site, event, invitation
from tests.dav.test_implicit import own, person, put, unfolded

BOB, EVE = "bob@example.org", "eve@elsewhere.example"
ADDRESS = "anna+course@localhost"
#: For names that must not come twice, and are as long as each other.
SERIAL = count(10)


def book(site: Site, slug: str, *starts: datetime) -> None:
    for email in (BOB, EVE):
        for start in starts:
            booking.reserve(site.app, BookingRequest("anna", slug, start, "Bob", email))


def block(site: Site, *patterns: str) -> None:
    for pattern in patterns:
        guard.block(site.app, pattern)


#: What may be known of BOB and of EVE, and is for nobody else to know.
KNOWN: dict[str, Callable[[Site], None]] = {
    "has a seat": lambda site: book(site, "course", NINE),
    "has all bookings of this": lambda site: book(site, "course", NINE + HALF_HOUR, NINE + 2 * HALF_HOUR),
    "has all bookings": lambda site: book(site, "talk", *(NINE + number * HALF_HOUR for number in range(1, 4))),
    "is blocked": lambda site: block(site, BOB, EVE),
    "is of a blocked domain": lambda site: block(site, "example.org", "elsewhere.example"),
}


def by_page(site: Site) -> str:
    client = web.create_app(site.app).test_client()
    start = f"{NINE:%Y-%m-%dT%H:%M:%SZ}"
    page = client.get(f"/book/anna/course/?start={start}").text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    answer = client.post(f"/book/anna/course/?start={start}", data={
        "csrf_token": token, "start": start, "name": "Eve", "email": EVE})
    return "booked" if answer.status_code == 303 else f"{answer.status_code} {answer.text}"


def by_program(site: Site) -> str:
    try:
        booking.reserve(site.app, BookingRequest("anna", "course", NINE, "Eve", EVE))
    except BookingError as error:
        return str(error)
    return "booked"


def by_slot_calendar(site: Site) -> str:
    answer = site["bob"].request("PUT", f"/book/anna/course/{next(SERIAL)}.ics", event("new", NINE),
                                 Content_Type="text/calendar")
    return "booked" if answer.status == 201 else f"{answer.status} {answer.body.decode()}"


def by_invitation(site: Site) -> str:
    put(site["bob"], invitation("invited", NINE, "bob", ADDRESS))
    told = own(site["bob"]).body.decode()
    site["bob"].request("DELETE", "/bob/calendar/e.ics")
    return "booked" if person(told, ADDRESS)[0]["PARTSTAT"] == "ACCEPTED" else unfolded(told)


def by_mail(site: Site) -> str:
    number = next(SERIAL)
    text = invitation(f"mailed-{number}", NINE, "bob", ADDRESS).replace(BOB, EVE)
    raw = (f"From: Eve <{EVE}>\r\nMessage-ID: <{number}@test>\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n"
           + text.replace("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:REQUEST\r\n")).encode()
    assert inbound.receive(site.app, EVE, ADDRESS, raw, incoming.read(raw)) == "done"
    with site.app.store.read() as uow:
        told = [row.payload for row in uow.outbox.pending() if row.payload["event"] == "itip"][-1]
    answer = unfolded(f"{told['text']} {told['remark']}")
    return "booked" if "PARTSTAT=ACCEPTED" in answer else answer.replace(f"mailed-{number}", "mailed")


DOORS = (by_page, by_program, by_slot_calendar, by_invitation, by_mail)


@pytest.fixture
def course(site: Site) -> Site:
    """anna gives a course, of which one person may have two seats, and a talk; three bookings of all are the most."""
    hours = event("hours", NINE, length=timedelta(hours=3), summary="Bookable")
    assert site["anna"].request("PUT", "/anna/bookable/hours.ics", hours).status == 201
    event_types.add(site.app, EventType("anna", "course", "Course", HALF_HOUR, seats=6, limit_per_invitee=2))
    event_types.add(site.app, EventType("anna", "talk", "Talk", HALF_HOUR, seats=6))
    settings = site.app.settings
    object.__setattr__(site.app, "settings", replace(settings, guard=replace(settings.guard, open_per_invitee=3)))
    return site


def forget(site: Site) -> None:
    for pattern in guard.blocked(site.app):
        guard.unblock(site.app, pattern)
    for one in booking.reservations(site.app):
        if one.live:
            life.cancel(site.app, one.uid, "test")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_door_refuses_in_one_way(course: Site, door: Callable[[Site], str]) -> None:
    assert door(course) == "booked"
    forget(course)
    told = {}
    for name, arrange in KNOWN.items():
        arrange(course)
        # When it was said is no difference.
        told[name] = re.sub(r"\d{8}T\d{6}Z", "", door(course))
        forget(course)
    assert len(set(told.values())) == 1, told
    assert "booked" not in told.values()
    assert door(course) == "booked"
