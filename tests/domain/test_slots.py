"""The rules of slots, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.slots import RULES, Busy, Diary, Slot, Window, explain, nearest, offered

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Interval:
    return Interval(at(start), at(end))


def event_type(**rules: object) -> EventType:
    return EventType(**{"host": "anna", "slug": "call", "title": "Call", "duration": 30 * MINUTE, **rules})  # type: ignore[arg-type]


def diary(
    windows: list[Interval],
    busy: list[Interval] = (),
    occupancies: list[Interval] = (),  # type: ignore[assignment]
    booked: list[datetime] = (),
    zone: ZoneInfo = BERLIN,  # type: ignore[assignment]
    seats_taken: dict[datetime, int] | None = None,
) -> Diary:
    return Diary(
        [Window(window, zone, "w.ics") for window in windows],
        [Busy(one, "meeting") for one in busy],
        [Busy(one, "reservation") for one in occupancies],
        [Interval(start, start + 30 * MINUTE) for start in booked],
        zone,
        seats_taken or {},
    )


def starts(kind: EventType, of: Diary, now: str = "2026-11-01T00:00", frame: Interval | None = None) -> list[str]:
    whole = frame or span("2026-11-01T00:00", "2026-12-31T00:00")
    return [f"{slot.start:%d %H:%M}" for slot in offered(kind, of, at(now), whole)]


NINE_TO_ELEVEN = [span("2026-11-23T09:00", "2026-11-23T11:00")]


@pytest.mark.parametrize(
    ("sentence", "kind", "of", "expected"),
    [
        ("the grid is the duration", event_type(), diary(NINE_TO_ELEVEN), "09:00 09:30 10:00 10:30"),
        ("a smaller step gives more starts", event_type(step=45 * MINUTE), diary(NINE_TO_ELEVEN), "09:00 09:45 10:30"),
        ("a slot must end inside its window", event_type(duration=50 * MINUTE), diary(NINE_TO_ELEVEN), "09:00 09:50"),
        (
            "adjoining windows are one",
            event_type(duration=90 * MINUTE),
            diary([*NINE_TO_ELEVEN, span("2026-11-23T11:00", "2026-11-23T12:00")]),
            "09:00 10:30",
        ),
        (
            "a busy time blocks what it meets",
            event_type(),
            diary(NINE_TO_ELEVEN, [span("2026-11-23T09:40", "2026-11-23T09:50")]),
            "09:00 10:00 10:30",
        ),
        (
            "a busy time that only touches does not block",
            event_type(),
            diary(NINE_TO_ELEVEN, [span("2026-11-23T09:30", "2026-11-23T10:00")]),
            "09:00 10:00 10:30",
        ),
        (
            "the buffer before needs free time too",
            event_type(buffer_before=15 * MINUTE),
            diary(NINE_TO_ELEVEN, [span("2026-11-23T09:30", "2026-11-23T09:50")]),
            "09:00 10:30",
        ),
        (
            "the buffer after needs free time too",
            event_type(buffer_after=15 * MINUTE),
            diary(NINE_TO_ELEVEN, [span("2026-11-23T10:10", "2026-11-23T10:20")]),
            "09:00 10:30",
        ),
        (
            "an occupancy blocks",
            event_type(),
            diary(NINE_TO_ELEVEN, [], [span("2026-11-23T09:00", "2026-11-23T10:00")]),
            "10:00 10:30",
        ),
        (
            "a limit a day closes the day",
            event_type(limit_per_day=1),
            diary(NINE_TO_ELEVEN, booked=[at("2026-11-23T13:00")]),
            "",
        ),
        (
            "a limit a week counts from Monday",
            event_type(limit_per_week=1),
            diary(NINE_TO_ELEVEN, booked=[at("2026-11-22T13:00")]),
            "09:00 09:30 10:00 10:30",
        ),
        (
            "a limit a month counts the calendar month",
            event_type(limit_per_month=1),
            diary(NINE_TO_ELEVEN, booked=[at("2026-11-02T13:00")]),
            "",
        ),
        (
            "a group start with free seats stays open, its neighbours do not",
            event_type(seats=2, step=15 * MINUTE),
            diary(
                NINE_TO_ELEVEN,
                [],
                [span("2026-11-23T09:30", "2026-11-23T10:00")],
                seats_taken={at("2026-11-23T09:30"): 1},
            ),
            "09:00 09:30 10:00 10:15 10:30",
        ),
        (
            "a full group start is closed",
            event_type(seats=2),
            diary(
                NINE_TO_ELEVEN,
                [],
                [span("2026-11-23T09:30", "2026-11-23T10:00")],
                seats_taken={at("2026-11-23T09:30"): 2},
            ),
            "09:00 10:00 10:30",
        ),
    ],
)
def test_rules(sentence: str, kind: EventType, of: Diary, expected: str) -> None:
    assert starts(kind, of) == [f"23 {time}" for time in expected.split()], sentence


def test_notice_and_horizon_bound_what_is_offered() -> None:
    kind = event_type(notice=60 * MINUTE, horizon=timedelta(days=1))
    assert starts(kind, diary(NINE_TO_ELEVEN), "2026-11-23T08:31") == ["23 10:00", "23 10:30"]
    assert starts(kind, diary(NINE_TO_ELEVEN), "2026-11-22T10:00") == ["23 09:00", "23 09:30"]


def test_a_window_over_the_spring_change_skips_the_hour_that_is_not() -> None:
    night = diary([span("2027-03-28T00:00", "2027-03-28T03:00")])
    found = offered(
        event_type(duration=60 * MINUTE), night, at("2027-03-01T00:00"), span("2027-03-01T00:00", "2027-04-01T00:00")
    )
    assert [f"{slot.start.astimezone(BERLIN):%H:%M}" for slot in found] == ["01:00", "03:00", "04:00"]


def test_a_window_over_the_autumn_change_offers_the_doubled_hour_twice() -> None:
    night = diary([span("2026-10-24T23:00", "2026-10-25T03:00")])
    found = offered(
        event_type(duration=60 * MINUTE), night, at("2026-10-01T00:00"), span("2026-10-01T00:00", "2026-11-01T00:00")
    )
    assert [f"{slot.start.astimezone(BERLIN):%H:%M}" for slot in found] == ["01:00", "02:00", "02:00", "03:00"]
    assert len({slot.start for slot in found}) == 4


def test_the_first_instant_after_the_notice_is_offered_and_explained_so() -> None:
    nine, hour, zone = datetime(2030, 1, 8, 9, tzinfo=UTC), timedelta(hours=1), ZoneInfo("UTC")
    diary = Diary([Window(Interval(nine, nine + 3 * hour), zone)], [], [], [], zone)
    asked = EventType("ada", "talk", "Talk", hour / 2, notice=4 * hour, horizon=timedelta(days=1))
    for now, passed in ((nine - 4 * hour, True), (nine - 4 * hour + timedelta(seconds=1), False)):
        verdicts = {verdict.rule: verdict.passed for verdict in explain(asked, diary, now, nine)}
        listed = bool(offered(asked, diary, now, Interval(nine, nine + hour / 2)))
        assert (verdicts["notice"], listed) == (passed, passed)


def test_explain_names_the_rule_and_the_cause() -> None:
    of = diary(NINE_TO_ELEVEN, [span("2026-11-23T09:30", "2026-11-23T10:00")])
    verdicts = {
        verdict.rule: verdict for verdict in explain(event_type(), of, at("2026-11-01T00:00"), at("2026-11-23T09:30"))
    }
    assert tuple(verdicts) == RULES
    assert [rule for rule, verdict in verdicts.items() if not verdict.passed] == ["busy"]
    assert verdicts["busy"].cause == "meeting"
    off_grid = explain(event_type(), of, at("2026-11-01T00:00"), at("2026-11-23T09:05"))
    assert "grid" in {verdict.rule for verdict in off_grid if not verdict.passed}


def test_nearest_starts() -> None:
    slots = [Slot(at(f"2026-11-23T{hour:02}:00"), at(f"2026-11-23T{hour:02}:30")) for hour in (8, 9, 12, 15)]
    assert nearest(slots, at("2026-11-23T11:00"), 2) == (at("2026-11-23T09:00"), at("2026-11-23T12:00"))
    assert nearest([], at("2026-11-23T11:00")) == ()
