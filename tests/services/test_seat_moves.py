"""An invitee of a group who takes another time: the seat moves, alone."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.location import Location
from radicale_booking.domain.question import Question
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import IllegalTransition, SlotTaken
from radicale_booking.services import booking, event_types, life, webhooks
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.email_check import Hold
from radicale_booking.services.mail import MailChannel
from tests.services.calendars import NINE, audited, draw_hours, event, item_text, objects, store_item, wish
from tests.services.conftest import Clock
from tests.services.test_seats import BOB, EVE, JOE, attendees, group, seats_left

__all__ = ["group"]
HALF_HOUR = timedelta(minutes=30)
#: What is the same on either database.
ONCE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TEN = NINE + timedelta(hours=1)
ELEVEN = NINE + timedelta(hours=2)


class Kept:
    """A mailer that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage, key: str) -> None:
        self.sent.append(message)

    def close(self) -> None:
        """Nothing is open."""


def taken(app: Adapters, start: datetime, email: str, **facts: Any) -> Reservation:
    return booking.reserve(app, replace(wish(start, email=email, name=email[:3].title()), **facts))


def moved(app: Adapters, seat: Reservation, start: datetime) -> Reservation:
    return life.reschedule(app, seat.seat or "", start, "invitee")


def posted(app: Adapters) -> list[EmailMessage]:
    """What goes out now, in order."""
    kept = Kept()
    channel = MailChannel(app, kept)
    with app.store.write(actor="worker") as uow:
        for row in sorted(uow.outbox.pending(), key=lambda row: row.id):
            deed = channel.prepare(uow, row) if row.kind == "mail" else "no mail"
            if not isinstance(deed, str):
                deed()
            uow.outbox.sent(row.id)
    return kept.sent


def calendar_part(message: EmailMessage) -> tuple[str, Any]:
    """METHOD and the event."""
    part = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    content = icalendar.Calendar.from_ical(part.get_content())
    assert content["METHOD"] == part.get_param("method")
    return str(content["METHOD"]), content.walk("VEVENT")[0]


def offered(app: Adapters, seat: Reservation) -> list[datetime]:
    """Where the seat could be moved to on its day."""
    return [slot.start for slot in booking.slots_to_move(app, seat, Interval(NINE, NINE + timedelta(hours=3)))]


def trail(app: Adapters, uid: str) -> list[tuple[str, str | None]]:
    with app.store.read() as uow:
        return [(row.action, row.detail.get("to") or row.detail.get("from")) for row in uow.audit.of(uid)]


def test_a_seat_goes_to_another_group(group: Adapters) -> None:
    event_types.set(group, "ada", "talk", questions=(Question("diet", "Diet"),))
    bob, eve = (taken(group, NINE, email, answers={"diet": [email]}, note=f"I am {email}") for email in (BOB, EVE))
    joe = taken(group, TEN, JOE)
    link = booking.manage_url(group, eve)
    now = moved(group, eve, TEN)
    assert (now.uid, now.seat, now.start, now.status) == (joe.uid, eve.seat, TEN, "confirmed")
    assert (now.answers, now.note, booking.manage_url(group, now)) == ({"diet": EVE}, f"I am {EVE}", link)
    assert booking.by_token(group, link.rstrip("/").rpartition("/")[2]).start == TEN
    assert (attendees(group, bob.uid), attendees(group, joe.uid)) == ([BOB], [EVE, JOE])
    assert (seats_left(group)[NINE], seats_left(group)[TEN]) == (2, 1)
    assert trail(group, bob.uid) == [("book", None), ("join", None), ("leave", joe.uid)]
    assert trail(group, joe.uid) == [("book", None), ("join", bob.uid)]


def test_a_seat_goes_to_a_time_of_its_own(group: Adapters) -> None:
    event_types.set(group, "ada", "talk", locations=(Location("jitsi", "https://meet.example"),))
    bob, eve = taken(group, NINE, BOB), taken(group, NINE, EVE)
    now = moved(group, eve, TEN)
    assert now.uid not in (bob.uid, eve.uid)
    assert (now.seat, now.status, now.invitee_email) == (eve.seat, "confirmed", EVE)
    assert now.location.startswith("https://meet.example/")
    assert now.location != bob.location
    assert (attendees(group, bob.uid), attendees(group, now.uid)) == ([BOB], [EVE])
    assert audited(group, now.uid) == ["book", "join"]


