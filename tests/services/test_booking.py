"""Reserving, asking again, and cancelling."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import (
    AddressRefused,
    IllegalTransition,
    InvalidEventType,
    InvalidInput,
    LinkExpired,
    NotFound,
    SlotTaken,
)
from radicale_booking.services import booking, event_types, hours, life, offers
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, NOW, event, item_text, store_item, wish
from tests.services.conftest import Clock

HALF_HOUR = timedelta(minutes=30)
WEEK = Interval(NOW, NOW + timedelta(days=7))
STARTS = [NINE + i * HALF_HOUR for i in range(6)]


def open_starts(app: Adapters, slug: str = "talk") -> list[datetime]:
    return [slot.start for slot in booking.open_slots(app, "ada", slug, WEEK)]


def recipients(app: Adapters) -> list[tuple[str, str]]:
    with app.store.read() as uow:
        return [(row.recipient, row.payload["event"]) for row in uow.outbox.pending()]


def test_windows_are_offered_without_busy_times(app: Adapters) -> None:
    assert open_starts(app) == STARTS
    store_item(app, "ada/calendar", "dentist", event("dentist", NINE + HALF_HOUR, HALF_HOUR, "Dentist"))
    assert open_starts(app) == [STARTS[0], *STARTS[2:]]


def test_days_that_cannot_be_booked_are_not_read(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the frame: neither what has passed nor what is beyond the horizon."""
    read: list[Interval] = []
    diary = hours.diary
    monkeypatch.setattr(hours, "diary", lambda app, uow, host, event_type, frame, *others, **named: (
        read.append(frame), diary(app, uow, host, event_type, frame, *others, **named))[1])
    whole = event_types.show(app, "ada", "talk")
    years = [Interval(NOW + timedelta(days=first), NOW + timedelta(days=first + 400)) for first in (-401, -40, 61)]
    offered = [booking.open_slots(app, "ada", "talk", frame) for frame in years]
    assert [slot.start for slot in offered[1]] == STARTS
    assert offered[0] == offered[2] == []
    assert read == [Interval(NOW + whole.notice, NOW + whole.horizon)]


def test_a_reservation_takes_its_slot_and_becomes_an_event_of_the_host(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    assert (booked.status, booked.start, booked.end) == ("confirmed", NINE, NINE + HALF_HOUR)
    assert open_starts(app) == STARTS[1:]
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    assert "bob@example.org" in text
    assert booking.reservations(app, "ada") == [booking.reservation(app, booked.uid)]
    assert recipients(app) == [("ada@example.org", "book"), ("bob@example.org", "book")]
    with app.store.read() as uow:
        assert [(row.actor, row.action) for row in uow.audit.of(booked.uid)] == [("page", "book")]


@pytest.mark.parametrize(("start", "rule"), [
    (NINE - timedelta(hours=1), "window"),
    (NINE + timedelta(minutes=5), "grid"),
    (NINE + timedelta(seconds=1), "grid"),
    (NOW - timedelta(days=6, hours=23), "window"),
])
def test_what_is_not_offered_is_refused_with_the_nearest_free_times(app: Adapters, start: datetime, rule: str) -> None:
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(start))
    assert refused.value.rule == rule
    assert list(refused.value.alternatives) == STARTS[:5]
    assert booking.reservations(app) == []


@pytest.mark.parametrize(("start", "rule", "offered_before"), [
    (NINE, "", None),
    (NINE + timedelta(minutes=7), "grid", False),
    (NINE + timedelta(days=1), "window", False),
    (NINE + timedelta(hours=1), "occupancy", True),
    (NINE + timedelta(hours=2), "busy", True),
    (NOW - timedelta(days=6), "window", False),
])
def test_why_a_start_cannot_be_booked(app: Adapters, start: datetime, rule: str, offered_before: bool | None) -> None:
    booked = booking.reserve(app, wish(NINE + timedelta(hours=1)))
    store_item(app, "ada/calendar", "dentist", event("dentist", NINE + timedelta(hours=2), timedelta(minutes=30)))
    assert booking.refused_by(app, "ada", "talk", start) == rule
    if offered_before is not None:
        with pytest.raises(SlotTaken) as refused:
            booking.reserve(app, wish(start, email="eve@example.org"))
        assert (refused.value.rule, refused.value.offered_before) == (rule, offered_before)
        assert start not in refused.value.alternatives
    # Its own time is not in the way of a booking that moves.
    assert booking.refused_by(app, "ada", "talk", NINE + timedelta(hours=1), moving=booked) == ""


def test_a_taken_slot_is_refused(app: Adapters) -> None:
    booking.reserve(app, wish(STARTS[2]))
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(STARTS[2], email="eve@example.org"))
    assert refused.value.start == STARTS[2]
    assert list(refused.value.alternatives) == [STARTS[0], STARTS[1], *STARTS[3:]]
    assert refused.value.rule == "occupancy"


