"""The whole transition table of a reservation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from radicale_booking.domain.reservation import LIVE, STATUSES, Reservation, moved_to, next_status
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
    assert booked(status).live is live


START = datetime(2030, 1, 8, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def booked(status: str = "confirmed", **facts: Any) -> Reservation:
    return Reservation("ada", "talk", "Talk", "u", status, START, START + HOUR, "Bob", "bob@example.org", START, START,
                       **facts)


@pytest.mark.parametrize(("status", "event", "moved"), [
    ("pending", "reschedule", "pending"), ("confirmed", "reschedule", "confirmed"),
    ("cancelled", "reinstate", "confirmed"), ("cancelled", "resume", "pending")])
def test_what_moves_keeps_its_identity(status: str, event: str, moved: str) -> None:
    before = booked(status, sequence=3, note="n", location="Room 4", answers={"a": 1}, guests=("eve@example.org",))
    after = moved_to(before, event, START + HOUR, START + 3 * HOUR, START - HOUR)
    assert after == replace(before, status=moved, start=START + HOUR, end=START + 3 * HOUR, modified=START - HOUR,
                            sequence=4)


@pytest.mark.parametrize("status", ["declined", "expired", "cancelled"])
def test_what_ended_does_not_move(status: str) -> None:
    with pytest.raises(IllegalTransition):
        moved_to(booked(status), "reschedule", START + HOUR, START + 2 * HOUR, START)


@pytest.mark.parametrize(("expires", "to", "expected"), [
    (None, -1, None), (-5, -1, -5), (-5, -5, -5), (-5, -6, -6), (-5, 7, -5)])
def test_it_is_decided_before_it_begins(expires: int | None, to: int, expected: int | None) -> None:
    before = booked("pending", expires=None if expires is None else START + expires * HOUR)
    after = moved_to(before, "reschedule", START + to * HOUR, START + (to + 1) * HOUR, START)
    assert after.expires == (None if expected is None else START + expected * HOUR)


def test_the_objects_that_stand_for_it() -> None:
    assert (booked().calendar_uid, booked().invitation_uid) == ("u", "u")
    of_series = booked(series="s", recurrence=START)
    assert (of_series.calendar_uid, of_series.invitation_uid) == ("s", "s")
    cut = replace(of_series, object_uid="o")
    assert (cut.calendar_uid, cut.invitation_uid) == ("o", "s")
    assert replace(cut, other_hosts=("eve",)).hosts == ("ada", "eve")