@ONCE
def test_the_invitee_and_the_host_are_told_and_their_calendars(group: Adapters) -> None:
    bob, eve = taken(group, NINE, BOB), taken(group, NINE, EVE)
    joe = taken(group, TEN, JOE)
    booked = {mail["To"].addresses[0].addr_spec: mail for mail in posted(group)}
    before = {uid: calendar_part(booked[email])[1]["SEQUENCE"] for uid, email in ((bob.uid, EVE), (joe.uid, JOE))}
    moved(group, eve, TEN)
    gone, come, host = posted(group)
    assert [mail["To"].addresses[0].addr_spec for mail in (gone, come, host)] == [EVE, EVE, "ada@example.org"]
    method, old = calendar_part(gone)
    assert (method, old["UID"], old["STATUS"], old.start) == ("CANCEL", bob.uid, "CANCELLED", NINE)
    assert old["SEQUENCE"] > before[bob.uid]
    method, new = calendar_part(come)
    assert (method, new["UID"], new["STATUS"], new.start) == ("REQUEST", joe.uid, "CONFIRMED", TEN)
    assert new["SEQUENCE"] > before[joe.uid]
    assert [str(one) for one in (old["ATTENDEE"], new["ATTENDEE"])] == [f"mailto:{EVE}"] * 2
    assert (old["ATTENDEE"].params["PARTSTAT"], new["ATTENDEE"].params["PARTSTAT"]) == ("DECLINED", "ACCEPTED")
    method, told = calendar_part(host)
    assert (method, told["UID"]) == ("REPLY", joe.uid)
    text = host.get_body(("plain",))
    assert text is not None
    assert "Eve has moved to another time." in text.get_content()
    assert "Before: Jan 8, 2030, 10:00" in text.get_content().replace("\u202f", " ")
    assert gone["In-Reply-To"] == booked[EVE]["Message-ID"]
    assert come["References"].split() == [booked[EVE]["Message-ID"], come["In-Reply-To"]]
    assert posted(group) == []


@ONCE
def test_there_and_back_and_there_again(group: Adapters) -> None:
    bob, eve = taken(group, NINE, BOB), taken(group, NINE, EVE)
    joe = taken(group, TEN, JOE)
    posted(group)
    sequences = []
    for start in (TEN, NINE, TEN):
        assert moved(group, eve, start).start == start
        sequences += [(str(found["UID"]), int(found["SEQUENCE"]), method)
                      for method, found in map(calendar_part, posted(group)[:2])]
    for uid in (bob.uid, joe.uid):
        numbers = [number for found, number, _ in sequences if found == uid]
        assert numbers == sorted(set(numbers))
    assert [method for _, _, method in sequences] == ["CANCEL", "REQUEST"] * 3
    moved(group, eve, NINE)
    moved(group, eve, TEN)
    # What was not sent yet and has been undone since is not sent.
    assert [(calendar_part(mail)[0], str(calendar_part(mail)[1]["UID"])) for mail in posted(group)[:3]
            if mail["To"].addresses[0].addr_spec == EVE] == [("CANCEL", bob.uid), ("REQUEST", joe.uid)]


def test_the_last_takes_the_group_along(group: Adapters) -> None:
    bob = taken(group, NINE, BOB)
    posted(group)
    now = moved(group, bob, NINE + HALF_HOUR)
    assert (now.uid, now.seat, now.start) == (bob.uid, bob.seat, NINE + HALF_HOUR)
    assert list(objects(group, "ada")) == [bob.uid]
    assert audited(group, bob.uid) == ["book", "reschedule"]
    [told] = [mail for mail in posted(group) if mail["To"].addresses[0].addr_spec == BOB]
    assert calendar_part(told)[0] == "REQUEST"
    assert seats_left(group)[NINE] == 3


def test_the_last_who_joins_another_group_ends_the_former(group: Adapters) -> None:
    bob, eve = taken(group, NINE, BOB, guests=("pal@example.org",)), taken(group, TEN, EVE)
    posted(group)
    now = moved(group, bob, TEN)
    assert (now.uid, now.seat) == (eve.uid, bob.seat)
    assert booking.reservation(group, bob.uid).status == "cancelled"
    assert list(objects(group, "ada")) == [eve.uid]
    assert audited(group, bob.uid) == ["book", "cancel", "leave"]
    assert seats_left(group)[NINE] == 3
    assert [(mail["To"].addresses[0].addr_spec, calendar_part(mail)[0]) for mail in posted(group)] == [
        (BOB, "CANCEL"), (BOB, "REQUEST"), ("ada@example.org", "REPLY"), ("pal@example.org", "CANCEL")]


