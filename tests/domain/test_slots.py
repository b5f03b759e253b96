"""Slots against a slow enumeration written from the rules' words, and the laws that every diary keeps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.interval import Interval
from radicale_booking.domain.slots import RULES, Busy, Diary, Slot, Window, explain, nearest, offered

MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]


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
        booked,
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


BASE = at("2026-10-23T00:00")  # the clock changes of three of the zones lie near


@st.composite
def intervals(draw: st.DrawFn, most: int = 4) -> list[Interval]:
    found = []
    for _ in range(draw(st.integers(0, most))):
        start = BASE + 15 * MINUTE * draw(st.integers(0, 96 * 6))
        found.append(Interval(start, start + 15 * MINUTE * draw(st.integers(1, 40))))
    return found


kinds = st.builds(
    event_type,
    duration=st.sampled_from([15, 30, 45, 90]).map(lambda n: n * MINUTE),
    step=st.sampled_from([None, 10 * MINUTE, 15 * MINUTE, 60 * MINUTE]),
    buffer_before=st.sampled_from([timedelta(), 10 * MINUTE]),
    buffer_after=st.sampled_from([timedelta(), 20 * MINUTE]),
    notice=st.sampled_from([timedelta(), timedelta(hours=30)]),
    horizon=st.sampled_from([3, 60]).map(lambda n: timedelta(days=n)),
    limit_per_day=st.sampled_from([None, 1, 2]),
    limit_per_week=st.sampled_from([None, 2]),
)
booked_starts = st.lists(st.integers(0, 96 * 6).map(lambda n: BASE + 15 * MINUTE * n), max_size=3)
diaries = st.builds(
    diary,
    windows=intervals(),
    busy=intervals(),
    occupancies=intervals(2),
    booked=booked_starts,
    zone=st.sampled_from(ZONES),
)
FRAME = Interval(BASE, BASE + timedelta(days=8))


def slowly(kind: EventType, of: Diary, now: datetime) -> set[datetime]:
    """Every minute of the frame, each rule in its own words."""
    found = set()
    merged: list[Interval] = []
    for window in sorted(window.interval for window in of.windows):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    for window in merged:
        start = window.start
        origin = window.start.astimezone(of.zone).replace(tzinfo=None)
        while start + kind.duration <= window.end:
            local = start.astimezone(of.zone)
            day, week = local.date(), local.date() - timedelta(days=local.weekday())
            days = [other.astimezone(of.zone).date() for other in set(of.booked_starts) - {start}]
            blocked = [one.interval for one in (*of.busy, *of.occupancies)]
            low, high = start - kind.buffer_before, start + kind.duration + kind.buffer_after
            if (
                FRAME.start <= start < FRAME.end
                and (local.replace(tzinfo=None) - origin) % kind.grid_step == timedelta()
                and now + kind.notice <= start < now + kind.horizon
                and not any(one.start < high and low < one.end for one in blocked)
                and (kind.limit_per_day is None or days.count(day) < kind.limit_per_day)
                and (
                    kind.limit_per_week is None
                    or sum(other - timedelta(days=other.weekday()) == week for other in days) < kind.limit_per_week
                )
            ):
                found.add(start)
            start += MINUTE
    return found


@settings(max_examples=120, deadline=None)
@given(kinds, diaries)
def test_offered_is_what_the_rules_say(kind: EventType, of: Diary) -> None:
    found = [slot.start for slot in offered(kind, of, BASE, FRAME)]
    assert found == sorted(set(found))
    assert set(found) == slowly(kind, of, BASE)


@settings(max_examples=60, deadline=None)
@given(kinds, diaries, st.lists(st.integers(0, 96 * 24), max_size=20))
def test_what_is_shown_is_what_is_accepted(kind: EventType, of: Diary, picks: list[int]) -> None:
    shown = {slot.start for slot in offered(kind, of, BASE, FRAME)}
    for start in {BASE + 5 * MINUTE * pick for pick in picks} | shown:
        accepted = all(verdict.passed for verdict in explain(kind, of, BASE, start))
        assert accepted == (start in shown) or not FRAME.start <= start < FRAME.end


@settings(max_examples=60, deadline=None)
@given(kinds, diaries, intervals())
def test_more_busy_time_never_adds_a_slot(kind: EventType, of: Diary, more: list[Interval]) -> None:
    busier = Diary(of.windows, [*of.busy, *(Busy(one) for one in more)], of.occupancies, of.booked_starts, of.zone)
    assert set(offered(kind, busier, BASE, FRAME)) <= set(offered(kind, of, BASE, FRAME))


@settings(max_examples=60, deadline=None)
@given(kinds, diaries, intervals(1))
def test_a_window_apart_from_the_others_never_removes_a_slot(kind: EventType, of: Diary, more: list[Interval]) -> None:
    apart = [
        one
        for one in more
        if not any(one.start <= window.interval.end and window.interval.start <= one.end for window in of.windows)
    ]
    wider = Diary(
        [*of.windows, *(Window(one, of.zone) for one in apart)], of.busy, of.occupancies, of.booked_starts, of.zone
    )
    assert set(offered(kind, of, BASE, FRAME)) <= set(offered(kind, wider, BASE, FRAME))
