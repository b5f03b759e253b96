"""Occurrences that are booked together: all or none, one calendar object, each with its own life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import BookingError, InvalidInput, SlotTaken
from radicale_booking.mail_settings import MailSettings
from radicale_booking.notify.mail import MailComposer
from radicale_booking.services import booking, event_types, implicit, life, mail
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import (
    NINE,
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
WEEK = timedelta(days=7)
WEEKS = [NINE + number * WEEK for number in range(4)]
MONTHS = Interval(NINE - timedelta(days=1), NINE + 9 * WEEK)


@pytest.fixture
def weekly(app: Adapters) -> Adapters:
    """Ada's talk may be booked four times at once, every week from nine to twelve."""
    store_item(app, "ada/bookable", "hours", event("hours", NINE, timedelta(hours=3), extra="RRULE:FREQ=WEEKLY\r\n"))
    event_types.set(app, "ada", "talk", repeat_every="week", repeat_most=4)
    return app


def book(app: Adapters, count: int = 4, start: datetime = NINE, **changes: Any) -> list[Reservation]:
    return booking.series_of(app, booking.reserve(app, replace(wish(start), occurrences=count, **changes)))


def occupied(app: Adapters) -> list[datetime]:
    with app.store.read() as uow:
        return [row.interval.start for row in uow.reservations.occupancies("ada", MONTHS)]


def busy(app: Adapters) -> list[datetime]:
    """What the one calendar object says."""
    with app.store.read() as uow:
        principal = uow.principals.get("ada")
        assert principal is not None
        assert principal.id is not None
        return sorted(row.interval.start for row in uow.instances.busy(principal.id, MONTHS))


def starts(app: Adapters) -> list[datetime]:
    return [found.start for found in booking.reservations(app, "ada") if found.live]


def same_everywhere(app: Adapters, expected: Sequence[datetime]) -> None:
    """Reservations, occupancies and the calendar object say the same."""
    assert (starts(app), occupied(app), busy(app)) == (list(expected), list(expected), list(expected))


def edited(app: Adapters, uid: str, *changes: tuple[str, str], extra: str = "") -> None:
    """Store the object with texts replaced and ``extra`` components, as a host's program does."""
    text = item_text(app, "ada/calendar", uid)
    assert text is not None
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    store_item(app, "ada/calendar", uid, text.replace("END:VCALENDAR", extra + "END:VCALENDAR"))


def override(uid: str, original: datetime, start: datetime) -> str:
    return (f"BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20300101T000000Z\r\nRECURRENCE-ID:{original:%Y%m%dT%H%M%SZ}\r\n"
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}\r\nDTEND:{start + HALF_HOUR:%Y%m%dT%H%M%SZ}\r\nSUMMARY:Talk\r\n"
            "END:VEVENT\r\n")


def test_all_are_booked_with_one_object(weekly: Adapters) -> None:
    booked = book(weekly)
    assert [found.start for found in booked] == WEEKS
    assert len({found.uid for found in booked}) == 4
    assert {found.calendar_uid for found in booked} == {booked[0].series}
    assert list(objects(weekly, "ada")) == [booked[0].series]
    same_everywhere(weekly, WEEKS)
    assert mails(weekly) == ["book"]
    text = objects(weekly, "ada")[booked[0].calendar_uid]
    rule = icalendar.Calendar.from_ical(text).walk("VEVENT")[0]["RRULE"]
    assert (rule["FREQ"], rule["COUNT"]) == (["WEEKLY"], [4])


def test_the_mail_about_all_has_their_rule(weekly: Adapters) -> None:
    composer = MailComposer(MailSettings(host="127.0.0.1", sender="booking@example.net"))
    booked = book(weekly)
    life.cancel(weekly, booked[1].uid, actor="invitee")
    message = mail.preview(replace(weekly, composer=composer), booked[0].uid)
    [invitation] = [part.get_content() for part in message.walk() if part.get_content_type() == "text/calendar"]
    [event] = icalendar.Calendar.from_ical(invitation).walk("VEVENT")
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;COUNT=4;INTERVAL=1"
    assert [left_out.dt for left_out in event["EXDATE"].dts] == [WEEKS[1]]


