"""Rules that hosts write into the windows they draw."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.location import Location
from radicale_booking.errors import SlotTaken
from radicale_booking.services import booking, busy, event_types, windows
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, NOW, audited, draw_hours, event, mails, remove_item, store_item, wish

MINUTE = timedelta(minutes=1)
WEDNESDAY = NINE + timedelta(days=1)
WEEK = Interval(NOW, NOW + timedelta(days=7))
PLAIN = EventType("ada", "tea", "Tea", timedelta(minutes=30), origin="calendar")


def draw(app: Adapters, *lines: str, uid: str = "tea", title: str = "Tea", text: str | None = None) -> EventType:
    """Draw a window of three hours and give its event type."""
    described = text if text is not None else "\\n".join(line.replace(",", "\\,") for line in lines)
    draw_hours(app, uid, WEDNESDAY, timedelta(hours=3), title, extra=f"DESCRIPTION:{described}\r\n")
    return next(found for found in event_types.list(app, "ada") if found.title == title)


def unread(app: Adapters) -> list[str]:
    return [problem.line for problem in windows.problems(app, "ada")]


RULES: list[tuple[str, dict[str, Any]]] = [
    ("duration: 45m", {"duration": 45 * MINUTE}),
    ("duration: 20, 40", {"duration": 20 * MINUTE, "other_durations": (40 * MINUTE,)}),
    ("step: 15m", {"step": 15 * MINUTE}),
    ("buffer: 5m/10m", {"buffer_before": 5 * MINUTE, "buffer_after": 10 * MINUTE}),
    ("notice: 4h", {"notice": timedelta(hours=4)}),
    ("horizon: 90d", {"horizon": timedelta(days=90)}),
    ("horizon: 10 business days", {"horizon": timedelta(days=10), "horizon_business": True}),
    ("horizon: 2030-01-01..2030-02-01", {"first_day": date(2030, 1, 1), "last_day": date(2030, 2, 1)}),
    ("limit: 4/day, 90m/week, 2/invitee", {"limit_per_day": 4, "minutes_per_week": 90, "limit_per_invitee": 2}),
    ("seats: 8", {"seats": 8}),
    ("confirm: yes", {"confirmation": True}),
    ("location: https://meet.example.org/tea", {"locations": (Location("link", "https://meet.example.org/tea"),)}),
    ("timezone: Europe/Paris", {"timezone": "Europe/Paris"}),
    ("colour: #3366CC", {"colour": "#3366cc"}),
    ("hidden: yes", {"hidden": True}),
]


@pytest.mark.parametrize(("line", "fields"), RULES, ids=[line for line, _ in RULES])
def test_a_line_sets_a_rule_and_its_removal_the_default(app: Adapters, line: str, fields: dict[str, Any]) -> None:
    made = draw(app, "Come and have tea!", line)
    assert made == replace(PLAIN, id=made.id, **fields)
    assert draw(app, "Come and have tea!") == replace(PLAIN, id=made.id)
    assert unread(app) == []


def test_a_mail_to_be_answered_can_be_asked_for_where_mail_is_sent(app: Adapters) -> None:
    assert not draw(app, "verify: yes", "seats: 4").confirm_email
    assert unread(app) == ["verify: yes"]
    assert draw(app, "seats: 4").seats == 4
    mailing: Adapters = replace(app, mailer=SimpleNamespace())  # type: ignore[arg-type]
    assert draw(mailing, "verify: yes").confirm_email
    assert unread(mailing) == []
    assert not draw(mailing, "notice: 4h").confirm_email


def test_what_is_drawn_is_what_is_offered(app: Adapters) -> None:
    draw(app, "duration: 1h")
    offered = [slot.start for slot in booking.open_slots(app, "ada", "tea", WEEK)]
    assert offered == [WEDNESDAY + timedelta(hours=number) for number in range(3)]
    draw(app, "duration: 90m")
    assert len(booking.open_slots(app, "ada", "tea", WEEK)) == 2
    with pytest.raises(SlotTaken):
        booking.reserve(app, wish(offered[1], slug="tea"))


@pytest.mark.parametrize(("before", "after", "fields"), [
    ("duration: 30m, 60m", "duration: 60m, 30m", {"duration": 60 * MINUTE, "other_durations": (30 * MINUTE,)}),
    ("duration: 30m, 60m", "duration: 60m", {"duration": 60 * MINUTE}),
    ("duration: 30m, 60m", "seats: 3", {"seats": 3}),
    ("seats: 3", "duration: 30m, 60m", {"other_durations": (60 * MINUTE,)}),
    ("horizon: 2030-01-01..2030-02-01", "horizon: 2031-01-01..2031-02-01",
     {"first_day": date(2031, 1, 1), "last_day": date(2031, 2, 1)}),
    ("horizon: 2031-01-01..2031-02-01", "horizon: 2030-01-01..2030-02-01",
     {"first_day": date(2030, 1, 1), "last_day": date(2030, 2, 1)}),
    ("horizon: 10 business days", "horizon: 30d", {"horizon": timedelta(days=30)}),
    ("buffer: 3d/3d", "duration: 24h", {"duration": timedelta(days=1)}),
])
def test_lines_replace_each_other_whatever_the_way(app: Adapters, before: str, after: str,
                                                   fields: dict[str, Any]) -> None:
    first = draw(app, before)
    assert draw(app, after) == replace(PLAIN, id=first.id, **fields)
    assert unread(app) == []


def test_a_title_in_other_letters_is_the_same_and_drops_what_went(app: Adapters) -> None:
    made = draw(app, "duration: 45m", "notice: 4h")
    draw_hours(app, "tea", WEDNESDAY, timedelta(hours=3), "TEA", extra="DESCRIPTION:duration: 45m\r\n")
    assert event_types.list(app, "ada")[-1] == replace(PLAIN, id=made.id, duration=45 * MINUTE)


def test_lines_that_contradict_each_other_are_named_and_the_rest_counts(app: Adapters) -> None:
    made = draw(app, "seats: 3", "duration: 30m, 60m", "notice: 4h")
    assert made.notice == timedelta(hours=4)
    assert (made.seats == 3) != (made.other_durations == (60 * MINUTE,))
    assert len(unread(app)) == 1


def test_a_line_that_cannot_be_read_is_kept_for_the_host_who_is_told_once(app: Adapters) -> None:
    made = draw(app, "duration: soon", "notice: 4h", "Bring a cup: yours")
    assert (made.duration, made.notice) == (30 * MINUTE, timedelta(hours=4))
    assert len(booking.open_slots(app, "ada", "tea", WEEK)) == 6
    assert unread(app) == ["duration: soon"]
    assert mails(app, "ada@example.org") == ["window-problem"]
    draw(app, "duration: soon", "notice: 4h", "Bring a cup: mine")
    assert mails(app, "ada@example.org") == ["window-problem"]
    draw(app, "duration: soon", "notice: late")
    assert unread(app) == ["duration: soon", "notice: late"]
    assert mails(app, "ada@example.org") == ["window-problem"] * 2
    draw(app, "duration: 20m")
    assert unread(app) == []
    assert mails(app, "ada@example.org") == ["window-problem"] * 2


def test_what_the_mail_says_is_what_the_host_sees(app: Adapters) -> None:
    draw(app, "duraton: 20m")
    (problem,) = windows.problems(app, "ada")
    with app.store.read() as uow:
        (mail,) = (row for row in uow.outbox.pending() if row.payload["event"] == "window-problem")
    assert mail.payload["problems"] == [["duraton: 20m", problem.reason, "write duration:"]]
    assert (mail.recipient, mail.payload["href"]) == ("ada@example.org", "tea.ics")


def test_a_removed_window_takes_its_problems_along(app: Adapters) -> None:
    draw(app, "duration: soon")
    remove_item(app, "ada/bookable", "tea")
    assert unread(app) == []


@pytest.mark.parametrize("text", [
    "<html><body><p>Tea for <b>two</b></p><p>duration: 45m</p><div>notice:&nbsp\\;4h</div></body></html>",
    "Tea<br>duration: 45m<br/>notice: 4h",
    "<ul><li>duration: 45m</li><li>notice: <b>4h</b></li></ul>",
    "duration: 45m\\nnotice: 4h",
    "  DURATION :45 min\\n\\n\\nNotice:4 hours  ",
    "Dauer: 45 Minuten\\nVorlauf: 4 Stunden",
])
def test_descriptions_are_read_as_programs_write_them(app: Adapters, text: str) -> None:
    made = draw(app, text=text)
    assert (made.duration, made.notice) == (45 * MINUTE, timedelta(hours=4))
    assert unread(app) == []


def test_two_windows_of_one_title_share_their_rules(app: Adapters) -> None:
    draw(app, "duration: 45m")
    draw(app, "notice: 4h", uid="more")
    made = event_types.show(app, "ada", "tea")
    assert (made.duration, made.notice) == (45 * MINUTE, timedelta(hours=4))
    remove_item(app, "ada/bookable", "more")
    assert event_types.show(app, "ada", "tea") == replace(PLAIN, id=made.id, duration=45 * MINUTE)


def test_an_event_type_that_comes_back_has_lost_no_rule(app: Adapters) -> None:
    draw(app, "duration: 45m", "notice: 4h")
    remove_item(app, "ada/bookable", "tea")
    assert event_types.show(app, "ada", "tea").closed
    made = draw(app, "notice: 2h")
    assert (made.closed, made.duration, made.notice) == (False, 45 * MINUTE, timedelta(hours=2))


def test_an_event_type_that_was_made_elsewhere_keeps_its_rules(app: Adapters) -> None:
    draw(app, "duration: 45m", title="Talk")
    assert event_types.show(app, "ada", "talk").duration == 30 * MINUTE
    assert "event type set" not in audited(app, "ada/talk")


def test_a_change_of_rules_is_in_the_audit_trail_once(app: Adapters) -> None:
    draw(app, "duration: 45m")
    draw(app, "duration: 45m", "Only words")
    assert audited(app, "ada/tea") == ["event type add", "event type set"]


def test_availability_around_the_clock_has_one_grid_in_list_and_check(app: Adapters) -> None:
    remove_item(app, "ada/bookable", "hours")
    with app.store.write() as uow:
        ada = uow.principals.get("ada")
        assert ada is not None
        uow.principals.update(replace(ada, availability=(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:a\r\n"
            "DTSTAMP:20300101T000000Z\r\nBEGIN:AVAILABLE\r\nUID:b\r\nDTSTAMP:20300101T000000Z\r\n"
            "DTSTART;TZID=Europe/Berlin:20290101T000000\r\nDTEND;TZID=Europe/Berlin:20290102T000000\r\n"
            "RRULE:FREQ=DAILY\r\nEND:AVAILABLE\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n")))
    for shift in range(0, 300, 7):
        frame = Interval(NINE + shift * MINUTE, NINE + timedelta(hours=6))
        starts = [slot.start for slot in booking.open_slots(app, "ada", "talk", frame)]
        assert all(start.minute in (0, 30) for start in starts)
        assert len(starts) == len([minute for minute in range(0, 360, 30) if minute >= shift])
    with pytest.raises(SlotTaken) as refused:
        booking.reserve(app, wish(NINE + 7 * MINUTE))
    assert refused.value.rule == "grid"


def test_availability_that_cannot_be_read_leaves_no_time_and_is_told(app: Adapters) -> None:
    with app.store.write() as uow:
        ada = uow.principals.get("ada")
        assert ada is not None
        uow.principals.update(replace(ada, availability=(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:a\r\n"
            "DTSTAMP:20300101T000000Z\r\nBEGIN:AVAILABLE\r\nUID:b\r\nDTSTAMP:20300101T000000Z\r\n"
            "DTSTART;TZID=Mars/Olympus:20290101T000000\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY\r\n"
            "END:AVAILABLE\r\nEND:VAVAILABILITY\r\nEND:VCALENDAR\r\n")))
    assert booking.open_slots(app, "ada", "talk", WEEK) == []
    [refused] = [verdict for verdict in booking.explain(app, "ada", "talk", NINE) if verdict.rule == "busy"]
    assert (refused.passed, "Mars/Olympus" in refused.cause) == (False, True)
    with pytest.raises(SlotTaken):
        booking.reserve(app, wish())
    [(address, reason)] = windows.unreadable(app, "ada")
    assert (address, "Mars/Olympus" in reason) == ("/ada/inbox", True)
    with app.store.read() as uow:
        ada = uow.principals.get("ada")
        assert ada is not None
        [all_of_it] = busy.times(app, uow, ada, WEEK)
    assert (all_of_it.interval, all_of_it.kind) == (WEEK, "BUSY-UNAVAILABLE")


def test_windows_of_a_repeating_item_and_its_exceptions_are_read_together(app: Adapters) -> None:
    text = event("tea", WEDNESDAY, timedelta(hours=1), "Tea", "RRULE:FREQ=DAILY;COUNT=3\r\nDESCRIPTION:notice: 4h\r\n")
    other = event("tea", WEDNESDAY + timedelta(days=1, hours=1), timedelta(hours=1), "Tea",
                  f"RECURRENCE-ID:{WEDNESDAY + timedelta(days=1):%Y%m%dT%H%M%SZ}\r\nDESCRIPTION:notice: 4h\r\n")
    part = other[other.index("BEGIN:VEVENT"):other.index("END:VCALENDAR")]
    store_item(app, "ada/bookable", "tea", text.replace("END:VCALENDAR", part + "END:VCALENDAR"))
    assert event_types.show(app, "ada", "tea").notice == timedelta(hours=4)
    assert [slot.start.hour for slot in booking.open_slots(app, "ada", "tea", WEEK)] == [9, 9, 10, 10, 9, 9]
