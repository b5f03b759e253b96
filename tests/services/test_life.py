"""What happens to a reservation until it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import AddressRefused, IllegalTransition, InvalidInput, NotFound, SlotTaken
from radicale_booking.services import accounts, booking, event_types, life, upkeep
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import (
    NINE,
    NOW,
    audited,
    draw_hours,
    event,
    item_text,
    mails,
    objects,
    remove_item,
    store_item,
    wish,
)
from tests.services.conftest import Clock

HALF_HOUR = timedelta(minutes=30)
DAY = timedelta(days=1)
WEEK = Interval(NOW, NOW + 7 * DAY)
STARTS = [NINE + i * HALF_HOUR for i in range(6)]


@pytest.fixture
def asking(app: Adapters) -> Adapters:
    """Ada confirms every talk within four hours."""
    event_types.set(app, "ada", "talk", confirmation=True, decision_time=timedelta(hours=4))
    return app


def open_starts(app: Adapters) -> list[datetime]:
    return [slot.start for slot in booking.open_slots(app, "ada", "talk", WEEK)]


def everything(app: Adapters) -> list[object]:
    """All rows that a change could touch."""
    with app.store.read() as uow:
        return [tuple(row) for table in ("reservation", "occupancy", "item", "outbox", "audit", "seat")
                for row in uow.connection.run(f"SELECT * FROM {table} ORDER BY id", {})]


def test_a_hold_blocks_until_it_expires(asking: Adapters, clock: Clock) -> None:
    booked = booking.reserve(asking, wish())
    assert booked.expires == NOW + timedelta(hours=4)
    text = item_text(asking, "ada/calendar", booked.uid)
    assert text is not None
    assert "STATUS:TENTATIVE" in text
    clock.now = NOW + timedelta(hours=4) - timedelta(seconds=1)
    upkeep.run(asking)
    assert booking.reservation(asking, booked.uid).status == "pending"
    assert NINE not in open_starts(asking)
    clock.now = NOW + timedelta(hours=4)
    upkeep.run(asking)
    expired = booking.reservation(asking, booked.uid)
    assert (expired.status, expired.expires, expired.sequence) == ("expired", None, 1)
    assert NINE in open_starts(asking)
    assert objects(asking, "ada") == {}
    assert mails(asking) == mails(asking, "ada@example.org") == ["request", "expire"]
    assert audited(asking, booked.uid) == ["request", "expire"]
    upkeep.run(asking)
    assert mails(asking) == ["request", "expire"]
    for change in (lambda: life.decide(asking, booked.uid, "confirm", "ada"),
                   lambda: life.cancel(asking, booked.uid, "invitee")):
        with pytest.raises(IllegalTransition):
            change()


def test_a_hold_never_outlives_its_start(asking: Adapters, clock: Clock) -> None:
    event_types.set(asking, "ada", "talk", decision_time=10 * DAY)
    booked = booking.reserve(asking, wish(STARTS[5]))
    assert booked.expires == STARTS[5]
    assert life.reschedule(asking, booked.uid, STARTS[0], "invitee").expires == STARTS[0]
    store_item(asking, "ada/calendar", booked.uid,
               event(booked.uid, NOW + timedelta(hours=2), HALF_HOUR, extra="STATUS:TENTATIVE\r\n"))
    assert booking.reservation(asking, booked.uid).expires == NOW + timedelta(hours=2)
    clock.now = NOW + timedelta(hours=2)
    upkeep.run(asking)
    assert booking.reservation(asking, booked.uid).status == "expired"


def test_more_holds_than_a_batch_expire(asking: Adapters, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "BATCH", 2)
    booked = [booking.reserve(asking, wish(start)) for start in STARTS[:5]]
    clock.now = NOW + timedelta(hours=4)
    upkeep.run(asking)
    assert {booking.reservation(asking, found.uid).status for found in booked} == {"expired"}


def test_a_hold_is_confirmed_though_buffers_grew_since(asking: Adapters) -> None:
    first, second = (booking.reserve(asking, wish(start)) for start in STARTS[:2])
    event_types.set(asking, "ada", "talk", buffer_before=HALF_HOUR, buffer_after=HALF_HOUR)
    for booked in (first, second):
        confirmed = life.decide(asking, booked.uid, "confirm", "ada")
        assert (confirmed.status, confirmed.expires, confirmed.start) == ("confirmed", None, booked.start)
        text = item_text(asking, "ada/calendar", booked.uid)
        assert text is not None
        assert "STATUS:CONFIRMED" in text
    assert mails(asking) == ["request", "request", "confirm", "confirm"]


def test_a_declined_hold_is_free_again(asking: Adapters) -> None:
    booked = booking.reserve(asking, wish())
    declined = life.decide(asking, booked.uid, "decline", "ada", "I am ill")
    assert (declined.status, declined.reason) == ("declined", "I am ill")
    assert open_starts(asking) == STARTS
    assert objects(asking, "ada") == {}
    assert mails(asking) == ["request", "decline"]


def test_what_moves_frees_the_old_time_and_takes_the_new(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", buffer_after=timedelta(minutes=10), step=timedelta(minutes=10))
    booked = booking.reserve(app, wish())
    near = NINE + timedelta(minutes=10)
    moved = life.reschedule(app, booked.uid, near, "invitee")
    assert (moved.start, moved.end, moved.sequence, moved.status) == (near, near + HALF_HOUR, 1, "confirmed")
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    assert "DTSTART:20300108T091000Z" in text
    assert "SEQUENCE:1" in text
    assert open_starts(app)[0] == NINE + timedelta(minutes=50)
    assert mails(app) == mails(app, "ada@example.org") == ["book", "reschedule"]
    with app.store.read() as uow:
        assert uow.audit.of(booked.uid)[-1].detail["from"] == NINE.isoformat()


@pytest.mark.parametrize("pending", [False, True])
def test_a_move_that_is_refused_changes_nothing(app: Adapters, pending: bool) -> None:
    event_types.set(app, "ada", "talk", confirmation=pending)
    booked = booking.reserve(app, wish())
    booking.reserve(app, wish(STARTS[2], email="eve@example.org"))
    before = everything(app)
    with pytest.raises(SlotTaken) as refused:
        life.reschedule(app, booked.uid, STARTS[2], "invitee")
    assert list(refused.value.alternatives) == [NINE, STARTS[1], *STARTS[3:]]
    assert everything(app) == before


def test_the_database_alone_refuses_a_move(app: Adapters, monkeypatch: pytest.MonkeyPatch) -> None:
    booked = booking.reserve(app, wish())
    booking.reserve(app, wish(STARTS[2]))
    before = everything(app)
    monkeypatch.setattr("radicale_booking.services.offers.check", lambda *_: None)
    with pytest.raises(SlotTaken):
        life.reschedule(app, booked.uid, STARTS[2] + timedelta(minutes=15), "invitee")
    assert everything(app) == before


@pytest.mark.parametrize(("rules", "start", "rule"), [
    ({}, NINE - HALF_HOUR, "window"),
    ({}, NINE + timedelta(hours=3), "window"),
    ({}, NINE + timedelta(minutes=7), "grid"),
    ({"notice": timedelta(hours=26)}, STARTS[1], "notice"),
    ({"last_day": date(2030, 1, 7)}, STARTS[1], "horizon"),
    ({"limit_per_day": 1}, STARTS[1], "limit"),
    ({"minutes_per_day": 59}, STARTS[1], "limit"),
    ({"buffer_before": HALF_HOUR}, STARTS[5], "busy"),
    ({"date_overrides": {date(2030, 1, 8): ((time(20), time(21)),)}}, STARTS[1], "window"),
    ({"closed": True}, STARTS[1], "window"),
])
def test_every_rule_counts_for_a_new_time(app: Adapters, rules: dict[str, Any], start: datetime, rule: str) -> None:
    booked = booking.reserve(app, wish())
    booking.reserve(app, wish(STARTS[3], email="eve@example.org"))
    store_item(app, "ada/calendar", "lunch", event("lunch", STARTS[4], HALF_HOUR, "Lunch"))
    event_types.set(app, "ada", "talk", **rules)
    with pytest.raises(SlotTaken) as refused:
        life.reschedule(app, booked.uid, start, "invitee")
    assert refused.value.rule == rule
    assert booking.reservation(app, booked.uid) == replace(booked, id=booked.id)


def test_its_own_booking_counts_against_no_limit(app: Adapters) -> None:
    event_types.set(app, "ada", "talk", limit_per_day=1, limit_per_invitee=1)
    booked = booking.reserve(app, wish())
    assert life.reschedule(app, booked.uid, STARTS[1], "invitee").start == STARTS[1]
    with pytest.raises(AddressRefused):
        booking.reserve(app, wish(STARTS[4]))
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(STARTS[4], email="eve@example.org"))
    assert refused.value.rule == "limit"


def test_an_invitees_limit_counts_what_is_to_come(app: Adapters, clock: Clock) -> None:
    event_types.set(app, "ada", "talk", limit_per_invitee=1)
    booking.reserve(app, wish())
    with pytest.raises(AddressRefused):
        booking.reserve(app, wish(STARTS[3], email="BOB@example.org"))
    booking.reserve(app, wish(STARTS[3], email="eve@example.org"))
    clock.now = NINE + HALF_HOUR
    assert booking.reserve(app, wish(STARTS[4])).start == STARTS[4]


@pytest.mark.parametrize("minutes", [30, 45, 60])
def test_a_length_that_was_chosen_is_kept(app: Adapters, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    event_types.set(app, "ada", "talk", other_durations=(timedelta(minutes=45), timedelta(minutes=60)))
    booked = booking.reserve(app, replace(wish(), duration=length))
    assert booked.end - booked.start == length
    offered = [slot.start for slot in booking.open_slots(app, "ada", "talk", WEEK, length)]
    moved = life.reschedule(app, booked.uid, offered[-1], "invitee")
    assert (moved.start, moved.end) == (offered[-1], offered[-1] + length)
    with pytest.raises(InvalidInput) as refused:
        booking.reserve(app, replace(wish(), duration=timedelta(minutes=50)))
    assert refused.value.name == "duration"


def test_alternatives_are_the_nearest_that_are_offered(app: Adapters) -> None:
    draw_hours(app, "later", NINE + 3 * DAY, timedelta(hours=3))
    for start in STARTS[1:5]:
        booking.reserve(app, wish(start, email=f"g{start:%H%M}@example.org"))
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(STARTS[2]))
    nearest = list(refused.value.alternatives)
    assert nearest == [STARTS[0], STARTS[5], *(NINE + 3 * DAY + i * HALF_HOUR for i in range(3))]
    for start in nearest:
        booking.reserve(app, wish(start, email=f"h{start:%d%H%M}@example.org"))


def test_alternatives_to_a_time_far_away_are_near_the_bookable_ones(app: Adapters) -> None:
    for year in (2001, 2029, 8999):
        start = datetime(year, 12, 25, tzinfo=UTC)
        with pytest.raises(SlotTaken) as refused:
            booking.reserve(app, wish(start))
        assert set(refused.value.alternatives) <= set(STARTS)
        if start.year < 2031:
            assert list(refused.value.alternatives) == STARTS[:5]


def test_what_a_host_deletes_and_puts_back_is_booked_again(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    remove_item(app, "ada/calendar", booked.uid)
    store_item(app, "ada/calendar", booked.uid, text)
    again = booking.reservation(app, booked.uid)
    assert (again.status, again.start, again.sequence) == ("confirmed", NINE, 2)
    assert mails(app) == ["book", "cancel", "confirm"]
    assert NINE not in open_starts(app)


def test_a_hold_that_a_host_deletes_and_puts_back_waits_again(asking: Adapters) -> None:
    booked = booking.reserve(asking, wish())
    text = item_text(asking, "ada/calendar", booked.uid)
    assert text is not None
    remove_item(asking, "ada/calendar", booked.uid)
    store_item(asking, "ada/calendar", booked.uid, text)
    again = booking.reservation(asking, booked.uid)
    assert (again.status, again.expires) == ("pending", NOW + timedelta(hours=4))
    assert mails(asking) == ["request", "cancel", "request"]


def test_what_a_host_puts_back_too_late_is_refused(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    remove_item(app, "ada/calendar", booked.uid)
    booking.reserve(app, wish(email="eve@example.org"))
    with pytest.raises(SlotTaken):
        store_item(app, "ada/calendar", booked.uid, text)
    assert booking.reservation(app, booked.uid).status == "cancelled"


def test_what_an_invitee_cancelled_stays_so_whatever_a_program_writes(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    life.cancel(app, booked.uid, "invitee")
    store_item(app, "ada/calendar", booked.uid, text)
    assert booking.reservation(app, booked.uid).status == "cancelled"
    assert mails(app) == ["book", "cancel"]


def test_what_is_past_is_not_brought_back(app: Adapters, clock: Clock) -> None:
    booked = booking.reserve(app, wish())
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    remove_item(app, "ada/calendar", booked.uid)
    clock.now = NINE
    store_item(app, "ada/calendar", booked.uid, text)
    assert booking.reservation(app, booked.uid).status == "cancelled"


def test_a_booking_made_to_repeat_without_its_first_time_is_cancelled(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    store_item(app, "ada/calendar", booked.uid, event(
        booked.uid, NINE, HALF_HOUR, extra=f"RRULE:FREQ=WEEKLY\r\nEXDATE:{NINE:%Y%m%dT%H%M%SZ}\r\n"))
    assert booking.reservation(app, booked.uid).status == "cancelled"


def test_a_renamed_event_does_not_stand_in_the_way_of_its_own_move(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    text = item_text(app, "ada/calendar", booked.uid)
    assert text is not None
    with app.store.write(actor="ada") as uow:
        calendar = uow.collections.get("ada/calendar")
        principal = uow.principals.get("ada")
        assert calendar is not None
        uow.items.delete(calendar.id, f"{booked.uid}.ics")
        uow.items.store(calendar.id, href="another-name.ics", uid=booked.uid, name="VCALENDAR", component="VEVENT",
                        text=text, index=app.calendar.index(text, now=uow.now, owner=principal))
    event_types.set(app, "ada", "talk", step=timedelta(minutes=10))
    assert life.reschedule(app, booked.uid, NINE + timedelta(minutes=10), "invitee").start > NINE


def test_a_removed_users_reservations_are_gone(app: Adapters) -> None:
    booked = booking.reserve(app, wish())
    accounts.remove_user(app, "ada")
    with pytest.raises(NotFound):
        booking.reservation(app, booked.uid)
