"""The settings in a window's description, as people write them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.window_settings import length, read
from radicale_booking.errors import InvalidInput

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(("text", "minutes"), [
    ("30", 30), ("30m", 30), ("30 min", 30), ("45 Minuten", 45), ("1h", 60), ("1 h", 60), ("2 hours", 120),
    ("1.5 hours", 90), ("1,5 Stunden", 90), ("0.25h", 15), ("1h30", 90), ("1h 30m", 90), ("1h30min", 90),
    ("2 heures 15 minutes", 135), ("1:30", 90), ("0:05", 5), ("2d", 2880), ("1 day 2 hours", 1560), ("2 Tage", 2880),
    ("1w", 10080), ("1 semaine", 10080), ("PT30M", 30), ("pt1h30m", 90), ("P1D", 1440), ("P1W", 10080),
    ("P1DT1H", 1500), ("0", 0), (" 30 ", 30), ("10000000", 10_000_000),
])
def test_a_length(text: str, minutes: int) -> None:
    assert length(text) == minutes * MINUTE


@pytest.mark.parametrize("text", [
    "", "soon", "-30", "30 parsecs", "0.3m", "1.01h", "30m1h", "1h1h", "1m30m", "P", "PT", "1:3", "10000001", "1e3",
    "½h", "30 30 30", "1.5.5h", "P1Y",
])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(InvalidInput):
        length(text)


@given(st.integers(0, 999), st.integers(0, 59))
def test_every_way_to_write_a_length_means_the_same(hours: int, minutes: int) -> None:
    expected = timedelta(hours=hours, minutes=minutes)
    for text in (f"{hours}h{minutes}", f"{hours} hours {minutes} minutes", f"PT{hours}H{minutes}M",
                 f"{hours * 60 + minutes}"):
        assert length(text) == expected


@pytest.mark.parametrize(("line", "fields"), [
    ("duration: 30m", {"durations": (30 * MINUTE,)}),
    ("Duration : 30m, 60m", {"durations": (30 * MINUTE, 60 * MINUTE)}),
    ("Dauer: 45", {"durations": (45 * MINUTE,)}),
    ("durée: 1 day", {"durations": (DAY,)}),
    ("step: 15m", {"step": 15 * MINUTE}),
    ("buffer: 5m", {"buffer_before": 5 * MINUTE, "buffer_after": 5 * MINUTE}),
    ("buffer: 5m/10m", {"buffer_before": 5 * MINUTE, "buffer_after": 10 * MINUTE}),
    ("Puffer: 0 / 3 Tage", {"buffer_before": 0 * MINUTE, "buffer_after": 3 * DAY}),
    ("notice: 4h", {"notice": timedelta(hours=4)}),
    ("notice: 0", {"notice": timedelta()}),
    ("notice: 365 days", {"notice": 365 * DAY}),
    ("horizon: 60", {"horizon": 60 * DAY, "horizon_business": False}),
    ("horizon: 60d", {"horizon": 60 * DAY, "horizon_business": False}),
    ("horizon: 730", {"horizon": 730 * DAY, "horizon_business": False}),
    ("horizon: 2 weeks", {"horizon": 14 * DAY, "horizon_business": False}),
    ("horizon: 10 business days", {"horizon": 10 * DAY, "horizon_business": True}),
    ("Horizont: 10 Werktage", {"horizon": 10 * DAY, "horizon_business": True}),
    ("horizon: 2026-12-01..2026-12-31", {"first_day": date(2026, 12, 1), "last_day": date(2026, 12, 31)}),
    ("horizon: 2026-12-01 .. 2026-12-01", {"first_day": date(2026, 12, 1), "last_day": date(2026, 12, 1)}),
    ("limit: 4/day", {"limit_per_day": 4}),
    ("limit: 4 / day, 10/week, 20/month", {"limit_per_day": 4, "limit_per_week": 10, "limit_per_month": 20}),
    ("limit: 120m/day, 5h/week", {"minutes_per_day": 120, "minutes_per_week": 300}),
    ("limit: 2/invitee", {"limit_per_invitee": 2}),
    ("Grenze: 4/Tag", {"limit_per_day": 4}),
    ("seats: 8", {"seats": 8}),
    ("Plätze: 10000", {"seats": 10_000}),
    ("confirm: yes", {"confirmation": True}),
    ("verify: yes", {"confirm_email": True}),
    ("Prüfen: nein", {"confirm_email": False}),
    ("bestätigen: NEIN", {"confirmation": False}),
    ("location: Room 4", {"location": "Room 4"}),
    ("location: jitsi=https://meet.jit.si/us", {"location": "jitsi=https://meet.jit.si/us"}),
    ("timezone: Europe/Lisbon", {"timezone": "Europe/Lisbon"}),
    ("colour: #33AAcc", {"colour": "#33aacc"}),
    ("color: #000000", {"colour": "#000000"}),
    ("hidden: on", {"hidden": True}),
])
def test_a_setting(line: str, fields: dict[str, Any]) -> None:
    found = read(f"Please bring your passport.\n{line}\nhttps://example.org: see there")
    assert (dict(found.fields), found.problems) == (fields, ())


@pytest.mark.parametrize(("line", "reason"), [
    ("duration: soon", "length of time"), ("duration:", "names no length"), ("duration: 30m, 30m", "one twice"),
    ("duration: 0", "between 1m and 1d"), ("duration: 25h", "between"), ("step: 0", "between"),
    ("buffer: 1m/2m/3m", "two parts"), ("buffer: 73h", "between"), ("notice: 366 days", "between"),
    ("horizon: 36h", "whole days"), ("horizon: 0", "whole days"), ("horizon: 731", "whole days"),
    ("horizon: 2026-12-31..2026-12-01", "ends before"), ("horizon: 2026-12..2027", "range of dates"),
    ("limit: 4", "not a limit"), ("limit: 0/day", "not a limit"), ("limit: 4/year", "not a limit"),
    ("limit: 30m/invitee", "not a limit"), ("limit: 4/day, x", "not a limit"),
    ("seats: 0", "number of seats"), ("seats: 10001", "number of seats"), ("seats: many", "number of seats"),
    ("seats: ٣", "number of seats"), ("confirm: perhaps", "neither yes nor no"), ("hidden: 2", "neither"),
    ("location: link=nowhere", "not a web address"), ("timezone: Mars/Olympus", "not a known time zone"),
    ("colour: red", "not a colour"),
])
def test_what_a_setting_cannot_be(line: str, reason: str) -> None:
    found = read(f"{line}\nnotice: 1h" if not line.startswith("notice") else line)
    (problem,) = found.problems
    assert problem.line == line.strip()
    assert reason in problem.reason
    assert problem.remedy
    # The others count all the same.
    assert set(found.fields) == (set() if line.startswith("notice") else {"notice"})


@pytest.mark.parametrize(("line", "remedy"), [
    ("duratoin: 30m", "write duration:"), ("notise: 4h", "write notice:"), ("colur: #333333", "write colour:"),
    ("tidy: 15m", "use one of duration, step"), ("priority: 3", "use one of"), ("lunch: yes", "use one of"),
])
def test_a_line_that_seems_to_be_a_setting_is_reported(line: str, remedy: str) -> None:
    (problem,) = read(line).problems
    assert problem.remedy.startswith(remedy)


@pytest.mark.parametrize("line", [
    "Please note: bring your passport", "https://example.org/duration", "Agenda: we talk about lengths", "duration",
    "", "a:b:c", "Dear all", "30m: thirty", ":", "P.S.: hello there",
])
def test_prose_is_no_setting(line: str) -> None:
    assert (dict(read(line).fields), read(line).problems) == ({}, ())


@pytest.mark.parametrize("text", [
    "<p>duration: 45m</p><p>notice: 1h</p>", "duration: 45m<br>notice: 1h", "<div>duration:&nbsp;45m</div>notice: 1h",
    "<html><body><ul><li>duration: 45m</li><li>notice: 1h</li></ul></body></html>", "duration: 45m\r\nnotice: 1h",
    "  duration:\xa045m  \n\n\tnotice:1h", "duration: 45m\u2028notice: 1h", "duration: 15m\nduration: 45m\nnotice: 1h",
])
def test_as_programs_write_it(text: str) -> None:
    found = read(text)
    assert (dict(found.fields), found.problems) == (
        {"durations": (45 * MINUTE,), "notice": timedelta(hours=1)}, ())


@given(st.text(max_size=200))
def test_whatever_is_written_is_read_without_an_error(text: str) -> None:
    found = read(text)
    assert all(problem.line and problem.reason and problem.remedy for problem in found.problems)
    assert all(f"{key}: {value}" for key, value in found.fields.items())


@given(st.sampled_from(["duration", "step", "buffer", "notice", "horizon", "limit", "seats", "location", "colour"]),
       st.text(max_size=40))
def test_a_value_is_a_field_or_a_problem(key: str, value: str) -> None:
    line = f"{key}: {' '.join(value.split())}"
    found = read(line)
    if "<" not in line:
        assert bool(found.fields) != bool(found.problems)