def test_one_that_is_taken_refuses_all(weekly: Adapters) -> None:
    other = booking.reserve(weekly, wish(WEEKS[2], email="eve@example.org"))
    with pytest.raises(SlotTaken) as refused:
        book(weekly)
    assert (refused.value.rule, refused.value.start) == ("occupancy", NINE)
    # What was asked for is no alternative, though its first time is free.
    assert NINE not in refused.value.alternatives
    assert NINE + HALF_HOUR in refused.value.alternatives
    assert starts(weekly) == [WEEKS[2]]
    assert list(objects(weekly, "ada")) == [other.uid]
    assert mails(weekly) == []


@pytest.mark.parametrize("count", [0, 5, -1])
def test_only_as_many_as_may_be(weekly: Adapters, count: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        book(weekly, count)
    assert refused.value.name == "occurrences"
    assert starts(weekly) == []


@pytest.mark.parametrize(("limit", "refused"), [
    ({"limit_per_month": 3}, "rule='limit'"), ({"minutes_per_month": 100}, "rule='limit'"),
    ({"limit_per_invitee": 3}, "AddressRefused")])
def test_limits_count_within_the_series(weekly: Adapters, limit: dict[str, int], refused: str) -> None:
    event_types.set(weekly, "ada", "talk", **limit)
    with pytest.raises(BookingError, match=refused):
        book(weekly)
    assert starts(weekly) == []
    assert len(book(weekly, 3)) == 3


def test_the_same_key_gives_the_same_series(weekly: Adapters) -> None:
    assert book(weekly, idempotency_key="k") == book(weekly, idempotency_key="k")
    assert len(starts(weekly)) == 4


def test_an_invitee_cancels_one(weekly: Adapters) -> None:
    booked = book(weekly)
    life.cancel(weekly, booked[1].uid, "invitee")
    same_everywhere(weekly, [WEEKS[0], *WEEKS[2:]])
    life.cancel(weekly, booked[0].uid, "invitee")
    same_everywhere(weekly, WEEKS[2:])
    for found in booked[2:]:
        life.cancel(weekly, found.uid, "invitee")
    same_everywhere(weekly, [])
    assert objects(weekly, "ada") == {}


def test_an_invitee_moves_one(weekly: Adapters) -> None:
    booked = book(weekly)
    life.reschedule(weekly, booked[1].uid, WEEKS[1] + HALF_HOUR, "invitee")
    same_everywhere(weekly, [WEEKS[0], WEEKS[1] + HALF_HOUR, *WEEKS[2:]])
    life.reschedule(weekly, booked[0].uid, WEEKS[0] + 2 * HALF_HOUR, "invitee")
    same_everywhere(weekly, [WEEKS[0] + 2 * HALF_HOUR, WEEKS[1] + HALF_HOUR, *WEEKS[2:]])


def test_a_host_moves_one(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    edited(weekly, uid, extra=override(uid, WEEKS[2], WEEKS[2] + HALF_HOUR))
    same_everywhere(weekly, [*WEEKS[:2], WEEKS[2] + HALF_HOUR, WEEKS[3]])
    assert mails(weekly) == ["book", "reschedule"]
    assert audited(weekly, booked[2].uid) == ["reschedule"]
    # What the invitee does next keeps what the host did.
    life.cancel(weekly, booked[0].uid, "invitee")
    same_everywhere(weekly, [WEEKS[1], WEEKS[2] + HALF_HOUR, WEEKS[3]])


def test_a_host_deletes_one_and_undoes_it(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    whole = objects(weekly, "ada")[uid]
    edited(weekly, uid, ("RRULE:", f"EXDATE:{WEEKS[1]:%Y%m%dT%H%M%SZ}\r\nRRULE:"))
    same_everywhere(weekly, [WEEKS[0], *WEEKS[2:]])
    assert mails(weekly) == ["book", "cancel"]
    store_item(weekly, "ada/calendar", uid, whole)
    same_everywhere(weekly, WEEKS)
    assert mails(weekly) == ["book", "cancel", "confirm"]


def test_a_host_cannot_bring_back_what_the_invitee_cancelled(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    whole = objects(weekly, "ada")[uid]
    life.cancel(weekly, booked[1].uid, "invitee")
    store_item(weekly, "ada/calendar", uid, whole)
    assert starts(weekly) == [WEEKS[0], *WEEKS[2:]]


@pytest.mark.parametrize("by", [HALF_HOUR, timedelta(days=1), -timedelta(days=1), WEEK, -WEEK, 2 * WEEK],
                         ids=lambda by: f"{by}")
def test_a_host_moves_all(weekly: Adapters, by: timedelta) -> None:
    first = NINE + WEEK
    booked = book(weekly, 3, first)
    uid = booked[0].calendar_uid
    text = objects(weekly, "ada")[uid]
    store_item(weekly, "ada/calendar", uid, moved(text, by))
    expected = [first + number * WEEK + by for number in range(3)]
    same_everywhere(weekly, expected)
    assert {found.status for found in booking.series_of(weekly, booked[0])} == {"confirmed"}
    assert mails(weekly) == ["book", "reschedule"]
    assert mails(weekly, "ada@example.org") == ["book", "reschedule"]
    assert [audited(weekly, found.uid) for found in booked[1:]] == [["reschedule"]] * 2
    # And then one of them again.
    life.cancel(weekly, booked[1].uid, "invitee")
    same_everywhere(weekly, [expected[0], expected[2]])


def moved(text: str, by: timedelta) -> str:
    """The object with all its events ``by`` later."""
    calendar = icalendar.Calendar.from_ical(text)
    for found in calendar.walk("VEVENT"):
        for name in ("DTSTART", "DTEND"):
            value = found.pop(name).dt
            found.add(name, value + by)
    return calendar.to_ical().decode()


def test_a_host_cannot_move_all_onto_another_booking(weekly: Adapters) -> None:
    other = booking.reserve(weekly, wish(WEEKS[2] + HALF_HOUR, email="eve@example.org"))
    booked = book(weekly)
    text = objects(weekly, "ada")[booked[0].calendar_uid]
    with pytest.raises(SlotTaken):
        store_item(weekly, "ada/calendar", booked[0].calendar_uid, moved(text, HALF_HOUR))
    same_everywhere(weekly, sorted([*WEEKS, other.start]))


def test_a_host_shortens_the_series_at_either_end(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    edited(weekly, uid, ("COUNT=4", "COUNT=3"))
    same_everywhere(weekly, WEEKS[:3])
    text = objects(weekly, "ada")[uid].replace("COUNT=3", "COUNT=2")
    store_item(weekly, "ada/calendar", uid, moved(text, WEEK))
    same_everywhere(weekly, WEEKS[1:3])
    assert [found.status for found in booking.series_of(weekly, booked[0])] == [
        "cancelled", "confirmed", "confirmed", "cancelled"]


def test_a_host_deletes_all_and_undoes_it(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    text = objects(weekly, "ada")[uid]
    remove_item(weekly, "ada/calendar", uid)
    same_everywhere(weekly, [])
    assert mails(weekly) == ["book", "cancel"]
    store_item(weekly, "ada/calendar", uid, text)
    same_everywhere(weekly, WEEKS)
    assert mails(weekly) == ["book", "cancel", "confirm"]


def test_all_wait_for_confirmation_and_each_is_decided(weekly: Adapters) -> None:
    event_types.set(weekly, "ada", "talk", confirmation=True)
    booked = book(weekly)
    assert {found.status for found in booked} == {"pending"}
    life.decide(weekly, booked[0].uid, "confirm", "host")
    life.decide(weekly, booked[3].uid, "decline", "host")
    assert [found.status for found in booking.series_of(weekly, booked[0])] == [
        "confirmed", "pending", "pending", "declined"]
    same_everywhere(weekly, WEEKS[:3])


def test_the_others_still_wait_when_the_host_saves_an_object_in_which_one_is_confirmed(weekly: Adapters) -> None:
    event_types.set(weekly, "ada", "talk", confirmation=True)
    booked = book(weekly)
    life.decide(weekly, booked[0].uid, "confirm", "host")
    edited(weekly, booked[0].calendar_uid, ("SUMMARY:Talk", "SUMMARY:Our talk"))
    assert [found.status for found in booking.series_of(weekly, booked[0])] == ["confirmed"] + ["pending"] * 3


def test_what_a_host_wrote_into_one_occurrence_stays(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    own = override(uid, WEEKS[2], WEEKS[2] + HALF_HOUR).replace(
        "SUMMARY:Talk", "SUMMARY:Bring the drawings\r\nX-OWN:kept\r\nLOCATION:Room 9")
    edited(weekly, uid, extra=own)
    for change in (lambda: life.cancel(weekly, booked[0].uid, "invitee"),
                   lambda: life.reschedule(weekly, booked[2].uid, WEEKS[2] + 2 * HALF_HOUR, "invitee"),
                   lambda: life.reschedule(weekly, booked[2].uid, WEEKS[2], "invitee")):
        change()
        kept = occurrence(objects(weekly, "ada")[uid], WEEKS[2])
        assert (kept["SUMMARY"], kept["X-OWN"], kept["LOCATION"]) == ("Bring the drawings", "kept", "Room 9")
        assert str(kept["ATTENDEE"]) == "mailto:bob@example.org"
        assert kept["DTSTART"].dt == booking.reservation(weekly, booked[2].uid).start
    same_everywhere(weekly, WEEKS[1:])


def occurrence(text: str, original: datetime) -> Any:
    """The changed occurrence of the object that began at ``original``."""
    return next(found for found in icalendar.Calendar.from_ical(text).walk("VEVENT")
                if "RECURRENCE-ID" in found and found["RECURRENCE-ID"].dt == original)


def test_a_host_moves_one_and_those_that_follow(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    following = override(uid, WEEKS[2], WEEKS[2] + HALF_HOUR).replace(
        "RECURRENCE-ID:", "RECURRENCE-ID;RANGE=THISANDFUTURE:").replace("SUMMARY:Talk", "SUMMARY:Later")
    edited(weekly, uid, extra=following)
    moved_ones = [*WEEKS[:2], WEEKS[2] + HALF_HOUR, WEEKS[3] + HALF_HOUR]
    same_everywhere(weekly, moved_ones)
    assert mails(weekly) == ["book", "reschedule"]
    # The server's own change of it tells the occurrences apart, each with what the host wrote.
    life.cancel(weekly, booked[0].uid, "invitee")
    same_everywhere(weekly, moved_ones[1:])
    text = objects(weekly, "ada")[uid]
    assert {str(occurrence(text, week)["SUMMARY"]) for week in WEEKS[2:]} == {"Later"}
    assert "THISANDFUTURE" not in text


def split(text: str, at: datetime, to: datetime, count: int) -> tuple[str, str]:
    """What a program writes that changes the occurrence at ``at`` and those after it: the shortened object, and the
    other with a UID of its own, which begins at ``to``."""
    assert "COUNT=4" in text
    rest = icalendar.Calendar.from_ical(text.replace("COUNT=4", f"COUNT={count}"))
    rest_event = rest.walk("VEVENT")[0]
    for name, value in (("UID", "the-rest"), ("DTSTART", to), ("DTEND", to + HALF_HOUR), ("SEQUENCE", 0)):
        del rest_event[name]
        rest_event.add(name, value)
    return (text.replace("COUNT=4", f"UNTIL={at - timedelta(seconds=1):%Y%m%dT%H%M%SZ}"), rest.to_ical().decode())


@pytest.mark.parametrize("by", [timedelta(), HALF_HOUR, timedelta(days=-1)], ids=lambda by: f"{by}")
@pytest.mark.parametrize("shortened_first", [True, False])
def test_a_series_cut_in_two_by_a_program_stays_booked(weekly: Adapters, clock: Clock, by: timedelta,
                                                       shortened_first: bool) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    shortened, rest = split(objects(weekly, "ada")[uid], WEEKS[2], WEEKS[2] + by, 2)
    puts = [(uid, shortened), ("the-rest", rest)]
    for name, text in puts if shortened_first else reversed(puts):
        store_item(weekly, "ada/calendar", name, text)
        clock.now += timedelta(seconds=20)
    expected = [*WEEKS[:2], WEEKS[2] + by, WEEKS[3] + by]
    same_everywhere(weekly, expected)
    # Nobody hears of an end; of the new times once, and all that were booked together are still so for the invitee.
    assert mails(weekly) == ["book", *(["reschedule"] if by else [])]
    assert [found.uid for found in booking.series_of(weekly, booked[0])] == [found.uid for found in booked]
    assert {found.invitation_uid for found in booking.series_of(weekly, booked[0])} == {uid}
    assert sorted(objects(weekly, "ada")) == sorted([uid, "the-rest"])
    # Each object stands for its own part from now on.
    life.cancel(weekly, booked[3].uid, "invitee")
    same_everywhere(weekly, expected[:3])
    remove_item(weekly, "ada/calendar", "the-rest")
    same_everywhere(weekly, WEEKS[:2])
    remove_item(weekly, "ada/calendar", uid)
    same_everywhere(weekly, [])


@pytest.mark.parametrize("shortened_first", [True, False])
def test_the_last_one_of_a_series_may_be_cut_off_alone(weekly: Adapters, shortened_first: bool) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    shortened, rest = split(objects(weekly, "ada")[uid], WEEKS[3], WEEKS[3] + HALF_HOUR, 1)
    rest = "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("RRULE"))
    puts = [(uid, shortened), ("the-rest", rest)]
    for name, text in puts if shortened_first else reversed(puts):
        store_item(weekly, "ada/calendar", name, text)
    same_everywhere(weekly, [*WEEKS[:3], WEEKS[3] + HALF_HOUR])
    assert mails(weekly) == ["book", "reschedule"]


@pytest.mark.parametrize("shortened_first", [True, False])
def test_the_rest_of_a_series_is_no_invitation(weekly: Adapters, shortened_first: bool) -> None:
    uid = book(weekly)[0].calendar_uid
    shortened, rest = split(objects(weekly, "ada")[uid], WEEKS[2], WEEKS[2], 2)
    if shortened_first:
        store_item(weekly, "ada/calendar", uid, shortened)
    assert not invites(weekly, rest, "the-rest")
    assert invites(weekly, rest.replace("bob@example.org", "eve@example.org"), "another")
    assert [event for event in mails(weekly) if event == "itip"] == []
    assert mails(weekly, "eve@example.org") == ["itip"]


def invites(app: Adapters, text: str, uid: str) -> bool:
    """Whether ada's program invites people by storing the new object."""
    with app.store.write(actor="ada") as uow:
        ada, calendar = uow.principals.get("ada"), uow.collections.get("ada/calendar")
        assert ada is not None
        assert calendar is not None
        return implicit.written(app, uow, ada, calendar, None, text, uid) is not None


def test_a_copy_of_all_or_of_what_the_invitee_cancelled_is_not_the_rest(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    text = objects(weekly, "ada")[uid]
    assert invites(weekly, text.replace(uid, "a-copy"), "a-copy")
    assert invites(weekly, split(text, WEEKS[2], WEEKS[0] + HALF_HOUR, 2)[1], "the-rest")
    for found in booked[2:]:
        life.cancel(weekly, found.uid, "invitee")
    rest = split(text, WEEKS[2], WEEKS[2], 2)[1]
    assert invites(weekly, rest, "the-rest")
    store_item(weekly, "ada/calendar", "the-rest", rest)
    assert starts(weekly) == WEEKS[:2]


def test_what_is_cut_off_and_does_not_come_is_cancelled_after_a_while(weekly: Adapters, clock: Clock) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    shortened, rest = split(objects(weekly, "ada")[uid], WEEKS[2], WEEKS[2], 2)
    store_item(weekly, "ada/calendar", uid, shortened)
    same_everywhere(weekly, WEEKS[:2])
    with weekly.store.read() as uow:
        due = {row.due - clock.now for row in uow.outbox.pending() if row.payload["event"] == "cancel"}
    assert due == {timedelta(minutes=2)}
    clock.now += timedelta(minutes=3)
    store_item(weekly, "ada/calendar", "the-rest", rest)
    assert starts(weekly) == WEEKS[:2]
    assert mails(weekly) == ["book", "cancel", "cancel"]


def test_an_event_with_another_invitee_is_not_the_rest(weekly: Adapters) -> None:
    booked = book(weekly)
    uid = booked[0].calendar_uid
    shortened, rest = split(objects(weekly, "ada")[uid], WEEKS[2], WEEKS[2], 2)
    store_item(weekly, "ada/calendar", uid, shortened)
    store_item(weekly, "ada/calendar", "the-rest", rest.replace("bob@example.org", "eve@example.org"))
    assert starts(weekly) == WEEKS[:2]


def test_every_override_names_its_people(weekly: Adapters) -> None:
    booked = book(weekly)
    life.reschedule(weekly, booked[1].uid, WEEKS[1] + HALF_HOUR, "invitee")
    events = icalendar.Calendar.from_ical(objects(weekly, "ada")[booked[0].calendar_uid]).walk("VEVENT")
    assert [str(found["ATTENDEE"]) for found in events] == ["mailto:bob@example.org"] * 2


@pytest.mark.parametrize("rules", [{"repeat_every": "day"}, {"repeat_every": "", "repeat_most": 1},
                                   {"timezone": "Pacific/Auckland"}, {"repeat_interval": 2}])
def test_a_series_stays_what_it_was_when_the_rules_change(weekly: Adapters, rules: dict[str, Any]) -> None:
    booked = book(weekly)
    event_types.set(weekly, "ada", "talk", **rules)
    life.cancel(weekly, booked[1].uid, "invitee")
    same_everywhere(weekly, [WEEKS[0], *WEEKS[2:]])


def test_occurrences_keep_their_wall_time_when_clocks_change(weekly: Adapters) -> None:
    first = datetime(2030, 3, 26, 8, tzinfo=UTC)  # nine in Berlin, a week before summer time begins
    event_types.set(weekly, "ada", "talk", horizon=timedelta(days=365))
    for number in range(2):
        draw_hours(weekly, f"spring-{number}", first + number * WEEK - timedelta(hours=1), timedelta(hours=3))
    booked = book(weekly, 2, first)
    assert [found.start for found in booked] == [first, first + WEEK - timedelta(hours=1)]
    with weekly.store.read() as uow:
        principal = uow.principals.get("ada")
        assert principal is not None
        assert principal.id is not None
        rows = uow.instances.busy(principal.id, Interval(first - WEEK, first + 2 * WEEK))
    assert sorted(row.interval.start for row in rows) == [found.start for found in booked]


def test_a_series_that_begins_in_the_second_of_two_equal_hours(weekly: Adapters) -> None:
    second = datetime(2030, 10, 27, 1, 30, tzinfo=UTC)  # half past two in Berlin for the second time that night
    event_types.set(weekly, "ada", "talk", horizon=timedelta(days=365), repeat_every="day")
    for number in range(2):
        draw_hours(weekly, f"night-{number}", second + timedelta(hours=24 * number - 1), timedelta(hours=3))
    booked = book(weekly, 2, second)
    expected = [second, second + timedelta(days=1)]
    assert [found.start for found in booked] == expected
    with weekly.store.read() as uow:
        principal = uow.principals.get("ada")
        assert principal is not None
        assert principal.id is not None
        rows = uow.instances.busy(principal.id, Interval(second - WEEK, second + WEEK))
    assert sorted(row.interval.start for row in rows) == expected
    text = objects(weekly, "ada")[booked[0].calendar_uid]
    store_item(weekly, "ada/calendar", booked[0].calendar_uid, text + "\r\n")
    assert [found.start for found in booking.series_of(weekly, booked[0])] == expected
