"""Group event types: every invitee has a seat of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import icalendar
import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.question import Question
from radicale_booking.errors import AddressRefused, IllegalTransition, InvalidInput, SlotTaken
from radicale_booking.services import booking, calendar_objects, event_types, life
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import (
    NINE,
    NOW,
    audited,
    event,
    item_text,
    mails,
    objects,
    remove_item,
    store_item,
    wish,
)

HALF_HOUR = timedelta(minutes=30)
WEEK = Interval(NOW, NOW + timedelta(days=7))
BOB, EVE, JOE = "bob@example.org", "eve@example.org", "joe@example.org"


@pytest.fixture
def group(app: Adapters) -> Adapters:
    """Three seats in ada's talk."""
    event_types.set(app, "ada", "talk", seats=3)
    return app


def seats_left(app: Adapters) -> dict[datetime, int]:
    return {slot.start: slot.seats_left for slot in booking.open_slots(app, "ada", "talk", WEEK)}


def attendees(app: Adapters, uid: str) -> list[str]:
    text = item_text(app, "ada/calendar", uid)
    assert text is not None
    found = icalendar.Calendar.from_ical(text).walk("VEVENT")[0].get("ATTENDEE", [])
    return [str(address).removeprefix("mailto:") for address in (found if isinstance(found, list) else [found])]


def test_each_invitee_has_a_manage_link_of_their_own(group: Adapters) -> None:
    seats = [booking.reserve(group, wish(email=email, name=email[:3])) for email in (BOB, EVE)]
    links = [booking.manage_url(group, seat) for seat in seats]
    assert len(set(links)) == 2
    for link, seat in zip(links, seats, strict=True):
        seen = booking.by_token(group, link.rstrip("/").rpartition("/")[2])
        assert (seen.uid, seen.seat, seen.invitee_email) == (seats[0].uid, seat.seat, seat.invitee_email)
        assert seen.invitee_name == seat.invitee_email[:3]
    assert len(booking.reservations(group, "ada")) == 1
    assert booking.reservation(group, seats[1].seat or "").invitee_email == EVE


def test_the_host_sees_all_and_an_invitee_only_themselves(group: Adapters) -> None:
    first = booking.reserve(group, wish(email=BOB))
    second = booking.reserve(group, wish(email=EVE, name="Eve"))
    assert attendees(group, first.uid) == [BOB, EVE]
    own = calendar_objects.for_invitee(group, second)
    assert EVE in own
    assert BOB not in own
    assert booking.manage_url(group, second) in own.replace("\r\n ", "")


def test_the_same_key_gives_the_same_seat(group: Adapters) -> None:
    first = booking.reserve(group, wish(email=BOB, key="b"))
    second = booking.reserve(group, wish(email=EVE, key="e"))
    for email, key, seat in ((EVE, "e", second), (BOB, "b", first)):
        assert booking.reserve(group, wish(email=email, key=key)).seat == seat.seat
    assert seats_left(group)[NINE] == 1
    assert mails(group, EVE) == ["book"]
    with pytest.raises(InvalidInput) as refused:
        booking.reserve(group, wish(email=JOE, key="e"))
    assert refused.value.name == "idempotency_key"


def test_one_leaves_and_the_others_stay(group: Adapters) -> None:
    first = booking.reserve(group, wish(email=BOB))
    second = booking.reserve(group, wish(email=EVE))
    gone = life.cancel(group, first.seat or "", "invitee")
    assert (gone.status, gone.invitee_email) == ("cancelled", BOB)
    assert booking.reservation(group, first.uid).status == "confirmed"
    assert booking.reservation(group, second.seat or "").status == "confirmed"
    assert booking.reservation(group, first.seat or "").status == "cancelled"
    assert attendees(group, first.uid) == [EVE]
    assert seats_left(group)[NINE] == 2
    assert (mails(group, BOB), mails(group, EVE)) == (["book", "cancel"], ["book"])
    assert audited(group, first.uid) == ["book", "join", "leave"]
    with pytest.raises(IllegalTransition):
        life.cancel(group, first.seat or "", "invitee")
    again = booking.reserve(group, wish(email=BOB))
    assert again.seat != first.seat
    assert attendees(group, first.uid) == [EVE, BOB]


def test_the_last_who_leaves_cancels(group: Adapters) -> None:
    seats = [booking.reserve(group, wish(email=email)) for email in (BOB, EVE)]
    for seat in seats:
        life.cancel(group, seat.seat or "", "invitee")
    assert booking.reservation(group, seats[0].uid).status == "cancelled"
    assert objects(group, "ada") == {}
    assert seats_left(group)[NINE] == 3
    assert mails(group, EVE) == ["book", "cancel"]
    assert mails(group, BOB) == ["book", "cancel"]
    assert booking.reserve(group, wish(email=BOB)).uid != seats[0].uid


