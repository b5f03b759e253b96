"""RFC 7953's arithmetic: a table of pictures, and laws against a slow count of every minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.availability import BUSY_TYPES, Availability, Combined, Unavailable, combine
from radicale_booking.domain.interval import Interval, merge

_ZERO = datetime(2030, 1, 7, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_LENGTH = 24
FRAME = Interval(_ZERO, _ZERO + _LENGTH * _MINUTE)
_LETTERS = {"BUSY": "B", "BUSY-UNAVAILABLE": "U", "BUSY-TENTATIVE": "T"}


def at(minute: int | None) -> datetime | None:
    return None if minute is None else _ZERO + minute * _MINUTE


def span(start: int, end: int) -> Interval:
    return Interval(_ZERO + start * _MINUTE, _ZERO + end * _MINUTE)


def block(start: int | None, end: int | None, *available: tuple[int, int], priority: int = 0,
          busy_type: str = "BUSY-UNAVAILABLE") -> Availability:
    return Availability(at(start), at(end), priority, busy_type, tuple(span(*one) for one in available))


def picture(combined: Combined, length: int = _LENGTH) -> str:
    """A letter a minute, as the tables of RFC 7953 §5.1: F, B, U, T, and a dot where nothing is said."""
    letters = ["."] * length
    marks = [(part, "F") for part in combined.available]
    marks += [(one.interval, _LETTERS[one.busy_type]) for one in combined.unavailable]
    for part, letter in marks:
        for minute in range((part.start - _ZERO) // _MINUTE, (part.end - _ZERO) // _MINUTE):
            assert letters[minute] == ".", "said twice"
            letters[minute] = letter
    return "".join(letters)


def counted(availabilities: list[Availability]) -> str:
    """The same, asked of every minute: who speaks for it, and what do the highest of them say?"""
    letters = []
    for minute in range(_LENGTH):
        instant = _ZERO + minute * _MINUTE
        covering = [one for one in availabilities
                    if (one.start is None or one.start <= instant) and (one.end is None or instant < one.end)]
        top = min((one.priority or 10 for one in covering), default=None)
        equals = [one for one in covering if (one.priority or 10) == top]
        if any(part.start <= instant < part.end for one in equals for part in one.available):
            letters.append("F")
        else:
            types = {one.busy_type for one in equals}
            letters.append(next((_LETTERS[name] for name in ("BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE")
                                 if name in types), "."))
    return "".join(letters)


_DAILY = block(None, None, (8, 18))


@pytest.mark.parametrize(("sentence", "availabilities", "expected"), [
    ("nothing is said of the frame", [], "........................"),
    ("one without bounds covers all", [_DAILY], "UUUUUUUUFFFFFFFFFFUUUUUU"),
    ("one with nothing available is busy", [block(None, None)], "UUUUUUUUUUUUUUUUUUUUUUUU"),
    ("outside its bounds nothing is said", [block(6, 20, (8, 18))], "......UUFFFFFFFFFFUU...."),
    ("a start alone", [block(6, None, (8, 18))], "......UUFFFFFFFFFFUUUUUU"),
    ("an end alone", [block(None, 20, (8, 18))], "UUUUUUUUFFFFFFFFFFUU...."),
    ("available time outside its bounds is not", [block(10, 14, (8, 12), (20, 22))], "..........FFUU.........."),
    ("available time before and after the frame does not count", [block(None, None, (-9, 2), (20, 90))],
     "FFUUUUUUUUUUUUUUUUUUFFFF"),
    ("bounds far outside the frame are its own", [block(-9000, 9000, (8, 18))], "UUUUUUUUFFFFFFFFFFUUUUUU"),
    ("one elsewhere says nothing", [block(30, 40, (8, 18)), block(-9, 0, (8, 18))], "........................"),
    ("an empty one says nothing", [block(8, 8, (8, 9))], "........................"),
    ("overlapping available times are one", [block(None, None, (12, 18), (8, 13))], "UUUUUUUUFFFFFFFFFFUUUUUU"),
    ("the busy type is its own", [block(0, 4, busy_type="BUSY"), block(4, 8), block(8, 12, busy_type="BUSY-TENTATIVE")],
     "BBBBUUUUTTTT............"),
    ("a higher priority over all of it replaces it", [_DAILY, block(-9, 99, (10, 20), priority=1)],
     "UUUUUUUUUUFFFFFFFFFFUUUU"),
    ("a higher priority replaces in its span alone", [_DAILY, block(6, 12, (7, 9), priority=5)],
     "UUUUUUUFFUUUFFFFFFUUUUUU"),
    ("a higher priority closes what is available below", [_DAILY, block(12, 14, priority=9, busy_type="BUSY")],
     "UUUUUUUUFFFFBBFFFFUUUUUU"),
    ("a higher priority opens what is busy below", [_DAILY, block(20, 22, (20, 22), priority=9)],
     "UUUUUUUUFFFFFFFFFFUUFFUU"),
    ("one is the highest, then to nine, then none",
     [block(0, 24, (0, 24)), block(4, 24, priority=9), block(8, 24, (8, 24), priority=7),
      block(12, 24, priority=3, busy_type="BUSY-TENTATIVE"), block(16, 20, priority=1, busy_type="BUSY")],
     "FFFFUUUUFFFFTTTTBBBBTTTT"),
    ("what the higher leaves unsaid, the lower says", [block(4, 20, (6, 18)), block(8, 12, priority=2)],
     "....UUFFUUUUFFFFFFUU...."),
    ("equals: the strongest busy type where none is available",
     [block(0, 12, busy_type="BUSY-TENTATIVE"), block(4, 16), block(8, 20, busy_type="BUSY")],
     "TTTTUUUUBBBBBBBBBBBB...."),
    ("equals: what one has available is available",
     [block(None, None, (8, 12)), block(None, None, (14, 18), busy_type="BUSY")], "BBBBBBBBFFFFBBFFFFBBBBBB"),
    ("equals: also without overlap", [block(0, 10, (2, 4)), block(10, 20, (12, 14))], "UUFFUUUUUUUUFFUUUUUU...."),
])
def test_what_is_said_of_each_minute(sentence: str, availabilities: list[Availability], expected: str) -> None:
    for order in permutations(availabilities):
        assert picture(combine(order, FRAME)) == expected, sentence


bounds = st.none() | st.integers(-5, _LENGTH + 5)
pairs = st.tuples(st.integers(-5, _LENGTH + 5), st.integers(1, 12)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@st.composite
def blocks(draw: st.DrawFn, priorities: st.SearchStrategy[int] = st.sampled_from([0, 1, 2, 5, 9])) -> Availability:  # noqa: B008
    start, end = draw(bounds), draw(bounds)
    if start is not None and end is not None and end < start:
        start, end = end, start
    return block(start, end, *draw(st.lists(pairs, max_size=4)), priority=draw(priorities),
                 busy_type=draw(st.sampled_from(BUSY_TYPES)))


many = st.lists(blocks(), max_size=6)


@given(many)
def test_it_is_the_count_of_every_minute(availabilities: list[Availability]) -> None:
    assert picture(combine(availabilities, FRAME)) == counted(availabilities)


@given(many)
def test_available_and_unavailable_divide_what_is_covered(availabilities: list[Availability]) -> None:
    combined = combine(availabilities, FRAME)
    parts = [*combined.available, *(one.interval for one in combined.unavailable)]
    assert merge(parts) == merge(part for one in availabilities for part in one.within(FRAME))
    assert not any(left.overlaps(right) for left in parts for right in parts if left is not right)


@given(many)
def test_its_parts_are_in_order_and_as_long_as_can_be(availabilities: list[Availability]) -> None:
    combined = combine(availabilities, FRAME)
    assert list(combined.available) == merge(combined.available)
    assert list(combined.unavailable) == sorted(combined.unavailable, key=lambda one: one.interval)
    for busy_type in BUSY_TYPES:
        parts = [one.interval for one in combined.unavailable if one.busy_type == busy_type]
        assert parts == merge(parts)


@given(st.lists(blocks(st.sampled_from([0, 2, 5, 9])), max_size=5), blocks(st.just(1)))
def test_a_higher_priority_decides_in_its_span_and_nowhere_else(lower: list[Availability], top: Availability) -> None:
    before, alone = picture(combine(lower, FRAME)), picture(combine([top], FRAME))
    after = picture(combine([*lower, top], FRAME))
    assert after == "".join(old if new == "." else new for old, new in zip(before, alone, strict=True))


@given(many, blocks(st.just(0)))
def test_one_without_a_priority_adds_only_where_no_other_speaks(higher: list[Availability], low: Availability) -> None:
    ranked = [replace(one, priority=one.priority or 9) for one in higher]
    before, after = picture(combine(ranked, FRAME)), picture(combine([*ranked, low], FRAME))
    assert all(old in (".", new) for old, new in zip(before, after, strict=True))


@given(many, st.integers(0, 20), st.integers(1, 4))
def test_a_part_of_the_frame_is_that_part_of_the_answer(availabilities: list[Availability], start: int,
                                                       length: int) -> None:
    whole, part = combine(availabilities, FRAME), combine(availabilities, span(start, start + length))
    assert picture(part) == picture(whole)[start:start + length].rjust(start + length, ".").ljust(_LENGTH, ".")


def test_the_answer_has_types_and_utc() -> None:
    assert combine([block(0, 4, (1, 2))], FRAME) == Combined(
        (span(1, 2),), (Unavailable(span(0, 1), "BUSY-UNAVAILABLE"), Unavailable(span(2, 4), "BUSY-UNAVAILABLE")))


@pytest.mark.parametrize(("change", "problem"), [
    ({"start": _ZERO, "end": _ZERO - _MINUTE}, "end before it starts"),
    ({"start": _ZERO.replace(tzinfo=None)}, "must be UTC"),
    ({"end": _ZERO.astimezone(timezone(timedelta(hours=1)))}, "must be UTC"),
    ({"priority": 10}, "priority"),
    ({"priority": -1}, "priority"),
    ({"busy_type": "FREE"}, "busy type"),
])
def test_what_is_no_availability_is_refused(change: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        replace(Availability(), **change)  # type: ignore[arg-type]
