"""What the visitor chooses about times: week or month, 12 or 24 hours; and where a booking can be put."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.reservation import Reservation
from radicale_booking.errors import InvalidInput
from radicale_booking.web import problems, week
from radicale_booking.web.calendar_links import calendar_links

URL = "/book/ada/first-talk/"


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 6))
def test_a_week_holds_its_day(day: date, weekday: int) -> None:
    first = week.first_of(day, weekday)
    assert first.weekday() == weekday
    assert 0 <= (day - first).days < 7
    columns = week.columns(first, {}, day)
    assert [one.date for one in columns if one.today] == [day]
    assert len(columns) == 7


def test_a_week_with_a_change_of_the_clocks_is_an_hour_longer() -> None:
    frame = week.frame(date(2026, 10, 19), ZoneInfo("Europe/Berlin"))
    assert (frame.end - frame.start).total_seconds() == (7 * 24 + 1) * 3600


def test_a_week_shows_all_its_times(client: FlaskClient) -> None:
    page = client.get(f"{URL}?view=week&lang=en").text
    assert page.count("<h3") == 7
    # Tuesday to Friday, and Saturday and Sunday of the fake host, six times each.
    assert len(re.findall(r"start=2026-11-2[4-9]T", page)) == page.count("<time")
    assert page.count("<time") > 20
    assert 'aria-label="Next week"' in page
    assert 'aria-label="Previous week"' not in page
    later = client.get(f"{URL}?view=week&day=2026-12-02&lang=en").text
    assert 'aria-label="Previous week"' in later
    assert "2026-12-02T" in later


def test_the_first_week_without_times_leads_to_the_next_that_has_some(client: FlaskClient, services: Any) -> None:
    services.taken = {datetime(2026, 11, day, hour, minute, tzinfo=UTC)
                      for day in range(23, 31) for hour in (8, 9, 10) for minute in (0, 30)}
    page = client.get(f"{URL}?view=week&lang=en").text
    assert "<time" in page
    asked = client.get(f"{URL}?view=week&day=2026-11-24&lang=en").text
    assert "<time" not in asked
    assert "Next free day: " in asked


def test_the_choice_goes_on_from_page_to_page(client: FlaskClient) -> None:
    page = client.get(f"{URL}?view=week&clock=12&lang=de").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/book/ada/[^"]*start=[^"]*)"', page)]
    assert links
    assert all("clock=12" in link and "view=week" in link for link in links)
    assert "clock=24" in page


@pytest.mark.parametrize(("query", "time"), [
    ("lang=de", "09:00"), ("lang=de&clock=12", "9:00 AM"), ("lang=en", "9:00 AM"), ("lang=en&clock=24", "09:00"),
    ("lang=en&clock=7", "9:00 AM"), ("lang=ar&clock=24", "09:00"),
])
def test_hours(client: FlaskClient, query: str, time: str) -> None:
    page = client.get(f"{URL}?{query}").text.replace("\u202f", " ")
    assert f">{time}</time>" in page


def test_seats_that_are_left(client: FlaskClient, services: Any) -> None:
    from dataclasses import replace

    services.event_types = [replace(one, seats=5) for one in services.event_types]
    page = client.get(f"{URL}?lang=en").text
    assert "<small>1 left</small>" in page
    assert "data-seats" in page
    services.event_types = [replace(one, seats=1) for one in services.event_types]
    assert "data-seats" not in client.get(URL).text


def test_links_to_calendars_on_the_web() -> None:
    moment = datetime(2030, 1, 8, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    booked = Reservation(host="ada", slug="talk", title="Talk & more", uid="u", status="confirmed", start=moment,
                         end=datetime(2030, 1, 8, 9, tzinfo=UTC), invitee_name="G", invitee_email="g@example.org",
                         created=moment, modified=moment, location="Room 4; #2")
    links = {name: urlsplit(url) for name, url in calendar_links(booked, "Ada", "https://x.example/booking/t/")}
    google = parse_qs(links["Google"].query)
    assert links["Google"].netloc == "calendar.google.com"
    assert google == {"action": ["TEMPLATE"], "text": ["Talk & more: Ada"],
                      "dates": ["20300108T080000Z/20300108T090000Z"], "details": ["https://x.example/booking/t/"],
                      "location": ["Room 4; #2"]}
    outlook = parse_qs(links["Outlook"].query)
    assert (links["Outlook"].netloc, links["Office 365"].netloc) == ("outlook.live.com", "outlook.office.com")
    assert (outlook["startdt"], outlook["enddt"]) == (["2030-01-08T08:00:00Z"], ["2030-01-08T09:00:00Z"])
    assert "location" not in parse_qs(dict(calendar_links(
        Reservation(**{name: getattr(booked, name) for name in booked.__dataclass_fields__} | {"location": ""}),
        "Ada", "x"))["Google"])


@pytest.mark.parametrize(("name", "value", "problem", "sentence"), [
    ("answers.topic", "", "is required", "Bitte beantworten Sie dies."),
    ("answers.phone", "x", "is not a telephone number", "Geben Sie eine Telefonnummer ein"),
    ("location", "", "is missing, too long or has control characters", "Bitte sagen Sie, wo."),
    ("guests", "11", "are more than 10", "Das sind zu viele Gäste."),
    ("answers.topic", "x", "is something new", "Bitte prüfen Sie dies."),
])
def test_what_is_wrong_is_said_in_the_visitors_language(flask: Flask, name: str, value: str, problem: str,
                                                        sentence: str) -> None:
    with flask.test_request_context("/?lang=de"):
        assert problems.said(InvalidInput(name, value, problem, "")).startswith(sentence)


FILLED = "name=Grace&email=grace%40example.org&answer-topic=Looms&answer-topic=Wool"


@pytest.mark.parametrize("path", [f"/book/ada/?{FILLED}", f"{URL}?{FILLED}", f"{URL}?{FILLED}&view=week"])
def test_what_the_form_is_filled_in_with_goes_on_to_it(client: FlaskClient, path: str) -> None:
    links = re.findall(r'href="(/book/ada/first-talk/\?[^"]*)"', client.get(path).text)
    assert links
    for link in links:
        query = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
        assert (query["name"], query["email"], query["answer-topic"]) == (
            ["Grace"], ["grace@example.org"], ["Looms", "Wool"])


def test_it_goes_no_further(client: FlaskClient) -> None:
    form = client.get(f"{URL}?start=2026-11-24T08:00:00Z&{FILLED}&unknown=1").text
    assert 'value="Grace"' in form
    fields = dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', form))
    booked = client.post(f"{URL}?start=2026-11-24T08:00:00Z&{FILLED}", data=fields)
    assert booked.status_code == 303
    assert "Grace" not in booked.headers["Location"]
    times = re.findall(r'href="([^"]*start=[^"]*)"', client.get(f"{URL}?{FILLED}&unknown=1").text)
    assert times
    assert all("unknown" not in link for link in times)


@pytest.mark.parametrize("view", ["", "&view=week"])
def test_who_changes_the_zone_keeps_all_the_rest(client: FlaskClient, view: str) -> None:
    page = client.get(f"{URL}?embed=1&lang=de&clock=12&tz=Asia/Tokyo&{FILLED}{view}").text
    form = re.search(r"<form class=.zone.*?</form>", page, re.DOTALL)
    assert form is not None
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    assert set(fields) >= {("embed", "1"), ("lang", "de"), ("clock", "12"), ("name", "Grace"),
                           ("answer-topic", "Looms"), ("answer-topic", "Wool")}
    assert "tz" not in dict(fields)
    assert ("view" in dict(fields)) == bool(view)
