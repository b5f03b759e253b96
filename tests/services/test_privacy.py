"""What is known of a person is given out whole, and forgotten whole, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.event_type import EventType
from radicale_booking.errors import InvalidInput
from radicale_booking.ical.erasure import without_person
from radicale_booking.services import booking, event_types, life, privacy
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.booking import BookingRequest
from tests.services.calendars import NINE, event, item_text, objects, store_item
from tests.services.conftest import Clock

HALF = timedelta(minutes=30)
EMAIL = "grace.hopper@example.org"


def request(start: int = 0, **changes: object) -> BookingRequest:
    return BookingRequest(**{"host": "ada", "slug": "talk", "start": NINE + start * HALF, "name": "Grace Hopper",
                             "email": EMAIL, "note": "About compilers", **changes})  # type: ignore[arg-type]


def everything(app: Adapters) -> str:
    """All text in the database."""
    with app.store.read() as uow:
        return "\n".join(str(tuple(row)) for table in uow.tables.names for rows in uow.tables.pages(table)
                         for row in rows)


def fill(app: Adapters) -> str:
    """Grace has booked, is a guest, is invited by a host, and has cancelled something; the uid of her booking."""
    booked = booking.reserve(app, request())
    booking.reserve(app, request(1, name="Bob", email="bob@example.org", note="", guests=(EMAIL, "eve@example.org")))
    cancelled = booking.reserve(app, request(2))
    life.cancel(app, cancelled.uid, "page", "Cannot come")
    store_item(app, "ada/calendar", "lunch", event("lunch", NINE + 8 * HALF, HALF, "Lunch", (
        f"ORGANIZER:mailto:ada@example.org\r\nATTENDEE;CN=Grace Hopper:MAILTO:{EMAIL.upper()}\r\n"
        "ATTENDEE:mailto:bob@example.org\r\n")))
    with app.store.write(actor="page") as uow:
        uow.audit.add("note", EMAIL, {"who": EMAIL, "what": "asked"})
    return booked.uid


def test_everything_is_given_out(app: Adapters) -> None:
    uid = fill(app)
    found = privacy.export(app, EMAIL.title())
    assert {one["uid"] for one in found["reservations"]} >= {uid}
    assert found["reservations"][0]["note"] == "About compilers"
    assert len(found["guest_of"]) == 1
    assert found["mail"]
    assert [entry["action"] for entry in found["audit"]] == ["note"]
    assert "/ada/calendar/lunch.ics" in {one["address"] for one in found["calendar_objects"]}
    json.dumps(found)
    nobody = privacy.export(app, "nobody@example.org")
    assert not any(nobody[name] for name in ("reservations", "guest_of", "mail", "audit", "calendar_objects", "user"))


def test_everything_is_forgotten_and_nothing_else(app: Adapters, clock: Clock) -> None:
    uid = fill(app)
    clock.now = NINE + timedelta(days=1)
    done = privacy.erase(app, EMAIL)
    left = everything(app).lower()
    for trace in (EMAIL, "grace", "compilers", "cannot come"):
        assert trace not in left, trace
    assert done["reservations"] == 2
    kept = booking.reservation(app, uid)
    assert (kept.start, kept.status) == (NINE, "confirmed")
    lunch = item_text(app, "ada/calendar", "lunch")
    assert lunch is not None
    assert "bob@example.org" in lunch
    bob = next(one for one in booking.reservations(app) if one.invitee_name == "Bob")
    assert bob.guests == ("eve@example.org",)
    assert bob.uid in objects(app, "ada")
    assert app.store.check() == []
    assert privacy.export(app, EMAIL)["reservations"] == []
    assert privacy.erase(app, EMAIL)["reservations"] == 0


def test_what_is_to_come_is_cancelled_only_if_wanted(app: Adapters) -> None:
    uid = fill(app)
    with pytest.raises(InvalidInput, match="to come"):
        privacy.erase(app, EMAIL)
    assert booking.reservation(app, uid).invitee_name == "Grace Hopper"
    privacy.erase(app, EMAIL, cancel=True)
    assert booking.reservation(app, uid).status == "cancelled"
    assert "grace" not in everything(app).lower()
    assert booking.reserve(app, request(email="zoe@example.org", name="Zoe")).live


def test_others_keep_their_seats(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "course", "Course", HALF, seats=3))
    booking.reserve(app, request(slug="course"))
    booking.reserve(app, request(slug="course", name="Zoe", email="zoe@example.org"))
    privacy.erase(app, EMAIL, cancel=True)
    [left] = [one for one in booking.reservations(app) if one.live]
    [text] = [objects(app, "ada")[left.uid]]
    assert "zoe@example.org" in text
    assert "grace" not in everything(app).lower()


def test_a_user_is_not_an_invitee(app: Adapters) -> None:
    with pytest.raises(InvalidInput, match="user remove ada"):
        privacy.erase(app, "ada@example.org")
    assert privacy.export(app, "ada@example.org")["user"]["name"] == "ada"


@pytest.mark.parametrize(("line", "kept"), [
    ("ATTENDEE:mailto:grace@example.org", False), ("ATTENDEE:MAILTO:Grace@Example.org", False),
    ("DESCRIPTION:Ask grace@example.org about it", False), ("ATTENDEE;EMAIL=grace@example.org:urn:x", False),
    ("ATTENDEE:mailto:grace@example.org.uk", True), ("ATTENDEE:mailto:notgrace@example.org", True),
    ("ATTENDEE:mailto:dis.grace@example.org", True), ("SUMMARY:Grace", True),
])
def test_lines_with_the_address_go(line: str, kept: bool) -> None:
    text = event("x", NINE, HALF, extra=f"{line}\r\n")
    assert (line in without_person(text, "grace@example.org")) is kept


def test_an_organizer_becomes_nobody() -> None:
    text = without_person(event("x", NINE, HALF, extra="ORGANIZER;CN=G:mailto:grace@example.org\r\n"),
                          "grace@example.org")
    assert "ORGANIZER:mailto:nobody@erased.invalid" in text


@given(st.text(alphabet="abc@.\r\n:;,\\\"", max_size=40))
def test_what_names_nobody_stays(note: str) -> None:
    folded = note.replace("\r", "").replace("\n", "\\n").replace('"', "")
    text = event("x", NINE, HALF, extra=f"COMMENT:{folded}\r\n")
    assert without_person(text, "grace@example.org") == text