@ONCE
def test_the_last_may_move_by_less_than_the_meeting_lasts(group: Adapters) -> None:
    event_types.set(group, "ada", "talk", step=timedelta(minutes=10))
    bob, near = taken(group, NINE, BOB), NINE + timedelta(minutes=10)
    assert near in offered(group, bob)
    assert moved(group, bob, near).start == near
    taken(group, near, EVE)
    assert offered(group, bob)[0] == near + HALF_HOUR
    with pytest.raises(SlotTaken):
        moved(group, bob, NINE)


def test_the_rules_of_the_event_type_hold(group: Adapters) -> None:
    bob, eve = taken(group, NINE, BOB), taken(group, NINE, EVE)
    assert NINE not in offered(group, eve)
    for number in range(3):
        taken(group, TEN, f"guest{number}@example.org")
    refusals: list[tuple[datetime, str, dict[str, Any]]] = [
        (TEN, "seats", {}), (NINE + timedelta(minutes=10), "grid", {}), (ELEVEN, "limit", {"limit_per_day": 2}),
        (ELEVEN, "notice", {"limit_per_day": None, "notice": timedelta(days=2)})]
    for start, rule, rules in refusals:
        event_types.set(group, "ada", "talk", **rules)
        assert start not in offered(group, eve)
        assert booking.refused_by(group, "ada", "talk", start, moving=eve) == rule
        with pytest.raises(SlotTaken) as refused:
            moved(group, eve, start)
        assert (refused.value.rule, TEN in refused.value.alternatives) == (rule, False)
    assert booking.reservation(group, eve.seat or "").start == NINE
    assert attendees(group, bob.uid) == [BOB, EVE]
    assert audited(group, bob.uid) == ["book", "join"]


def test_what_is_offered_to_a_seat_is_taken(group: Adapters) -> None:
    taken(group, NINE, BOB)
    eve = taken(group, NINE, EVE)
    taken(group, TEN, JOE)
    starts = offered(group, eve)
    assert starts == [NINE + number * HALF_HOUR for number in range(1, 6)]
    for start in starts:
        assert moved(group, eve, start).start == start


@ONCE
def test_nobody_has_two_seats_at_a_time(group: Adapters) -> None:
    taken(group, NINE, BOB)
    eve = taken(group, NINE, EVE)
    taken(group, TEN, EVE.upper())
    assert TEN not in offered(group, eve)
    with pytest.raises(SlotTaken):
        moved(group, eve, TEN)


def test_the_same_form_twice_moves_once(group: Adapters) -> None:
    taken(group, NINE, BOB)
    eve = taken(group, NINE, EVE)
    once, twice = moved(group, eve, TEN), moved(group, eve, TEN)
    assert (once.uid, twice.start) == (twice.uid, TEN)
    assert audited(group, once.uid) == ["book", "join"]


@ONCE
def test_who_has_left_or_not_confirmed_the_address_moves_nothing(group: Adapters) -> None:
    taken(group, NINE, BOB)
    eve = taken(group, NINE, EVE)
    life.cancel(group, eve.seat or "", "invitee")
    with group.store.write(actor="page") as uow:
        held = booking.reserve_within(group, uow, wish(NINE, email=JOE), Hold(may_be_asked=True))
    for seat in (eve, held):
        with pytest.raises(IllegalTransition):
            moved(group, seat, TEN)


def test_others_who_only_hold_a_seat_are_not_moved_along(group: Adapters) -> None:
    bob = taken(group, NINE, BOB)
    with group.store.write(actor="page") as uow:
        held = booking.reserve_within(group, uow, wish(NINE, email=EVE), Hold(may_be_asked=True))
    now = moved(group, bob, TEN)
    assert now.uid != bob.uid
    assert booking.reservation(group, held.seat or "").status == "cancelled"
    assert list(objects(group, "ada")) == [now.uid]


def test_a_group_that_was_only_held_becomes_one(group: Adapters) -> None:
    with group.store.write(actor="page") as uow:
        held = booking.reserve_within(group, uow, wish(TEN, email=EVE), Hold(may_be_asked=True))
    taken(group, NINE, JOE)
    bob = taken(group, NINE, BOB)
    now = moved(group, bob, TEN)
    assert (now.uid, now.status) == (held.uid, "confirmed")
    assert booking.reservation(group, held.uid).unverified is False
    assert attendees(group, now.uid) == [BOB]


