"""What a host does in a calendar program."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidInput, SlotTaken
from radicale_booking.services import booking, event_types, life, windows
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, NOW, draw_hours, event, item_text, remove_item, store_item, wish

HALF_HOUR = timedelta(minutes=30)
WEEK = Interval(NOW, NOW + timedelta(days=7))


def open_starts(app: Adapters, slug: str = "talk") -> list[datetime]:
    return [slot.start for slot in booking.open_slots(app, "ada", slug, WEEK)]


def mails(app: Adapters) -> list[str]:
    with app.store.read() as uow:
        return [row.payload["event"] for row in uow.outbox.pending() if row.recipient == "bob@example.org"]


def move(app: Adapters, uid: str, start: datetime, length: timedelta = HALF_HOUR, extra: str = "") -> None:
    store_item(app, "ada/calendar", uid, event(uid, start, length, "Talk", extra))


def test_moving_the_event_reschedules(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE + timedelta(hours=1))
    moved = booking.reservation(app, booked.uid)
    assert (moved.start, moved.end) == (NINE + timedelta(hours=1), NINE + timedelta(hours=1, minutes=30))
    assert (moved.sequence, moved.status) == (1, "confirmed")
    assert open_starts(app) == [NINE + i * HALF_HOUR for i in (0, 1, 3, 4, 5)]
    assert mails(app) == ["book", "reschedule"]


def test_what_invitees_are_told_is_never_older_than_the_hosts_object(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE + timedelta(hours=1), extra="SEQUENCE:9\r\n")
    assert booking.reservation(app, booked.uid).sequence == 9
    move(app, booked.uid, NINE, extra="SEQUENCE:2\r\n")
    assert booking.reservation(app, booked.uid).sequence == 10


def test_moving_by_less_than_its_length_does_not_meet_itself(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE + timedelta(minutes=10))
    assert booking.reservation(app, booked.uid).start == NINE + timedelta(minutes=10)


def test_moving_onto_another_reservation_changes_nothing(app: Adapters) -> None:
    first = booking.reserve(app, wish())
    second = booking.reserve(app, wish(NINE + HALF_HOUR))
    text = item_text(app, "ada/calendar", first.uid)
    with pytest.raises(SlotTaken) as refused:
        move(app, first.uid, NINE + timedelta(minutes=45))
    assert NINE in refused.value.alternatives
    assert second.start not in refused.value.alternatives
    assert booking.reservation(app, first.uid) == booking.reservations(app)[0]
    assert booking.reservation(app, first.uid).start == NINE
    assert item_text(app, "ada/calendar", first.uid) == text


def test_an_event_without_length_is_refused(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    with pytest.raises(InvalidInput):
        move(app, booked.uid, NINE, timedelta())
    with pytest.raises(InvalidInput):
        move(app, booked.uid, NINE, timedelta(days=2))


def test_editing_the_text_changes_no_reservation(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE, extra="DESCRIPTION:Bring the drawings\r\n")
    assert booking.reservation(app, booked.uid).sequence == 0
    assert mails(app) == ["book"]


def test_a_booking_made_to_repeat_blocks_its_other_times_in_list_and_check_alike(app: Adapters) -> None:
    again = NINE + timedelta(days=7)
    draw_hours(app, "next", again, timedelta(hours=1))
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE, extra="RRULE:FREQ=WEEKLY\r\n")
    for frame in (Interval(NOW, again + timedelta(days=1)), Interval(again, again + timedelta(minutes=1))):
        assert again not in {slot.start for slot in booking.open_slots(app, "ada", "talk", frame)}
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(again))
    assert again + HALF_HOUR in refused.value.alternatives
    assert open_starts(app) == [NINE + i * HALF_HOUR for i in range(1, 6)]


def test_a_repetition_that_reaches_beyond_the_buffer_blocks(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", buffer_after=timedelta(minutes=45), step=timedelta(minutes=15))
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE, extra="RRULE:FREQ=HOURLY;COUNT=2\r\n")
    # Occupied from nine to a quarter past ten, and the second time of the event lasts until half past.
    for minutes, passed in ((75, False), (90, True)):
        verdicts = booking.explain(app, "ada", "talk", NINE + timedelta(minutes=minutes))
        assert {verdict.rule: verdict.passed for verdict in verdicts}["busy"] is passed


def test_deleting_the_event_cancels(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    remove_item(app, "ada/calendar", booked.uid)
    assert booking.reservation(app, booked.uid).status == "cancelled"
    assert NINE in open_starts(app)
    assert mails(app) == ["book", "cancel"]


def test_a_cancelled_event_cancels(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE, extra="STATUS:CANCELLED\r\n")
    assert booking.reservation(app, booked.uid).status == "cancelled"
    assert NINE in open_starts(app)
    remove_item(app, "ada/calendar", booked.uid)
    assert mails(app) == ["book", "cancel"]


@pytest.mark.parametrize(("answer", "status", "told"), [("CONFIRMED", "confirmed", "confirm"),
                                                        ("CANCELLED", "declined", "decline")])
def test_the_host_answers_a_pending_reservation(app: Adapters, answer: str, status: str, told: str) -> None:
    event_types.set(app, "ada", "talk", confirmation=True)
    booked = booking.reserve(app, wish())
    move(app, booked.uid, NINE, extra="STATUS:TENTATIVE\r\n")
    assert booking.reservation(app, booked.uid).status == "pending"
    move(app, booked.uid, NINE, extra=f"STATUS:{answer}\r\n")
    answered = booking.reservation(app, booked.uid)
    assert (answered.status, answered.expires) == (status, None)
    assert mails(app) == ["request", told]


def test_an_event_moved_to_another_calendar_stays_booked(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    with app.store.write() as uow:
        uow.collections.add("ada/work", "VCALENDAR")
    store_item(app, "ada/work", booked.uid, event(booked.uid, NINE, HALF_HOUR))
    remove_item(app, "ada/calendar", booked.uid)
    assert booking.reservation(app, booked.uid).status == "confirmed"
    life.cancel(app, booked.uid, "invitee")
    assert item_text(app, "ada/work", booked.uid) is None


def test_a_foreign_copy_of_the_event_changes_nothing(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    with app.store.write() as uow:
        uow.collections.add("eve")
        uow.collections.add("eve/calendar", "VCALENDAR")
    store_item(app, "eve/calendar", booked.uid, event(booked.uid, NINE + HALF_HOUR, HALF_HOUR))
    remove_item(app, "eve/calendar", booked.uid)
    unchanged = booking.reservation(app, booked.uid)
    assert (unchanged.start, unchanged.status) == (NINE, "confirmed")


def test_a_window_with_a_new_title_makes_an_event_type(app: Adapters) -> None:
    draw_hours(app, "tea", NINE + timedelta(days=1), timedelta(hours=1), "Tea Time!")
    made = booking.subject(app, "ada", "tea-time")[1]
    assert (made.title, made.origin, made.hidden, made.duration) == ("Tea Time!", "calendar", False, HALF_HOUR)
    assert open_starts(app, "tea-time") == [NINE + timedelta(days=1), NINE + timedelta(days=1, minutes=30)]
    assert NINE + timedelta(days=1) not in open_starts(app, "talk")


def test_titles_that_name_or_mean_nothing_new_make_no_event_type(app: Adapters) -> None:
    for number, title in enumerate(("Bookable", "", "talk", "TALK")):
        draw_hours(app, f"more-{number}", NINE + timedelta(days=2 + number), timedelta(hours=1), title)
    assert [found.slug for found in event_types.list(app, "ada")] == ["talk"]


def test_titles_get_different_words_in_links(app: Adapters) -> None:
    draw_hours(app, "a", NINE, timedelta(hours=1), "Café")
    draw_hours(app, "b", NINE, timedelta(hours=1), "相談")
    draw_hours(app, "c", NINE, timedelta(hours=1), "見学")
    assert {found.slug: found.title for found in event_types.list(app, "ada")} == {
        "talk": "Talk", "cafe": "Café", "event": "相談", "event-2": "見学"}


def test_an_event_type_is_closed_with_its_last_window_and_comes_back(app: Adapters) -> None:
    for uid in ("one", "two"):
        draw_hours(app, uid, datetime(2030, 1, 9, 9, tzinfo=UTC), timedelta(hours=1), "Tea")
    remove_item(app, "ada/bookable", "one")
    assert not booking.subject(app, "ada", "tea")[1].closed
    draw_hours(app, "two", datetime(2030, 1, 9, 9, tzinfo=UTC), timedelta(hours=1), "Bookable")
    assert booking.subject(app, "ada", "tea")[1].closed
    assert open_starts(app, "tea") == []
    draw_hours(app, "two", datetime(2030, 1, 9, 9, tzinfo=UTC), timedelta(hours=1), "Tea")
    assert not booking.subject(app, "ada", "tea")[1].closed
    assert len(open_starts(app, "tea")) == 2


def test_an_object_that_cannot_be_read_is_told_to_the_host_and_named_by_explain(app: Adapters) -> None:
    store_item(app, "ada/calendar", "odd", event("odd", NINE, HALF_HOUR).replace(
        "DTSTART:", "DTSTART;TZID=Mars/Olympus:").replace("Z\r\nDTEND", "\r\nDTEND"))
    [(address, reason)] = windows.unreadable(app, "ada")
    assert address == "/ada/calendar/odd.ics"
    assert "Mars/Olympus" in reason
    [busy] = [verdict for verdict in booking.explain(app, "ada", "talk", NINE) if verdict.rule == "busy"]
    assert not busy.passed
    assert "/ada/calendar/odd.ics" in busy.cause
    assert open_starts(app) == []
