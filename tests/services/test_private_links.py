"""Links that open private event types."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import BookingError, InvalidInput, LinkExpired, NotFound, SlotTaken
from radicale_booking.services import booking, event_types, private_links
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, NOW, wish
from tests.services.conftest import Clock

WEEK = Interval(NOW, NOW + timedelta(days=7))
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def private(app: Adapters) -> Adapters:
    event_types.set(app, "ada", "talk", private=True)
    return app


def token(app: Adapters, **options: object) -> str:
    address = private_links.create(app, "ada", "talk", **options)  # type: ignore[arg-type]
    assert address.startswith("https://book.example.org/book/ada/talk/?link=")
    return address.rpartition("=")[2]


def test_without_a_link_there_is_nothing(private: Adapters) -> None:
    assert booking.host_page(private, "ada").event_types == []
    for link in (None, "", "x" * 32):
        for call in (lambda link=link: booking.subject(private, "ada", "talk", link)[1],
                     lambda link=link: booking.open_slots(private, "ada", "talk", WEEK, link=link),
                     lambda link=link: booking.reserve(private, replace(wish(), link=link))):
            with pytest.raises(NotFound):
                call()


def test_a_link_opens_its_own_event_type_for_all_who_have_it(private: Adapters) -> None:
    link = token(private)
    assert booking.subject(private, "ada", "talk", link)[1].slug == "talk"
    for number in range(3):
        start = booking.open_slots(private, "ada", "talk", WEEK, link=link)[0].start
        assert booking.reserve(private, replace(wish(start), link=link)).start == NINE + number * HALF_HOUR
    event_types.add(private, replace(event_types.show(private, "ada", "talk"), slug="other", title="Other", id=None))
    with pytest.raises(NotFound):
        booking.subject(private, "ada", "other", link)[1]


def test_a_single_use_link_books_once_and_its_key_is_answered_again(private: Adapters) -> None:
    link = token(private, single_use=True)
    booking.open_slots(private, "ada", "talk", WEEK, link=link)
    booked = booking.reserve(private, replace(wish(key="k"), link=link))
    assert booking.reserve(private, replace(wish(key="k"), link=link)).uid == booked.uid
    for call in (lambda: booking.subject(private, "ada", "talk", link)[1],
                 lambda: booking.open_slots(private, "ada", "talk", WEEK, link=link),
                 lambda: booking.reserve(private, replace(wish(NINE + HALF_HOUR), link=link))):
        with pytest.raises(LinkExpired):
            call()
    assert len(booking.reservations(private, "ada")) == 1


def test_a_refused_booking_uses_no_link_up(private: Adapters) -> None:
    link = token(private, single_use=True)
    with pytest.raises(SlotTaken):
        booking.reserve(private, replace(wish(NINE + timedelta(minutes=1)), link=link))
    assert booking.reserve(private, replace(wish(), link=link)).start == NINE


def test_a_single_use_link_books_once_though_many_use_it_at_once(private: Adapters) -> None:
    link = token(private, single_use=True)

    def attempt(number: int) -> str:
        try:
            return booking.reserve(private, replace(wish(NINE + (number % 6) * HALF_HOUR), link=link)).uid
        except BookingError as error:
            return type(error).__name__

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    assert outcomes.count("LinkExpired") == 15


def test_a_link_expires(private: Adapters, clock: Clock) -> None:
    link = token(private, expires=NOW + timedelta(hours=1))
    clock.now = NOW + timedelta(minutes=59)
    assert booking.subject(private, "ada", "talk", link)[1].private
    clock.now = NOW + timedelta(hours=1)
    with pytest.raises(LinkExpired):
        booking.subject(private, "ada", "talk", link)[1]


def test_links_that_make_no_sense_are_refused(app: Adapters) -> None:
    with pytest.raises(InvalidInput):
        private_links.create(app, "ada", "talk")
    event_types.set(app, "ada", "talk", private=True)
    with pytest.raises(InvalidInput):
        private_links.create(app, "ada", "talk", expires=NOW)
    with pytest.raises(NotFound):
        private_links.create(app, "ada", "none")


def test_the_store_holds_no_token(private: Adapters) -> None:
    link = token(private)
    with private.store.read() as uow:
        (row,) = uow.connection.run("SELECT * FROM booking_link", {})
        assert not any(link in str(value) for value in tuple(row))


def test_an_open_event_type_needs_no_link(app: Adapters) -> None:
    assert booking.subject(app, "ada", "talk", "whatever")[1].slug == "talk"
    assert booking.reserve(app, replace(wish(), link="whatever")).start == NINE