def test_the_database_alone_refuses_a_second_booking(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "check", lambda *_: None)
    booking.reserve(app, wish(STARTS[0]))
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(STARTS[0] + timedelta(minutes=15)))
    assert refused.value.rule == "occupancy"
    assert STARTS[1] in refused.value.alternatives
    assert len(booking.reservations(app)) == 1


def test_the_same_key_gives_the_same_reservation(app: Adapters) -> None:
    first = booking.reserve(app, wish(key="k"))
    assert booking.reserve(app, wish(key="k")).uid == first.uid
    assert len(booking.reservations(app)) == 1
    assert len(recipients(app)) == 2
    with pytest.raises(InvalidInput) as refused:
        booking.reserve(app, wish(STARTS[3], key="k", email="eve@example.org"))
    assert refused.value.name == "idempotency_key"


@pytest.mark.parametrize(("change", "name"), [
    ({"name": "  "}, "name"), ({"name": "x" * 201}, "name"), ({"name": "a\r\nATTENDEE:b"}, "name"),
    ({"email": "bob"}, "email"), ({"email": "bob@x"}, "email"), ({"email": "b@e.org\nBcc: c@e.org"}, "email"),
    ({"email": "a" * 250 + "@e.org"}, "email"), ({"timezone": "Mars/Base"}, "timezone"),
    ({"timezone": "../etc/passwd"}, "timezone"), ({"timezone": ""}, "timezone"), ({"note": "x" * 2001}, "note"),
    ({"note": "a\0b"}, "note"), ({"language": "??"}, "language"), ({"start": NINE.replace(tzinfo=None)}, "start"),
    ({"start": datetime(1, 1, 1, tzinfo=UTC)}, "start"), ({"start": datetime(9999, 12, 31, tzinfo=UTC)}, "start"),
    ({"idempotency_key": "k" * 129}, "idempotency_key"),
])
def test_unusable_input_is_named(app: Adapters, change: dict[str, object], name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        booking.reserve(app, replace(wish(), **change))  # type: ignore[arg-type]
    assert refused.value.name == name
    assert refused.value.problem
    assert refused.value.remedy
    assert booking.reservations(app) == []


def test_a_note_keeps_its_lines(app: Adapters) -> None:
    booked = booking.reserve(app, wish(name=" Bob ", note="first\r\nsecond\n"))
    stored = booking.reservation(app, booked.uid)
    assert (stored.invitee_name, stored.note) == ("Bob", "first\nsecond")
    assert (stored.invitee_timezone, stored.language) == ("Europe/Paris", "fr")


def test_cancelling_frees_the_slot_and_removes_the_event(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    cancelled = life.cancel(app, booked.uid, "invitee", "ill")
    assert (cancelled.status, cancelled.reason, cancelled.sequence) == ("cancelled", "ill", 1)
    assert open_starts(app) == STARTS
    assert item_text(app, "ada/calendar", booked.uid) is None
    assert recipients(app)[2:] == [("ada@example.org", "cancel"), ("bob@example.org", "cancel")]
    with pytest.raises(IllegalTransition):
        life.cancel(app, booked.uid, "invitee")
    assert booking.reserve(app, wish()).uid != booked.uid


def test_a_booking_that_needs_confirmation_waits_and_blocks(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", confirmation=True)
    booked = booking.reserve(app, wish())
    assert (booked.status, booked.expires) == ("pending", NOW + timedelta(hours=24))
    assert NINE not in open_starts(app)
    assert [event for _, event in recipients(app)] == ["request", "request"]


def test_buffers_keep_time_free_around_a_reservation(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", buffer_after=HALF_HOUR)
    booking.reserve(app, wish(STARTS[2]))
    assert open_starts(app) == [STARTS[0], STARTS[4], STARTS[5]]


@pytest.mark.parametrize("buffer", ["buffer_before", "buffer_after"])
def test_buffers_of_days_reach_as_far_as_they_say(app: Adapters, buffer: str) -> None:
    event_types.set(app, "ada", "talk", **{buffer: timedelta(days=3)})
    away = timedelta(hours=70) if buffer == "buffer_after" else -timedelta(hours=70)
    store_item(app, "ada/calendar", "trip", event("trip", NINE + away, HALF_HOUR, "Trip"))
    moment = Interval(NINE, NINE + timedelta(minutes=1))
    assert booking.open_slots(app, "ada", "talk", moment) == []
    store_item(app, "ada/calendar", "trip", event("trip", NINE + 2 * away, HALF_HOUR, "Trip"))
    assert [slot.start for slot in booking.open_slots(app, "ada", "talk", moment)] == [NINE]


def test_a_daily_limit_closes_the_day(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", limit_per_day=2)
    first = booking.reserve(app, wish(STARTS[0]))
    booking.reserve(app, wish(STARTS[5]))
    assert open_starts(app) == []
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(STARTS[3]))
    assert refused.value.rule == "limit"
    life.cancel(app, first.uid, "invitee")
    assert open_starts(app) == STARTS[:5]


def test_group_slots_take_invitees_until_full(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", seats=2)
    first = booking.reserve(app, wish(email="one@example.org"))
    assert [slot.seats_left for slot in booking.open_slots(app, "ada", "talk", WEEK)][:2] == [1, 2]
    with pytest.raises(AddressRefused):
        booking.reserve(app, wish(email="ONE@example.org"))
    second = booking.reserve(app, wish(email="two@example.org"))
    assert (second.uid, second.invitee_email) == (first.uid, "two@example.org")
    with pytest.raises(SlotTaken):
        booking.reserve(app, wish(email="three@example.org"))
    assert open_starts(app) == STARTS[1:]


def test_explain_names_the_rule_that_fails(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    verdicts = {verdict.rule: verdict for verdict in booking.explain(app, "ada", "talk", NINE)}
    assert not verdicts["occupancy"].passed
    assert booked.uid in verdicts["occupancy"].cause
    assert all(verdict.passed for verdict in booking.explain(app, "ada", "talk", STARTS[1]))


def test_the_manage_link_leads_to_its_reservation(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    url = booking.manage_url(app, booked)
    assert url.startswith("https://book.example.org/booking/")
    token = url.rstrip("/").rpartition("/")[2]
    assert booking.by_token(app, token) == booking.reservation(app, booked.uid)
    with pytest.raises(NotFound):
        booking.by_token(app, token + "x")


def test_a_manage_link_is_void_when_the_booking_is_long_over(app: Adapters, clock: Clock) -> None:
    booked = booking.reserve(app, wish())
    token = booking.manage_url(app, booked).rstrip("/").rpartition("/")[2]
    clock.now = booked.end + timedelta(days=90)
    assert booking.by_token(app, token).uid == booked.uid
    clock.now += timedelta(seconds=1)
    with pytest.raises(LinkExpired):
        booking.by_token(app, token)


def test_what_does_not_exist_is_not_found(app: Adapters) -> None:
    for call in (lambda: booking.host_page(app, "eve"), lambda: booking.subject(app, "ada", "none")[1],
                 lambda: booking.open_slots(app, "eve", "talk", WEEK), lambda: booking.reservation(app, "none"),
                 lambda: life.cancel(app, "none", "x"), lambda: booking.reserve(app, wish(slug="none")),
                 lambda: booking.reservations(app, "eve")):
        with pytest.raises(NotFound):
            call()


def test_which_calendar_blocks_and_which_receives(app: Adapters) -> None:
    with app.store.write() as uow:
        for path in ("ada/work", "ada/choir"):
            uow.collections.add(path, "VCALENDAR", {"tag": "VCALENDAR"})
    for path, start in (("ada/work", NINE), ("ada/choir", NINE + HALF_HOUR), ("ada/calendar", NINE + 2 * HALF_HOUR)):
        store_item(app, path, f"busy-{path}", event(f"busy-{path}", start, HALF_HOUR, "Busy"))
    assert open_starts(app) == STARTS[3:]
    event_types.set(app, "ada", "talk", blocking_calendars=("ada/work",), target_calendar="ada/choir")
    assert open_starts(app) == STARTS[1:]
    booked = booking.reserve(app, wish(STARTS[1]))
    assert item_text(app, "ada/choir", booked.uid) is not None
    assert item_text(app, "ada/calendar", booked.uid) is None
    # A reservation blocks whatever calendar its event is in.
    assert open_starts(app) == STARTS[2:]
    with pytest.raises(InvalidEventType):
        event_types.set(app, "ada", "talk", target_calendar="ada/nowhere")


def test_the_host_page_leaves_hidden_event_types_out(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", hidden=True)
    assert booking.host_page(app, "ada").event_types == []
    assert booking.subject(app, "ada", "talk")[1].hidden
    assert open_starts(app) == STARTS


def test_a_removed_default_calendar_is_made_again(app: Adapters) -> None:
    with app.store.write() as uow:
        calendar = uow.collections.get("ada/calendar")
        assert calendar is not None
        uow.collections.remove(calendar)
    booked = booking.reserve(app, wish())
    assert item_text(app, "ada/calendar", booked.uid) is not None


def test_an_invitee_takes_one_seat_only(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", seats=4)
    for email in ("bob@example.org", "eve@example.org"):
        booking.reserve(app, wish(email=email))
    for email in ("bob@example.org", "EVE@example.org"):
        with pytest.raises(AddressRefused):
            booking.reserve(app, wish(email=email))
    assert next(slot.seats_left for slot in booking.open_slots(app, "ada", "talk", WEEK)) == 2
