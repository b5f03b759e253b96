from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from radicale_booking.errors import IllegalTransition, InvalidInput, StoreUnavailable
from radicale_booking.mail_settings import MailSettings
from radicale_booking.services import booking, life
from radicale_booking.web import create_app
from tests.web import fake_booking

MONDAY_FIRST = "2026-11-24T08:00:00Z"
FORM = f"/book/ada/first-talk/?start={MONDAY_FIRST}"


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form on ``page``."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden":
            fields[attributes["name"]] = html.unescape(attributes.get("value", ""))
    return fields


def book(client: FlaskClient, address: str = FORM, **changes: str) -> Any:
    fields = hidden(client.get(address).text)
    return client.post(address, data=fields | {"name": "Charles", "email": "charles@example.org", "note": ""} | changes)


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_host_page_lists_event_types_and_escapes(client: FlaskClient) -> None:
    answer = client.get("/book/ada/")
    assert answer.status_code == 200
    assert "&lt;poetry&gt;" in answer.text
    assert "<poetry>" not in answer.text
    assert 'href="/book/ada/first-talk/"' in answer.text
    assert "1 hour 30 minutes" in answer.text


def test_host_without_event_types(client: FlaskClient, services: Any) -> None:
    services.event_types = []
    assert "nothing to book at the moment" in client.get("/book/ada/").text


@pytest.mark.parametrize("path", ["/book/nobody/", "/book/ada/nothing/", f"/book/ada/nothing/?start={MONDAY_FIRST}",
                                  "/booking/forged/", "/booking/forged/event.ics", "/book/", "/book/ada/x/y/"])
def test_unknown_addresses_give_a_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text
    # It leads to what helps: the other event types, or a person.
    assert ("What you can book" in answer.text) != ("Grace, +49 30 1234" in answer.text)


def test_month_marks_free_days_and_opens_the_first(client: FlaskClient) -> None:
    page = client.get("/book/ada/first-talk/?lang=en").text
    assert "November 2026" in page
    assert 'aria-label="Tuesday, November 24, 6 free times" class="selected" aria-current="true"' in page
    assert page.count("free times\"") == 5
    assert 'class="today" aria-current="date">23<' in page
    assert page.count(f"start={MONDAY_FIRST.replace(':', '%3A')}") + page.count(f"start={MONDAY_FIRST}") == 1


def test_times_are_in_the_chosen_zone(client: FlaskClient) -> None:
    page = client.get("/book/ada/first-talk/?tz=America/New_York&day=2026-11-25", headers={"Accept-Language": "en-GB"})
    times = re.findall(r'<time datetime="([^"]+)">([^<]+)</time>', page.text)
    assert times[0] == ("2026-11-25T08:00:00Z", "03:00")
    assert "<option selected>America/New_York" in page.text


def test_default_zone_is_the_hosts(client: FlaskClient) -> None:
    for tz in ("", "Mars/Olympus", "../etc/passwd"):
        assert "<option selected>Europe/Berlin" in client.get("/book/ada/first-talk/", query_string={"tz": tz}).text


def test_zone_that_is_not_listed_can_be_chosen(client: FlaskClient) -> None:
    assert "<option selected>Asia/Calcutta" in client.get("/book/ada/first-talk/?tz=Asia/Calcutta").text


def test_other_months(client: FlaskClient) -> None:
    december = client.get("/book/ada/first-talk/?month=2026-12&lang=en").text
    assert "December 2026" in december
    assert "Tuesday, December 1" in december
    assert "month=2026-11" in december
    assert "month=2027-01" in december
    november = client.get("/book/ada/first-talk/?month=2020-01&lang=en").text
    assert "November 2026" in november
    assert 'rel="prev"' not in november
    last = client.get("/book/ada/first-talk/?month=9999-12&lang=en").text
    assert "January 2027" in last
    assert 'rel="next"' not in last


@pytest.mark.parametrize("query", ["month=zzz", "month=0000-00", "day=2026-13-40", "day=0001-01-01",
                                   "month=9999-12&day=9999-12-31"])
def test_unreadable_dates_do_no_harm(client: FlaskClient, query: str) -> None:
    assert client.get(f"/book/ada/first-talk/?{query}").status_code == 200


def test_first_view_goes_to_the_first_free_month(client: FlaskClient, services: Any) -> None:
    services.taken = {slot.start for slot in services.open_slots(
        None, "ada", "first-talk", fake_booking.Interval(fake_booking.NOW, datetime(2026, 12, 1, tzinfo=UTC)))}
    assert "December 2026" in client.get("/book/ada/first-talk/?lang=en").text
    page = client.get("/book/ada/first-talk/?month=2026-11&lang=en").text
    assert "Nothing can be booked in this month." in page
    assert "Next free times: December 2026" in page


