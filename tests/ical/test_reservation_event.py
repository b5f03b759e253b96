"""A reservation as an event: it comes back as it went, and nothing that an invitee writes becomes a property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reservation_event import EventChange, read_change, write

HOST = Principal("anna", email="anna@example.org", display_name="Anna", timezone="Europe/Berlin")
BOOKED = Reservation(
    host="anna",
    slug="call",
    title="Call",
    uid="u1@example.org",
    status="confirmed",
    start=datetime(2026, 11, 24, 9, tzinfo=UTC),
    end=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    invitee_name="Bob",
    invitee_email="bob@example.com",
    created=datetime(2026, 11, 23, tzinfo=UTC),
    modified=datetime(2026, 11, 23, tzinfo=UTC),
    sequence=2,
)
URL = "https://book.example.org/booking/token/"


def event(booked: Reservation) -> icalendar.Event:
    calendar = icalendar.Calendar.from_ical(write(booked, HOST, URL))
    (found,) = calendar.walk("VEVENT")
    return found


def test_the_event_says_who_when_and_where_to_manage() -> None:
    found = event(replace(BOOKED, note="Bring\nthe; plan, please", location="Room 1"))
    assert found["UID"] == "u1@example.org"
    assert found["SUMMARY"] == "Call: Bob"
    assert found["DESCRIPTION"] == "Bring\nthe; plan, please"
    assert found["LOCATION"] == "Room 1"
    assert found["URL"] == URL
    assert found["ORGANIZER"] == "mailto:anna@example.org"
    assert found["ATTENDEE"] == "mailto:bob@example.com"
    assert found["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert not found.errors


@pytest.mark.parametrize(
    ("status", "expected"),
    [("pending", "TENTATIVE"), ("confirmed", "CONFIRMED"), ("cancelled", "CANCELLED"), ("declined", "CANCELLED")],
)
def test_status(status: str, expected: str) -> None:
    assert event(replace(BOOKED, status=status))["STATUS"] == expected


def test_a_round_trip_changes_nothing() -> None:
    assert read_change(write(BOOKED, HOST, URL), BOOKED.uid) == EventChange(BOOKED.start, BOOKED.end, "CONFIRMED", 2)


def test_an_edit_in_another_zone_is_read_as_an_instant() -> None:
    text = write(BOOKED, HOST, URL).replace("DTSTART:20261124T090000Z", "DTSTART;TZID=Europe/Berlin:20261124T110000")
    text = text.replace("DTEND:20261124T093000Z", "DURATION:PT1H")
    assert read_change(text, BOOKED.uid).start == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert read_change(text, BOOKED.uid).end == datetime(2026, 11, 24, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DTSTART:20261124T090000Z", "DTSTART;VALUE=DATE:20261124"),
        ("DTSTART:20261124T090000Z", "DTSTART:20261124T090000"),
        ("DTSTART:20261124T090000Z\r\n", ""),
        ("UID:u1@example.org", "UID:other"),
    ],
)
def test_an_edit_that_leaves_no_time_is_refused(old: str, new: str) -> None:
    with pytest.raises(InvalidCalendar):
        read_change(write(BOOKED, HOST, URL).replace(old, new), BOOKED.uid)


@given(name=st.text(min_size=1, max_size=60), note=st.text(max_size=120))
def test_nothing_written_by_an_invitee_becomes_a_property(name: str, note: str) -> None:
    clean = replace(BOOKED, note="x")
    found = event(replace(clean, invitee_name=name, note=note or "x"))
    assert set(found) == set(event(clean))
    assert not found.errors
    assert len(icalendar.Calendar.from_ical(write(replace(clean, invitee_name=name), HOST, URL)).subcomponents) == 1


@pytest.mark.parametrize(
    "text", ["Eve\r\nATTENDEE:mailto:x@example.org", 'Eve";X=":mailto:x', "Eve\nEND:VEVENT\nBEGIN:VEVENT"]
)
def test_known_injections(text: str) -> None:
    found = event(replace(BOOKED, invitee_name=text, note=text, location=text))
    assert found["ATTENDEE"] == "mailto:bob@example.com"
    assert set(found["ATTENDEE"].params) == {"CN", "CUTYPE", "ROLE", "PARTSTAT"}
