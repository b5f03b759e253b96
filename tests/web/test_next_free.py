"""Where nothing is free, a page looks a little ahead by itself, and all the way when it is asked to."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from radicale_booking.domain.interval import Interval
from tests.web import fake_booking

URL = "/book/ada/first-talk/?lang=en"
#: Longer than that a page does not look by itself.
LOOKED = timedelta(days=62 + 31)


@pytest.fixture
def far(services: Any) -> Any:
    """All times of the next five months are taken, of those of two years."""
    services.event_types = [replace(fake_booking.TALK, horizon=timedelta(days=730))]
    services.last_day = fake_booking.NOW.date() + timedelta(days=700)
    services.taken = {slot.start for slot in services.open_slots(
        None, "ada", "first-talk", Interval(fake_booking.NOW, datetime(2027, 4, 20, tzinfo=UTC)))}
    services.frames.clear()
    return services


def looked(services: Any) -> timedelta:
    return sum((frame.length for frame in services.frames), timedelta())


@pytest.mark.parametrize("view", ["", "&view=week"])
def test_one_more_question_and_no_more(client: FlaskClient, far: Any, view: str) -> None:
    page = client.get(URL + view).text
    assert len(far.frames) == 2
    assert looked(far) <= LOOKED
    assert "Look for the next free time" in page
    # How far it has looked is known, so that nobody takes it for all there is.
    assert "There are no free times until Sunday, January 24, 2027." in page
    assert "has no open times" not in page


@pytest.mark.parametrize(("view", "shown"), [("", "April 2027"), ("&view=week", "2027-04-20T")])
def test_the_link_leads_to_the_next_free_time(client: FlaskClient, far: Any, view: str, shown: str) -> None:
    [link] = re.findall(r'href="([^"]*look=1[^"]*)"', client.get(URL + view).text)
    page = client.get(link.replace("&amp;", "&")).text
    assert shown in page
    assert "start=2027-04-20T" in page
    assert "Look for" not in page


@pytest.mark.parametrize("view", ["", "&view=week"])
def test_a_look_that_finds_nothing_says_so(client: FlaskClient, far: Any, view: str) -> None:
    far.last_day = date(2027, 4, 1)
    page = client.get(f"{URL}{view}&look=1").text
    assert "Look for" not in page
    assert page.count("No free times") == (7 if view else 1)
    assert "has no open times at the moment" in page


def test_from_a_month_that_was_asked_for(client: FlaskClient, far: Any) -> None:
    assert "Look for the next free time" in client.get(f"{URL}&month=2026-12").text
    assert "Next free times: April 2027" in client.get(f"{URL}&month=2027-03").text
    assert "April 2027" in client.get(f"{URL}&month=2026-12&look=1").text


def test_the_usual_horizon_is_all_looked_at(client: FlaskClient, services: Any) -> None:
    """What can be booked at all is no longer, so that nobody has to ask for more."""
    services.last_day = fake_booking.NOW.date()
    page = client.get(URL).text
    assert "has no open times at the moment" in page
    assert len(services.frames) == 2


def test_a_long_notice_is_not_looked_at(client: FlaskClient, far: Any) -> None:
    far.event_types = [replace(far.event_types[0], notice=timedelta(days=120))]
    page = client.get(URL).text
    assert "April 2027" in page
    assert "start=2027-04-20T" in page


def test_the_day_after_the_last_is_no_month_to_go_to(client: FlaskClient, services: Any) -> None:
    services.event_types = [replace(fake_booking.TALK, last_day=date(2026, 11, 30))]
    assert 'rel="next"' not in client.get(URL).text