def test_where_the_host_confirms_a_seat_waits_as_its_group_does(group: Adapters, clock: Clock) -> None:
    event_types.set(group, "ada", "talk", confirmation=True)
    bob, eve = taken(group, NINE, BOB), taken(group, NINE, EVE)
    waits = moved(group, eve, TEN)
    assert (waits.status, waits.expires) == ("pending", clock.now + timedelta(days=1))
    life.decide(group, bob.uid, "confirm", "ada")
    assert moved(group, bob, TEN).status == "pending"
    life.decide(group, waits.uid, "confirm", "ada")
    assert booking.reservation(group, bob.seat or "").status == "confirmed"
    assert moved(group, bob, NINE).status == "confirmed"


@ONCE
def test_the_host_moves_and_cancels_the_new_group_as_any(group: Adapters) -> None:
    taken(group, NINE, BOB)
    now = moved(group, taken(group, NINE, EVE), TEN)
    store_item(group, "ada/calendar", now.uid, event(now.uid, ELEVEN, HALF_HOUR, "Talk"))
    assert booking.reservation(group, now.seat or "").start == ELEVEN
    life.cancel(group, now.seat or "", "invitee")
    assert item_text(group, "ada/calendar", now.uid) is None


@ONCE
def test_programs_elsewhere_are_told(group: Adapters) -> None:
    webhooks.add(group, "https://hook.example/", [])
    bob, eve = taken(group, NINE, BOB), taken(group, NINE, EVE)
    now = moved(group, eve, TEN)
    moved(group, bob, TEN)
    moved(group, bob, NINE)
    moved(group, bob, TEN)
    with group.store.read() as uow:
        told = [(row.payload["event"].removeprefix("booking."), row.payload["uid"])
                for row in sorted(uow.outbox.list("webhook"), key=lambda row: row.id)]
    assert told[:6] == [("created", bob.uid), ("joined", bob.uid), ("left", bob.uid), ("created", now.uid),
                        ("cancelled", bob.uid), ("joined", now.uid)]
    assert [name for name, _ in told[6:]] == ["left", "created", "cancelled", "joined"]


def test_seats_that_move_and_are_booked_at_once_are_never_too_many(group: Adapters) -> None:
    draw_hours(group, "more", NINE + timedelta(days=1), timedelta(hours=6))
    others = [NINE + timedelta(days=1, minutes=30 * number) for number in range(4)]
    seats = [taken(group, start, f"{start:%H%M}-{number}@example.org") for start in others for number in range(3)]
    barrier = threading.Barrier(len(seats) + 6)

    def attempt(number: int) -> str:
        barrier.wait(60)
        try:
            if number < len(seats):
                moved(group, seats[number], NINE)
            else:
                taken(group, NINE, f"new{number}@example.org")
        except SlotTaken:
            return "refused"
        return "in"

    with ThreadPoolExecutor(len(seats) + 6) as pool:
        outcomes = Counter(pool.map(attempt, range(len(seats) + 6)))
    assert outcomes == {"in": 3, "refused": len(seats) + 3}
    assert NINE not in seats_left(group)
    with group.store.read() as uow:
        groups = [one for one in uow.reservations.list("ada") if one.live]
        counts = {one.start: len(uow.seats.of(one.id or 0)) for one in groups}
    assert len(counts) == len(groups)
    assert counts[NINE] == 3
    assert sum(counts.values()) >= len(seats)
    assert {uid: len(attendees(group, uid)) for uid in objects(group, "ada")} == {
        one.uid: counts[one.start] for one in groups}


def test_two_who_change_places_at_once(group: Adapters) -> None:
    bob, joe = taken(group, NINE, BOB), taken(group, TEN, JOE)
    barrier = threading.Barrier(2)

    def attempt(pair: tuple[Reservation, datetime]) -> datetime:
        barrier.wait(60)
        return moved(group, *pair).start

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(attempt, [(bob, TEN), (joe, NINE)]))
    seen = {booking.reservation(group, seat.seat or "").start for seat in (bob, joe)}
    assert seen in ({NINE, TEN}, {NINE}, {TEN})
    assert len(objects(group, "ada")) == len(seen)
