"""Each error becomes one WebDAV answer that names what failed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from radicale_booking.dav.errors import response
from radicale_booking.errors import (
    BookingError,
    Conflict,
    DeliveryFailed,
    IllegalTransition,
    InvalidCalendar,
    InvalidInput,
    InvalidSetting,
    LinkExpired,
    NotAllowed,
    NotFound,
    ScheduleTagChanged,
    SchedulingRefused,
    SlotTaken,
    StaleSequence,
    StoreUnavailable,
)

NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(("error", "status", "condition"), [
    (SlotTaken(NINE), 409, "{urn:radicale-booking:}slot-not-available"),
    (StaleSequence("uid", 2, 1), 409, "{urn:radicale-booking:}conflict"),
    (IllegalTransition("expired", "cancel"), 409, "{urn:radicale-booking:}conflict"),
    (Conflict(), 409, "{urn:radicale-booking:}conflict"),
    (InvalidCalendar("RRULE"), 403, "{urn:ietf:params:xml:ns:caldav}valid-calendar-data"),
    (InvalidInput("name"), 403, "{urn:radicale-booking:}invalid-input"),
    (InvalidSetting("name"), 403, "{urn:radicale-booking:}invalid-input"),
    (NotFound("host", "x"), 404, "{urn:radicale-booking:}not-found"),
    (SchedulingRefused("allowed-attendee-scheduling-object-change"), 403,
     "{urn:ietf:params:xml:ns:caldav}allowed-attendee-scheduling-object-change"),
    (ScheduleTagChanged(), 412, "{urn:radicale-booking:}schedule-tag-changed"),
    (NotAllowed("book"), 403, "{urn:radicale-booking:}not-allowed"),
    (LinkExpired("manage"), 403, "{urn:radicale-booking:}not-allowed"),
    (StoreUnavailable("the database is busy"), 503, "{urn:radicale-booking:}unavailable"),
    (DeliveryFailed("no"), 503, "{urn:radicale-booking:}unavailable"),
    (StoreUnavailable("disk full: …"), 507, "{DAV:}quota-not-exceeded"),
])
def test_status_and_condition(error: BookingError, status: int, condition: str) -> None:
    answered, headers, body, _ = response(error)
    assert isinstance(body, bytes)
    document = ET.fromstring(body)
    assert (answered, document.tag, document[0].tag) == (status, "{DAV:}error", condition)
    assert ("Retry-After" in dict(headers)) == (status == 503)


def test_a_taken_slot_names_the_alternatives() -> None:
    _, _, body, _ = response(SlotTaken(NINE, (datetime(2026, 11, 24, 10, tzinfo=UTC),)))
    assert isinstance(body, bytes)
    assert b"2026-11-24T09:00Z is not free. Free: 2026-11-24T10:00Z" in body


def test_a_start_that_was_never_offered_is_not_called_taken() -> None:
    _, _, body, _ = response(SlotTaken(NINE, rule="grid"))
    assert isinstance(body, bytes)
    assert b"2026-11-24T09:00Z is not an offered time." in body


def test_the_state_of_the_server_is_not_told() -> None:
    _, _, body, _ = response(StoreUnavailable("secret/path is broken"))
    assert isinstance(body, bytes)
    assert b"secret" not in body
