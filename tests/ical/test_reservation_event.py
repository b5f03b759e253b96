"""A reservation as an event: it comes back as it went, and nothing that an invitee writes becomes a property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.booked_event import BookedEvent, EventChange, Invitee
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidCalendar
from radicale_booking.ical.reservation_event import read_changes, rewrite, write

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
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


def booked_event(*booked: Reservation, **fields: Any) -> BookedEvent:
    first = booked[0]
    return BookedEvent(**({"reservations": booked, "hosts": [HOST], "guests": (), "description": first.note,
                           "invitees": [Invitee(first.invitee_name, first.invitee_email)], "manage_url": URL,
                           "zone": ZoneInfo("Europe/Berlin")} | fields))


def written(booked: Reservation) -> str:
    return write(booked_event(booked))


def read_change(text: str, uid: str) -> EventChange:
    [change] = read_changes(text, uid)
    return change


def event(booked: Reservation) -> icalendar.Event:
    calendar = icalendar.Calendar.from_ical(written(booked))
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
    assert read_change(written(BOOKED), BOOKED.uid) == EventChange(BOOKED.start, BOOKED.end, "CONFIRMED", 2)


def test_an_edit_in_another_zone_is_read_as_an_instant() -> None:
    text = written(BOOKED).replace("DTSTART:20261124T090000Z", "DTSTART;TZID=Europe/Berlin:20261124T110000")
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
        read_change(written(BOOKED).replace(old, new), BOOKED.uid)


@given(name=st.text(min_size=1, max_size=60), note=st.text(max_size=120))
def test_nothing_written_by_an_invitee_becomes_a_property(name: str, note: str) -> None:
    clean = replace(BOOKED, note="x")
    found = event(replace(clean, invitee_name=name, note=note or "x"))
    assert set(found) == set(event(clean))
    assert not found.errors
    assert len(icalendar.Calendar.from_ical(written(replace(clean, invitee_name=name))).subcomponents) == 1


@pytest.mark.parametrize(
    "text", ["Eve\r\nATTENDEE:mailto:x@example.org", 'Eve";X=":mailto:x', "Eve\nEND:VEVENT\nBEGIN:VEVENT"]
)
def test_known_injections(text: str) -> None:
    found = event(replace(BOOKED, invitee_name=text, note=text, location=text))
    assert found["ATTENDEE"] == "mailto:bob@example.com"
    assert set(found["ATTENDEE"].params) == {"CN", "CUTYPE", "ROLE", "PARTSTAT"}


def test_a_rewrite_keeps_what_the_host_wrote() -> None:
    theirs = written(BOOKED).replace("SUMMARY:Call: Bob", "SUMMARY:Bob again\r\nX-COLOUR:red").replace(
        "END:VEVENT", "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT")
    moved = replace(BOOKED, start=BOOKED.start + HOUR, end=BOOKED.end + HOUR, sequence=3)
    text = rewrite(theirs, booked_event(moved, invitees=[Invitee("Eve", "eve@example.com")]))
    [found] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert (found["SUMMARY"], found["X-COLOUR"], found["ATTENDEE"]) == ("Bob again", "red", "mailto:eve@example.com")
    assert len(found.walk("VALARM")) == 1
    assert read_change(text, BOOKED.uid) == EventChange(moved.start, moved.end, "CONFIRMED", 3)


def series(count: int = 4) -> list[Reservation]:
    """Weekly at 10:00 in Berlin over the end of summer time."""
    first = datetime(2026, 10, 12, 8, tzinfo=UTC)
    starts = [first, first + WEEK, first + 2 * WEEK + HOUR, first + 3 * WEEK + HOUR][:count]
    return [replace(BOOKED, uid=f"u{number}", series="s1", recurrence=start, start=start, end=start + HOUR / 2)
            for number, start in enumerate(starts)]


def test_a_series_is_one_event_whose_occurrences_come_back() -> None:
    text = write(booked_event(*series(), every="week"))
    assert text.count("BEGIN:VEVENT") == 1
    assert [(change.recurrence, change.start, change.removed) for change in read_changes(text, "s1")] == [
        (found.start, found.start, False) for found in series()]


def test_a_moved_and_a_cancelled_occurrence_are_told_apart() -> None:
    first, second, third, fourth = series()
    moved = replace(second, start=second.start + HOUR, end=second.end + HOUR)
    gone = replace(third, status="cancelled")
    text = rewrite(write(booked_event(*series(), every="week")), booked_event(first, moved, gone, fourth, every="week"))
    changes = read_changes(text, "s1")
    assert [change.start for change in changes] == [first.start, moved.start, third.start, fourth.start]
    assert [change.removed for change in changes] == [False, False, True, False]
    again = rewrite(text, booked_event(*series(), every="week"))
    assert [change.start for change in read_changes(again, "s1")] == [found.start for found in series()]


def test_several_hosts_and_guests_take_part() -> None:
    other = Principal("otto", email="otto@example.org")
    text = write(booked_event(BOOKED, hosts=[HOST, other], guests=["guest@example.net"]))
    [found] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert found["ORGANIZER"] == "mailto:anna@example.org"
    assert [str(attendee) for attendee in found["ATTENDEE"]] == [
        "mailto:anna@example.org", "mailto:otto@example.org", "mailto:bob@example.com", "mailto:guest@example.net"]