def test_host_without_open_times(client: FlaskClient, services: Any) -> None:
    services.last_day = fake_booking.NOW.date()
    assert "has no open times at the moment" in client.get("/book/ada/first-talk/").text


def test_looking_sets_no_cookie(client: FlaskClient) -> None:
    for path in ("/book/ada/", "/book/ada/first-talk/", "/book/static/page.css", "/health"):
        with client.get(path) as answer:
            assert "Set-Cookie" not in answer.headers
    cookie = client.get(FORM).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_form_step_names_what_is_booked(client: FlaskClient) -> None:
    answer = client.get(FORM, headers={"Accept-Language": "en-GB"})
    said = text_of(answer.text)
    assert "Tuesday, 24 November 2026 09:00 – 09:30 Central European Standard Time Europe/Berlin" in said
    fields = hidden(answer.text)
    assert fields["start"] == MONDAY_FIRST
    assert fields["tz"] == "Europe/Berlin"
    assert len(fields["key"]) == 32
    assert fields["csrf_token"]


def test_form_is_prefilled_from_the_address(client: FlaskClient) -> None:
    page = client.get(FORM + "&name=%22Grace%22&email=grace@example.org").text
    assert 'value="&#34;Grace&#34;"' in page
    assert 'value="grace@example.org"' in page


def test_booking_makes_a_reservation_and_shows_it(client: FlaskClient, services: Any) -> None:
    answer = book(client, FORM + "&tz=America/New_York&lang=de", name="  Charles\u2028\n<b>\x00 ", note="Ich\r\nkomme ")
    assert answer.status_code == 303
    reservation = services.reservations["uid-0"]
    assert reservation.start == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert (reservation.invitee_name, reservation.invitee_email) == ("Charles <b>", "charles@example.org")
    assert (reservation.invitee_timezone, reservation.language) == ("America/New_York", "de")
    assert reservation.note == "Ich\nkomme"
    assert answer.headers["Location"].startswith("/booking/uid-0/?")
    assert "new=1" in answer.headers["Location"]
    shown = client.get(answer.headers["Location"])
    assert shown.status_code == 200
    said = text_of(shown.text)
    for words in ("Ihr Termin ist gebucht", "First talk", "Dienstag, 24. November 2026", "03:00 – 03:30",
                  "Nordamerikanische Ostküsten-Normalzeit America/New_York", "Ada Lovelace", "Charles <b>"):
        assert words in said
    assert 'href="https://book.example.org/booking/uid-0/"' in shown.text
    assert 'href="/booking/uid-0/event.ics"' in shown.text


def test_another_time_is_chosen_in_the_zone_of_the_booking(client: FlaskClient) -> None:
    book(client, FORM + "&tz=America/New_York")
    [link] = re.findall(r'href="([^"]*move=[^"]*)"', client.get("/booking/uid-0/").text)
    assert "tz=America/New_York" in html.unescape(link)


