"""Event types: their bounds and their URL words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.event_type import EventType, slugify
from radicale_booking.errors import InvalidEventType


def made(**fields: Any) -> EventType:
    return EventType(**{"host": "ada", "slug": "talk", "title": "Talk", "duration": timedelta(minutes=30)} | fields)


@pytest.mark.parametrize(("title", "slug"), [
    ("Intro call", "intro-call"), ("  Intro -- CALL! ", "intro-call"), ("Erstgespräch", "erstgesprach"),
    ("ﬁne Ⅳ", "fine-iv"), ("a/b?c#d", "a-b-c-d"), ("予約", ""), ("", ""), ("---", ""), ("30' talk", "30-talk")])
def test_slugify(title: str, slug: str) -> None:
    assert slugify(title) == slug


@given(st.text())
def test_a_slug_is_a_url_word_and_stays_itself(title: str) -> None:
    slug = slugify(title)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug)
    assert slugify(slug) == slug


def test_the_step_is_the_duration_unless_given() -> None:
    assert made().grid_step == timedelta(minutes=30)
    assert made(step=timedelta(minutes=10)).grid_step == timedelta(minutes=10)


@pytest.mark.parametrize(("name", "value"), [
    ("title", "  "), ("slug", ""), ("slug", "Talk"), ("slug", "a b"), ("slug", "-talk"),
    ("duration", timedelta()), ("duration", timedelta(days=1, minutes=1)), ("duration", timedelta(seconds=90)),
    ("step", timedelta()), ("step", timedelta(seconds=30)), ("step", timedelta(days=2)),
    ("buffer_before", timedelta(minutes=-1)), ("buffer_after", timedelta(days=7)), ("notice", timedelta(days=366)),
    ("horizon", timedelta(hours=23)), ("horizon", timedelta(days=731)),
    ("limit_per_day", 0), ("limit_per_week", -1), ("limit_per_month", 0), ("seats", 0), ("origin", "guess")])
def test_what_is_out_of_bounds_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidEventType):
        made(**{name: value})


def test_the_bounds_themselves_are_allowed() -> None:
    made(duration=timedelta(minutes=1), step=timedelta(minutes=1), horizon=timedelta(days=1), limit_per_day=1)
    made(duration=timedelta(days=1), horizon=timedelta(days=730), notice=timedelta(days=365))
    made(duration=timedelta(days=1), buffer_before=timedelta(days=3), buffer_after=timedelta(days=3))
