"""The whole transition table of a reservation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from radicale_booking.domain.reservation import LIVE, STATUSES, Reservation, next_status
from radicale_booking.errors import IllegalTransition

_EVENTS = ("confirm", "decline", "cancel", "expire", "reschedule", "reinstate", "resume")
#: Written out here as people expect it, not read from the code.
_ALLOWED = {
    "pending": {"confirm": "confirmed", "decline": "declined", "cancel": "cancelled", "expire": "expired",
                "reschedule": "pending"},
    "confirmed": {"cancel": "cancelled", "reschedule": "confirmed"},
    "declined": {}, "cancelled": {"reinstate": "confirmed", "resume": "pending"}, "expired": {},
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("event", _EVENTS)
def test_every_status_and_event(status: str, event: str) -> None:
    expected = _ALLOWED[status].get(event)
    if expected is not None:
        assert next_status(status, event) == expected
        return
    with pytest.raises(IllegalTransition) as refused:
        next_status(status, event)
    assert (refused.value.state, refused.value.event) == (status, event)


def test_no_other_event_or_status_is_known() -> None:
    for status, event in (("pending", "approve"), ("lost", "cancel")):
        with pytest.raises(IllegalTransition):
            next_status(status, event)


def test_what_ended_lives_again_only_when_a_cancellation_is_undone() -> None:
    assert set(_ALLOWED) == set(STATUSES)
    assert {"pending", "confirmed"} == LIVE
    assert {event for status in STATUSES if status not in LIVE for event in _ALLOWED[status]} == {
        "reinstate", "resume"}


@pytest.mark.parametrize(("status", "live"), [
    ("pending", True), ("confirmed", True), ("declined", False), ("cancelled", False), ("expired", False)])
def test_only_pending_and_confirmed_occupy(status: str, live: bool) -> None:
    start = datetime(2030, 1, 8, 9, tzinfo=UTC)
    reservation = Reservation("ada", "talk", "Talk", "u", status, start, start + timedelta(hours=1), "Bob",
                              "bob@example.org", start, start)
    assert reservation.live is live
