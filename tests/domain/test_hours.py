"""What the titles in a host's bookable hours mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.domain import hours
from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.slots import Window

CALL = EventType(host="anna", slug="intro-call", title="Intro Call", duration=timedelta(minutes=30))
OPEN_DAY = EventType(host="anna", slug="open", title="Open", duration=timedelta(minutes=30))
ZONE = ZoneInfo("Europe/Berlin")


def window(hour: int) -> Interval:
    start = datetime(2026, 11, 23, hour, tzinfo=UTC)
    return Interval(start, start + timedelta(hours=1))


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Bookable",
        "bookable HOURS",
        " Open ",
        "Available",
        "Free",
        "Verfügbar",
        "frei",
        "Disponible",
        "Libre",
        "Beschikbaar",
        "Disponibile",
        "Disponível",
        "متاح",
    ],
)
def test_generic_titles(title: str) -> None:
    assert hours.is_generic(title)


@pytest.mark.parametrize("title", ["Intro Call", "Openness", "Free beer", "x"])
def test_other_titles_are_not_generic(title: str) -> None:
    assert not hours.is_generic(title)


@pytest.mark.parametrize(
    ("summary", "categories"),
    [
        ("Away", ""),
        ("VACATION", ""),
        ("ooo", ""),
        ("Urlaub", ""),
        ("congés", ""),
        ("Trip to Rome", "Work,Vacation"),
        ("إجازة", ""),
        ("Vakantie", ""),
        ("Ferie", ""),
        ("Férias", ""),
    ],
)
def test_closing_titles_and_categories(summary: str, categories: str) -> None:
    assert hours.is_closing(summary, categories)


def test_other_all_day_events_do_not_close() -> None:
    assert not hours.is_closing("Birthday of Bob", "Family")
    assert not hours.is_closing("", "")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Intro Call", True),
        ("intro  call", True),
        ("INTRO-CALL", True),
        ("intro-call", True),
        ("Intro", False),
        ("", False),
    ],
)
def test_a_title_or_slug_names_an_event_type(title: str, expected: bool) -> None:
    assert hours.matches(CALL, title) is expected


def found(event_type: EventType, rows: list[tuple[int, str]], *, types: tuple[EventType, ...] = (CALL,),
          titles: tuple[str, ...] | None = None) -> list[Interval]:
    made = [(title, Window(window(hour), ZONE, f"{hour}.ics")) for hour, title in rows]
    own = [title for _, title in rows] if titles is None else titles
    return [one.interval for one in hours.windows_for(event_type, types, made, own)]


def test_without_windows_of_its_own_it_uses_the_general_ones() -> None:
    assert found(CALL, [(8, "Bookable"), (10, ""), (12, "Workshop")]) == [window(8), window(10)]


def test_with_windows_of_its_own_it_uses_only_those() -> None:
    assert found(CALL, [(8, "Bookable"), (12, "intro call")]) == [window(12)]


def test_windows_of_its_own_outside_the_time_asked_for_count_too() -> None:
    assert found(CALL, [(8, "Bookable")], titles=("Bookable", "Intro Call")) == []


def test_a_title_of_an_event_type_is_never_generic() -> None:
    rows = [(8, "Open"), (10, "Free")]
    assert found(CALL, rows, types=(CALL, OPEN_DAY)) == [window(10)]
    assert found(OPEN_DAY, rows, types=(CALL, OPEN_DAY)) == [window(8)]


def test_windows_that_touch_are_one() -> None:
    assert found(CALL, [(8, "Bookable"), (9, "Free")]) == [Interval(window(8).start, window(9).end)]


MORNING = Window(Interval(window(8).start, window(10).end), ZONE)
DAY = date(2026, 11, 23)


def opened(**limits: Any) -> list[Interval]:
    return [one.interval for one in hours.opened([MORNING], limits.pop("overrides", {}), ZONE, **limits)]


def test_closed_time_is_cut_out_and_the_grid_goes_on() -> None:
    half = Interval(window(8).start, window(8).start + timedelta(minutes=40))
    [rest] = hours.opened([MORNING], {}, ZONE, closed=[half])
    assert (rest.interval, rest.grid_start) == (Interval(half.end, MORNING.interval.end), window(8).start)


def test_a_day_off_has_no_windows() -> None:
    assert opened(days_off=[DAY]) == []
    assert opened(days_off=[DAY + timedelta(days=1)]) == [MORNING.interval]


def test_an_override_takes_the_place_of_its_day_and_of_a_day_off() -> None:
    evening = {DAY: ((time(18), time(20)), (time(22), time()))}
    expected = [Interval(datetime(2026, 11, 23, 17, tzinfo=UTC), datetime(2026, 11, 23, 19, tzinfo=UTC)),
                Interval(datetime(2026, 11, 23, 21, tzinfo=UTC), datetime(2026, 11, 23, 23, tzinfo=UTC))]
    assert opened(overrides=evening) == opened(overrides=evening, days_off=[DAY]) == expected
    assert opened(overrides={DAY: ()}) == []
    assert opened(overrides=evening, closed=[expected[0]]) == expected[1:]


def test_override_hours_over_the_spring_change_are_shorter() -> None:
    spring = date(2026, 3, 29)
    shown = hours.opened([], {spring: ((time(1), time(3)),)}, ZONE)
    assert [one.interval.length for one in shown] == [timedelta(hours=1)]
