"""The feed of open slots, and what the pages' address answers to programs."""

from __future__ import annotations

from datetime import timedelta

import icalendar
import pytest

from radicale_booking import web
from radicale_booking.domain.event_type import EventType
from radicale_booking.services import booking, event_types, private_links
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, wish

URL = "/book/ada/talk/"
_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_feed_of_what_is_open(app: Adapters) -> None:
    client = web.create_app(app).test_client()
    answer = client.get(f"{URL}slots.ics")
    assert answer.mimetype == "text/calendar"
    feed = icalendar.Calendar.from_ical(answer.data)
    assert [found["DTSTART"].dt for found in feed.walk("VEVENT")] == [
        NINE + number * timedelta(minutes=30) for number in range(6)]
    assert len({found["UID"] for found in feed.walk("VEVENT")}) == 6
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M" in answer.data
    assert feed["METHOD"] == "PUBLISH"
    assert feed["X-WR-CALNAME"] == "Talk: ada"
    assert b"ada@example.org" not in answer.data


def test_programs_hear_when_nothing_is_new(app: Adapters) -> None:
    client = web.create_app(app).test_client()
    first = client.get(f"{URL}slots.ics")
    same = client.get(f"{URL}slots.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["Cache-Control"] == "no-cache"
    booking.reserve(app, wish(NINE))
    changed = client.get(f"{URL}slots.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.data.count(b"BEGIN:VEVENT") == 5


@pytest.mark.parametrize(("accept", "mimetype"), [
    ("text/calendar", "text/calendar"), ("text/calendar, */*;q=0.1", "text/calendar"),
    ("text/calendar;q=0.9, text/html;q=0.1", "text/calendar"), (_BROWSER, "text/html"), ("*/*", "text/html"),
    ("text/html, text/calendar;q=0.5", "text/html"),
])
def test_one_address_for_people_and_programs(app: Adapters, accept: str, mimetype: str) -> None:
    answer = web.create_app(app).test_client().get(URL, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert "Accept" in answer.headers["Vary"]


def test_a_feed_behind_a_private_link(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "secret", "Secret", timedelta(minutes=30), private=True))
    client = web.create_app(app).test_client()
    assert client.get("/book/ada/secret/slots.ics").status_code == 404
    link = private_links.create(app, "ada", "secret")
    token = link.rpartition("link=")[2]
    assert client.get(f"/book/ada/secret/slots.ics?link={token}").mimetype == "text/calendar"


def test_texts_are_escaped(app: Adapters) -> None:
    event_types.add(app, EventType("ada", "odd", "A; b, c\\d", timedelta(minutes=30)))
    feed = icalendar.Calendar.from_ical(web.create_app(app).test_client().get("/book/ada/odd/slots.ics").data)
    assert {str(found["SUMMARY"]) for found in feed.walk("VEVENT")} == {"A; b, c\\d"}
