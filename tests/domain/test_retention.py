"""Which archives are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.retention import Retention

START = datetime(2026, 1, 1, 3, tzinfo=UTC)
INSTANTS = st.lists(st.integers(0, 24 * 500).map(lambda hours: START + timedelta(hours=hours)), max_size=60)
RULES = st.builds(Retention, *[st.integers(0, 8)] * 4)


def nights(count: int) -> list[datetime]:
    """03:00 of each day from 1 January 2026 on."""
    return [START + timedelta(days=number) for number in range(count)]


@pytest.mark.parametrize(("rule", "expected"), [
    (Retention(last=2), ["12-30", "12-31"]),
    (Retention(daily=3), ["12-29", "12-30", "12-31"]),
    (Retention(weekly=3), ["12-20", "12-27", "12-31"]),  # Sundays, and the week that has only begun
    (Retention(monthly=3), ["10-31", "11-30", "12-31"]),
    (Retention(1, 2, 2, 2), ["11-30", "12-27", "12-30", "12-31"]),
    (Retention(), ["12-31"]),
])
def test_a_year_of_nightly_archives(rule: Retention, expected: list[str]) -> None:
    assert sorted(f"{instant:%m-%d}" for instant in rule.kept(nights(365))) == expected


def test_the_newest_of_a_day_stands_for_it() -> None:
    morning, evening = START, START + timedelta(hours=15)
    assert Retention(daily=5).kept([morning, evening]) == {evening}


def test_nothing_is_kept_of_nothing() -> None:
    assert Retention(3, 3, 3, 3).kept([]) == frozenset()


@given(INSTANTS, RULES)
def test_laws(instants: list[datetime], rule: Retention) -> None:
    kept = rule.kept(instants)
    assert kept <= set(instants)
    assert len(kept) <= max(rule.last, 1) + rule.daily + rule.weekly + rule.monthly
    if instants:
        assert max(instants) in kept
    assert rule.kept(kept) == kept


@given(INSTANTS, RULES, st.integers(0, 3))
def test_a_more_generous_rule_keeps_no_less(instants: list[datetime], rule: Retention, more: int) -> None:
    generous = Retention(rule.last + more, rule.daily + more, rule.weekly + more, rule.monthly + more)
    assert rule.kept(instants) <= generous.kept(instants)