def test_the_host_cancels_for_all_and_undoes_it(group: Adapters) -> None:
    seats = [booking.reserve(group, wish(email=email)) for email in (BOB, EVE)]
    text = item_text(group, "ada/calendar", seats[0].uid)
    assert text is not None
    remove_item(group, "ada/calendar", seats[0].uid)
    assert {booking.reservation(group, seat.seat or "").status for seat in seats} == {"cancelled"}
    store_item(group, "ada/calendar", seats[0].uid, text)
    assert {booking.reservation(group, seat.seat or "").status for seat in seats} == {"confirmed"}
    assert {tuple(mails(group, email)) for email in (BOB, EVE)} == {("book", "cancel", "confirm")}
    assert seats_left(group)[NINE] == 1


def test_the_host_moves_all(group: Adapters) -> None:
    seats = [booking.reserve(group, wish(email=email)) for email in (BOB, EVE)]
    later = NINE + timedelta(hours=1)
    store_item(group, "ada/calendar", seats[0].uid, event(seats[0].uid, later, HALF_HOUR, "Talk"))
    assert {booking.reservation(group, seat.seat or "").start for seat in seats} == {later}
    assert (seats_left(group)[NINE], seats_left(group)[later]) == (3, 1)


def test_a_group_does_not_move_onto_another(group: Adapters) -> None:
    first = booking.reserve(group, wish(email=BOB))
    later = NINE + timedelta(hours=1)
    booking.reserve(group, wish(later, email=EVE))
    with pytest.raises(SlotTaken) as refused:
        life.reschedule(group, first.uid, later, "ada")
    assert later not in refused.value.alternatives
    with pytest.raises(SlotTaken) as refused:
        life.reschedule(group, first.uid, NINE + timedelta(minutes=1), "ada")
    assert later not in refused.value.alternatives
    assert len(refused.value.alternatives) == 5
    life.reschedule(group, first.uid, NINE + HALF_HOUR, "ada")


def test_seats_of_one_slot_for_many_at_once(group: Adapters) -> None:
    def attempt(number: int) -> str:
        try:
            return booking.reserve(group, wish(email=f"guest{number}@example.org")).seat or ""
        except SlotTaken:
            return ""

    with ThreadPoolExecutor(8) as pool:
        seats = list(filter(None, pool.map(attempt, range(24))))
    assert len(set(seats)) == 3
    assert NINE not in seats_left(group)


def test_who_joins_a_group_that_waits_waits_too(group: Adapters) -> None:
    event_types.set(group, "ada", "talk", confirmation=True)
    first = booking.reserve(group, wish(email=BOB))
    joined = booking.reserve(group, wish(email=EVE))
    assert joined.status == "pending"
    assert mails(group, EVE) == ["request"]
    life.decide(group, first.uid, "confirm", "ada")
    assert mails(group, EVE) == ["request", "confirm"]


def test_those_who_have_seats_keep_them_when_there_are_none_any_more(group: Adapters) -> None:
    seats = [booking.reserve(group, wish(email=email)) for email in (BOB, EVE, JOE)]
    event_types.set(group, "ada", "talk", seats=1)
    life.cancel(group, seats[0].seat or "", "invitee")
    assert attendees(group, seats[0].uid) == [EVE, JOE]


def test_the_limit_of_an_invitee_counts_seats(group: Adapters) -> None:
    event_types.set(group, "ada", "talk", limit_per_invitee=1)
    later = NINE + timedelta(hours=1)
    seats = [booking.reserve(group, wish(email=email)) for email in (BOB, EVE)]
    for email in (BOB, EVE.upper()):
        with pytest.raises(AddressRefused):
            booking.reserve(group, wish(later, email=email))
    life.cancel(group, seats[0].seat or "", "invitee")
    assert booking.reserve(group, wish(later, email=BOB)).start == later
    with pytest.raises(AddressRefused):
        booking.reserve(group, wish(later, email=EVE))


def test_each_answers_for_themselves(group: Adapters) -> None:
    event_types.set(group, "ada", "talk", questions=(Question("diet", "Diet", required=True),))
    first = booking.reserve(group, replace(wish(email=BOB), answers={"diet": ["none"]}))
    with pytest.raises(InvalidInput):
        booking.reserve(group, wish(email=EVE))
    second = booking.reserve(group, replace(wish(email=EVE), answers={"diet": ["vegan"]}))
    assert [booking.reservation(group, seat.seat or "").answers for seat in (first, second)] == [
        {"diet": "none"}, {"diet": "vegan"}]