def test_sending_the_form_twice_books_once(client: FlaskClient, services: Any) -> None:
    fields = hidden(client.get(FORM).text) | {"name": "Charles", "email": "charles@example.org"}
    first, second = (client.post(FORM, data=fields) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(services.reservations) == 1


@pytest.mark.parametrize(("field", "value", "words"), [
    ("name", "", "Enter your name."), ("name", "   ", "Enter your name."), ("name", "x" * 201, "This is too long."),
    ("email", "", "Enter your e-mail address."), ("email", "nobody", "Enter an address such as"),
    ("email", "a@b c.org", "Enter an address such as"), ("email", "a@x.org\nBcc: b@x.org", "Enter an address such as"),
    ("note", "x" * 2001, "This is too long."),
])
def test_bad_fields_are_shown_again(client: FlaskClient, services: Any, field: str, value: str, words: str) -> None:
    answer = book(client, FORM + "&lang=en", **{"note": "my note", field: value})
    assert answer.status_code == 400
    assert words in text_of(answer.text)
    assert f'id="{field}-problem"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert not services.reservations
    if field != "note":
        assert "my note" in answer.text


def test_problem_found_by_the_service_is_shown_at_its_field(client: FlaskClient, monkeypatch: Any) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise InvalidInput("email", "x", "is not an address")

    monkeypatch.setattr(booking, "reserve", refuse)
    answer = book(client)
    assert answer.status_code == 400
    assert 'id="email-problem"' in answer.text


def test_a_sent_form_that_is_changed_and_sent_again_starts_afresh(client: FlaskClient, monkeypatch: Any) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise InvalidInput("idempotency_key", "", "was used for another booking")

    monkeypatch.setattr(booking, "reserve", refuse)
    answer = book(client)
    assert answer.status_code == 303
    assert hidden(client.get(answer.headers["Location"]).text)["start"] == MONDAY_FIRST


@pytest.mark.parametrize("token", ["", "forged"])
def test_form_without_its_token_can_be_sent_again(client: FlaskClient, services: Any, token: str) -> None:
    answer = book(client, FORM + "&lang=en", csrf_token=token)
    assert answer.status_code == 400
    assert "open for too long" in answer.text
    assert not services.reservations
    again = client.post(FORM, data=hidden(answer.text) | {"name": "Charles", "email": "charles@example.org"})
    assert again.status_code == 303


@pytest.mark.parametrize("start", ["", "tomorrow", "2026-11-24T09:00:00", "2026-11-24T09:00:00+01:00",
                                   "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_unreadable_start(client: FlaskClient, start: str) -> None:
    assert client.get("/book/ada/first-talk/", query_string={"start": start}).status_code == 400
    assert book(client, start=start).status_code == 400


def test_taken_meanwhile_offers_the_nearest(client: FlaskClient, services: Any) -> None:
    fields = hidden(client.get(FORM).text) | {"name": "Charles", "email": "charles@example.org"}
    services.taken.add(datetime(2026, 11, 24, 8, tzinfo=UTC))
    answer = client.post(FORM + "&lang=en", data=fields)
    assert answer.status_code == 409
    assert "This time was just taken" in answer.text
    assert "2026-11-24T08:30:00Z" in answer.text
    assert "2026-11-25T08:00:00Z" in answer.text
    assert not services.reservations


@pytest.mark.parametrize(("start", "nearest", "title"), [
    (MONDAY_FIRST, "2026-11-24T08:30:00Z", "This time was just taken"),
    ("2026-11-24T08:01:00Z", "2026-11-24T08:30:00Z", "This time is not offered"),
    ("1999-01-01T00:00:00Z", "2026-11-24T08:30:00Z", "This time has passed"),
    ("2999-12-31T23:59:59Z", "2027-01-22T10:00:00Z", "This time is not offered"),
])
def test_form_step_of_a_start_that_is_not_free(client: FlaskClient, services: Any, start: str, nearest: str,
                                               title: str) -> None:
    services.last_day = fake_booking.NOW.date() + timedelta(days=60)
    services.taken.add(datetime(2026, 11, 24, 8, tzinfo=UTC))
    answer = client.get("/book/ada/first-talk/", query_string={"start": start, "lang": "en"})
    assert answer.status_code == 409
    assert f"<h1>{title}</h1>" in answer.text
    assert nearest in answer.text


@pytest.mark.parametrize(("address", "joint"), [("https://example.org/thanks", "?"), ("https://example.org/?a=b", "&")])
def test_after_a_booking_the_browser_goes_where_the_event_type_says(client: FlaskClient, services: Any, address: str,
                                                                   joint: str) -> None:
    services.event_types[0] = replace(services.event_types[0], redirect_url=address)
    answer = book(client)
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{address}{joint}uid=uid-0&start=2026-11-24T08%3A00%3A00Z"


def test_who_has_a_seat_cancels_that_alone(client: FlaskClient, services: Any) -> None:
    book(client)
    shared = services.reservations["uid-0"]
    services.reservations["seat-0"] = replace(shared, seat="seat-0")
    page = client.get("/booking/seat-0/").text
    assert client.post("/booking/seat-0/cancel", data=hidden(page)).status_code == 303
    assert (services.reservations["seat-0"].status, services.reservations["uid-0"].status) == ("cancelled", "confirmed")


def test_who_has_a_seat_in_a_group_moves_that_alone(client: FlaskClient, services: Any) -> None:
    book(client)
    services.reservations["seat-0"] = replace(services.reservations["uid-0"], seat="seat-0")
    assert "move=seat-0" in client.get("/booking/seat-0/").text
    later = FORM.replace(MONDAY_FIRST, "2026-11-24T09:00:00Z") + "&lang=en&move=seat-0"
    page = client.get(later).text
    assert "Your seat there is free for others" in page
    assert client.post(later, data=hidden(page)).status_code == 303
    assert services.moved == ["seat-0"]
    back = client.get(later)
    assert (back.status_code, back.headers["Location"].startswith("/booking/")) == (303, True)


def test_cancelling(client: FlaskClient, services: Any) -> None:
    book(client)
    page = client.get("/booking/uid-0/").text
    answer = client.post("/booking/uid-0/cancel", data=hidden(page) | {"reason": "A <cold>"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/booking/uid-0/"
    assert services.reservations["uid-0"].status == "cancelled"
    shown = client.get("/booking/uid-0/?lang=en").text
    assert "This booking is cancelled" in shown
    assert "A &lt;cold&gt;" in shown
    assert "<form" not in shown
    assert client.post("/booking/uid-0/cancel", data=hidden(page)).status_code == 303


def test_cancelling_needs_the_token_of_the_form(client: FlaskClient, services: Any) -> None:
    book(client)
    answer = client.post("/booking/uid-0/cancel", data={"reason": "x"})
    assert answer.status_code == 400
    assert services.reservations["uid-0"].status == "confirmed"
    assert client.get("/booking/uid-0/cancel").status_code == 405


def test_cancelling_what_changed_meanwhile(client: FlaskClient, services: Any, monkeypatch: Any) -> None:
    book(client)
    fields = hidden(client.get("/booking/uid-0/").text)

    def refuse(*args: object, **kwargs: object) -> None:
        raise IllegalTransition("declined", "cancel")

    monkeypatch.setattr(life, "cancel", refuse)
    assert client.post("/booking/uid-0/cancel", data=fields).status_code == 409


@pytest.mark.parametrize(("status", "words", "can_cancel"), [
    ("confirmed", "Your booking", True), ("pending", "Waiting for confirmation", True),
    ("declined", "was declined", False), ("cancelled", "is cancelled", False),
    ("expired", "not confirmed in time", False),
])
def test_every_state_of_a_reservation(client: FlaskClient, services: Any, status: str, words: str,
                                      can_cancel: bool) -> None:
    book(client)
    services.reservations["uid-0"] = replace(services.reservations["uid-0"], status=status)
    page = client.get("/booking/uid-0/?lang=en").text
    assert words in page
    assert ("Cancel this booking" in page) == can_cancel


def test_what_is_told_of_a_booking_that_has_just_been_made_or_moved(client: FlaskClient, services: Any) -> None:
    made = client.get(book(client).headers["Location"] + "&lang=en").text
    assert "on their way" not in made
    services.reservations["uid-0"] = replace(services.reservations["uid-0"],
                                             location="https://meet.example.org/ada <b>")
    mailing = create_app(fake_booking.fake_adapters(mail=MailSettings(host="mail.example.org"))).test_client()
    assert "on their way to charles@example.org." in mailing.get("/booking/uid-0/?new=1&lang=en").text
    moved = mailing.get("/booking/uid-0/?moved=1&lang=en").text
    assert "Your booking has been moved" in moved
    assert "on their way to charles@example.org." in moved
    assert 'href="https://meet.example.org/ada"' in moved
    assert "&lt;b&gt;" in moved
    assert "on their way" not in mailing.get("/booking/uid-0/?lang=en").text


def test_only_what_is_booked_goes_into_a_calendar(client: FlaskClient, services: Any) -> None:
    book(client)
    assert "Add to calendar" in client.get("/booking/uid-0/?lang=en").text
    services.reservations["uid-0"] = replace(services.reservations["uid-0"], status="pending")
    waiting = client.get("/booking/uid-0/?lang=en&new=1").text
    assert "Add to calendar" not in waiting
    assert "Manage my booking" in waiting


def test_a_past_reservation_cannot_be_cancelled(client: FlaskClient, services: Any) -> None:
    book(client)
    past = replace(services.reservations["uid-0"], start=fake_booking.NOW - timedelta(hours=2),
                   end=fake_booking.NOW - timedelta(hours=1))
    services.reservations["uid-0"] = past
    page = client.get("/booking/uid-0/?lang=en").text
    assert "This time has passed." in page
    assert "Cancel this booking" not in page


def test_expired_link(client: FlaskClient) -> None:
    answer = client.get("/booking/expired/")
    assert answer.status_code == 410
    assert "expired" in answer.text


def test_calendar_file(client: FlaskClient) -> None:
    book(client)
    answer = client.get("/booking/uid-0/event.ics")
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="first-talk.ics"'
    assert "URL:https://book.example.org/booking/uid-0/" in answer.text


def test_database_that_does_not_answer(client: FlaskClient, monkeypatch: Any) -> None:
    def refuse(*args: object) -> None:
        raise StoreUnavailable("locked", 7)

    monkeypatch.setattr(booking, "host_page", refuse)
    answer = client.get("/book/ada/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"


def test_fault_of_ours_gives_a_page_without_details(flask: Flask, monkeypatch: Any) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(booking, "host_page", fail)
    answer = flask.test_client().get("/book/ada/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "<h1>" in answer.text


def test_too_large_a_form(client: FlaskClient) -> None:
    assert book(client, note="x" * 70_000).status_code == 413


def test_an_unknown_event_type_leads_to_those_that_there_are(client: FlaskClient) -> None:
    unknown = client.get("/book/ada/nothing/")
    assert unknown.status_code == 404
    assert '<a class="button quiet" href="/book/ada/"' in unknown.text
    assert "button quiet" not in client.get("/book/nobody/nothing/").text
