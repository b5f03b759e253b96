"""The laws of the interval algebra, against sets of single minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.interval import Interval, intersect, merge, subtract

_ZERO = datetime(2030, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def span(start: int, end: int) -> Interval:
    return Interval(_ZERO + start * _MINUTE, _ZERO + end * _MINUTE)


spans = st.builds(lambda start, length: span(start, start + length), st.integers(0, 40), st.integers(1, 15))
many = st.lists(spans, max_size=8)


def minutes(intervals: list[Interval]) -> set[int]:
    return {minute for interval in intervals
            for minute in range((interval.start - _ZERO) // _MINUTE, (interval.end - _ZERO) // _MINUTE)}


def is_canonical(intervals: list[Interval]) -> bool:
    return all(left.end < right.start for left, right in pairwise(intervals))


@given(many)
def test_merge_keeps_the_instants_and_leaves_gaps(intervals: list[Interval]) -> None:
    merged = merge(intervals)
    assert minutes(merged) == minutes(intervals)
    assert is_canonical(merged)
    assert merge(merged) == merged


@given(many, many)
def test_intersect_is_that_of_sets(left: list[Interval], right: list[Interval]) -> None:
    common = intersect(left, right)
    assert minutes(common) == minutes(left) & minutes(right)
    assert is_canonical(common)
    assert common == intersect(right, left)


@given(many, many)
def test_subtract_is_that_of_sets(left: list[Interval], right: list[Interval]) -> None:
    rest = subtract(left, right)
    assert minutes(rest) == minutes(left) - minutes(right)
    assert is_canonical(rest)
    assert merge([*rest, *intersect(left, right)]) == merge(left)


@given(spans, spans)
def test_overlaps_and_contains_are_those_of_sets(left: Interval, right: Interval) -> None:
    assert left.overlaps(right) == bool(minutes([left]) & minutes([right])) == right.overlaps(left)
    assert left.contains(right) == (minutes([right]) <= minutes([left]))


def test_neighbours_do_not_overlap_but_merge() -> None:
    assert not span(0, 5).overlaps(span(5, 9))
    assert merge([span(5, 9), span(0, 5)]) == [span(0, 9)]


def test_length() -> None:
    assert span(3, 10).length == timedelta(minutes=7)


@pytest.mark.parametrize(("start", "end"), [
    (_ZERO, _ZERO), (_ZERO + _MINUTE, _ZERO), (_ZERO.replace(tzinfo=None), _ZERO + _MINUTE),
    (_ZERO, (_ZERO + _MINUTE).astimezone(timezone(timedelta(hours=1)))),
])
def test_what_is_no_interval_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval(start, end)
