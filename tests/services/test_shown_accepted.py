"""What is shown is exactly what is accepted: every start is tried, and what came of it undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from radicale_booking import wiring
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.team import Team
from radicale_booking.errors import SlotTaken
from radicale_booking.services import accounts, booking, event_types, life
from radicale_booking.services.adapters import Adapters
from radicale_booking.services.requests import BookingRequest
from radicale_booking.store.unit_of_work import UnitOfWork
from tests.services.calendars import NINE, event, store_item, wish
from tests.services.conftest import Clock, settings_in

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPAN = Interval(NINE - 2 * HOUR, NINE + DAY + 5 * HOUR)
#: Now on a grid, now off it.
TRIED = [SPAN.start + number * 35 * MINUTE for number in range(int(SPAN.length / (35 * MINUTE)))]
TRIED += [NINE + MINUTE, NINE + 29 * MINUTE, NINE + timedelta(seconds=1), NINE - DAY, NINE + 90 * DAY]
AVAILABLE = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VAVAILABILITY\r\nUID:a\r\n"
             "DTSTAMP:20300101T000000Z\r\nBEGIN:AVAILABLE\r\nUID:b\r\nDTSTAMP:20300101T000000Z\r\n"
             "DTSTART;TZID=Europe/Berlin:20300101T103000\r\n"
             "DTEND;TZID=Europe/Berlin:20300101T170000\r\nRRULE:FREQ=DAILY\r\nEND:AVAILABLE\r\nEND:VAVAILABILITY\r\n"
             "END:VCALENDAR\r\n")
RULES: dict[str, dict[str, Any]] = {
    "plain": {},
    "grid": {"step": 20 * MINUTE, "other_durations": (50 * MINUTE,)},
    "buffers": {"buffer_before": 10 * MINUTE, "buffer_after": 25 * MINUTE, "step": 15 * MINUTE, "confirmation": True},
    "times": {"notice": 26 * HOUR, "horizon": 2 * DAY, "timezone": "Asia/Kathmandu",
              "last_day": (NINE + 2 * DAY).date()},
    "limits": {"limit_per_day": 1, "minutes_per_week": 90, "limit_per_invitee": 2},
    "group": {"seats": 2},
    "together": {"team": Team("collective", ("ada", "ben"))},
    "turns": {"team": Team("round-robin", ("ada", "ben")), "limit_per_week": 3},
}


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Adapters]:
    """Ada and Ben, with hours, appointments, availability and a day away."""
    app = wiring.adapters(settings_in(tmp_path), Clock())
    app.store.migrate()
    with app.store.write() as uow:
        for name, availability in (("ada", AVAILABLE), ("ben", "")):
            principal = uow.principals.add(Principal(name, f"{name}@example.org", timezone="Europe/Berlin", host=True,
                                                     availability=availability))
            accounts.make_collections(uow, principal)
    for name, start in (("ada", NINE - HOUR), ("ben", NINE + 20 * MINUTE)):
        store_item(app, f"{name}/bookable", f"hours-{name}",
                   event(f"hours-{name}", start, 5 * HOUR, extra="RRULE:FREQ=DAILY;COUNT=30\r\n"))
    daily = "RRULE:FREQ=DAILY;COUNT=3\r\n"
    store_item(app, "ada/calendar", "lunch", event("lunch", NINE + 150 * MINUTE, 20 * MINUTE, "Lunch", daily))
    store_item(app, "ben/calendar", "call", event("call", NINE + DAY + 65 * MINUTE, 20 * MINUTE, "Call"))
    away = event("away", NINE + 2 * DAY, DAY, "Away")
    for name in ("DTSTART", "DTEND"):
        away = away.replace(f"{name}:", f"{name};VALUE=DATE:")
    store_item(app, "ada/calendar", "away", away.replace("T090000Z", ""))
    yield app
    app.store.close()


class _Undone(Exception):
    """The attempt has shown what it had to."""


def accepted(app: Adapters, attempt: Callable[[UnitOfWork], object]) -> bool:
    """Whether ``attempt`` is taken; nothing of it stays."""
    with app.store.write(actor="page") as uow:
        try:
            with uow.attempt():
                attempt(uow)
                raise _Undone
        except _Undone:
            return True
        except SlotTaken:
            return False


def asked(start: datetime, email: str = "eve@example.org", **more: Any) -> BookingRequest:
    return replace(wish(start, email=email), **more)


@pytest.mark.parametrize("name", RULES)
def test_every_start_is_accepted_if_and_only_if_it_is_shown(busy: Adapters, name: str) -> None:
    event_types.add(busy, EventType("ada", "talk", "Talk", 30 * MINUTE, **RULES[name]))
    everything = Interval(NINE - 3 * DAY, NINE + 120 * DAY)
    first = booking.open_slots(busy, "ada", "talk", everything)[1].start
    booked = booking.reserve(busy, asked(first, "bob@example.org"))
    durations: list[timedelta | None] = [None, *RULES[name].get("other_durations", ())]
    for duration in durations:
        shown = {slot.start for slot in booking.open_slots(busy, "ada", "talk", everything, duration)}
        assert shown
        for start in {*TRIED, *sorted(shown)[:6]}:
            taken = accepted(busy, lambda uow, start=start, duration=duration:  # type: ignore[misc]
                             booking.reserve_within(busy, uow, asked(start, duration=duration)))
            assert taken == (start in shown), start
            refused_by = booking.refused_by(busy, "ada", "talk", start, duration)
            assert (refused_by == "") == taken
            verdicts = booking.explain(busy, "ada", "talk", start, duration)
            hosts = {verdict.host for verdict in verdicts}
            assert any(all(one.passed for one in verdicts if one.host == host) for host in hosts) == taken
    movable = {slot.start for slot in booking.slots_to_move(busy, booked, everything)}
    for start in {*TRIED, *sorted(movable)[:6]} - {booked.start}:
        moved = accepted(busy, lambda uow, start=start: life.move(  # type: ignore[misc]
            busy, uow, life.get(uow, booked.uid), start))
        assert moved == (start in movable), start


def test_the_second_seat_and_no_third_is_shown_and_taken(busy: Adapters) -> None:
    event_types.add(busy, EventType("ada", "talk", "Talk", 30 * MINUTE, seats=2))
    frame = Interval(NINE, NINE + DAY)
    start = booking.open_slots(busy, "ada", "talk", frame)[0].start
    for number in range(2):
        assert next(iter(booking.open_slots(busy, "ada", "talk", frame))).seats_left == 2 - number
        booking.reserve(busy, asked(start, f"guest{number}@example.org"))
    assert start not in {slot.start for slot in booking.open_slots(busy, "ada", "talk", frame)}
    assert not accepted(busy, lambda uow: booking.reserve_within(busy, uow, asked(start)))
