"""What is kept of a new reservation's object without reading it is what reading it gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.booked_event import BookedEvent, Invitee
from radicale_booking.domain.principal import Principal
from radicale_booking.ical import instances, new_reservation
from radicale_booking.ical.content_lines import folded
from tests.ical.test_reservation_event import BOOKED, HOST, booked_event

NOW = datetime(2026, 11, 23, tzinfo=UTC)
GUEST = "guest@example.net"
TEXTS = st.text(max_size=150)


@st.composite
def events(draw: st.DrawFn) -> BookedEvent:
    """Of one host: others find themselves among the participants."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 10**6)))
    reservation = replace(
        BOOKED, title=draw(TEXTS), note=draw(TEXTS), location=draw(TEXTS), start=start,
        end=start + timedelta(minutes=draw(st.integers(1, 3000))),
        status=draw(st.sampled_from(["pending", "confirmed"])))
    host = replace(HOST, email=draw(st.sampled_from([HOST.email, None])))
    # The host may be among those who come.
    people = draw(st.lists(st.sampled_from([GUEST, "anna@example.org"]), max_size=2))
    return booked_event(reservation, hosts=[host], guests=people,
                        invitees=[Invitee(name, GUEST) for name in draw(st.lists(TEXTS, min_size=1, max_size=3))])


def indexed(booked: BookedEvent, owner: Principal) -> object:
    return instances.index(new_reservation.write(booked), now=NOW, floating_zone=UTC, addresses=owner.addresses)


@given(events())
def test_the_index_is_that_of_the_text(booked: BookedEvent) -> None:
    assert new_reservation.index(booked) == indexed(booked, booked.hosts[0])


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=400))
def test_lines_are_folded_without_loss(text: str) -> None:
    """RFC 5545 §3.1."""
    assert folded(text).replace("\r\n ", "") == text
    assert all(len(line.encode()) <= 75 for line in folded(text).split("\r\n"))


@pytest.mark.parametrize(("length", "lines"), [(75, 1), (76, 2), (149, 2), (150, 3), (223, 3), (224, 4)])
@pytest.mark.parametrize("first", ["a", "é"])
def test_a_line_is_as_long_as_it_may_be(first: str, length: int, lines: int) -> None:
    assert len(folded(first + "a" * (length - len(first.encode()))).split("\r\n")) == lines
