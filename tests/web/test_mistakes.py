"""What a visitor did wrong is said all at once, where it is, and leads on."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from radicale_booking.domain.question import Question
from radicale_booking.errors import AddressRefused, BookingError, InvalidInput, TooMany
from radicale_booking.services import booking
from tests.web import fake_booking
from tests.web.test_pages import FORM, book

_QUESTIONS = (Question("topic", "What about?", "long_text", required=True), Question("people", "How many?", "number"),
              Question("meals", "Which meals?", "choices", required=True, choices=("Noon", "Evening")))


@pytest.fixture
def asking(services: Any) -> Any:
    services.event_types = [replace(fake_booking.TALK, questions=_QUESTIONS)]
    return services


def focused(page: str) -> list[str]:
    """The names of the fields that the browser goes to by itself."""
    return [name for tag in re.findall(r"<(?:input|textarea|select)[^>]*>", page) if " autofocus" in tag
            for name in re.findall(r' name="([^"]+)"', tag)]


def test_all_that_is_wrong_is_said_at_once(client: FlaskClient, asking: Any) -> None:
    page = book(client, name="", **{"answer-people": "a few"})
    assert page.status_code == 400
    assert re.findall(r'<p class="problem" id="([^"]+)-problem">', page.text) == [
        "name", "answer-topic", "answer-people", "answer-meals"]
    assert focused(page.text) == ["name"]
    assert asking.reservations == {}


@pytest.mark.parametrize(("given", "field"), [
    ({"email": "nowhere"}, "email"),
    ({"answer-meals": "Noon"}, "answer-topic"),
    ({"answer-topic": "Looms", "answer-people": "x", "answer-meals": "Noon"}, "answer-people"),
    ({"answer-topic": "Looms"}, "answer-meals"),
])
def test_the_first_that_is_wrong_has_the_focus(client: FlaskClient, asking: Any, given: dict[str, str],
                                               field: str) -> None:
    assert focused(book(client, **given).text) == [field]


@pytest.mark.parametrize("name", ["guests", "location", "email"])
def test_so_has_what_the_service_finds_wrong(client: FlaskClient, services: Any, monkeypatch: pytest.MonkeyPatch,
                                             name: str) -> None:
    places = (*fake_booking.TALK.locations, *(replace(place, kind="phone") for place in fake_booking.TALK.locations))
    services.event_types = [replace(fake_booking.TALK, locations=places)]

    def refuse(app: Any, request: Any, actor: str) -> None:
        raise InvalidInput(name, "x", "is wrong", "")

    monkeypatch.setattr(booking, "reserve", refuse)
    assert focused(book(client).text) == [name]


def test_a_form_without_mistakes_has_no_focus_of_its_own(client: FlaskClient, asking: Any) -> None:
    assert focused(client.get(FORM).text) == []


@pytest.mark.parametrize("error", [TooMany(60), AddressRefused("x@example.org", "disposable"),
                                   AddressRefused("x@example.org", "refused")])
def test_who_cannot_book_is_led_back_to_the_times(client: FlaskClient, services: Any, error: BookingError,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(app: Any, request: Any, actor: str) -> None:
        raise error

    monkeypatch.setattr(booking, "reserve", refuse)
    page = book(client).text
    assert re.search(r'<a class="button quiet" href="/book/ada/first-talk/[^"]*">All free times</a>', page)


def test_what_was_not_understood_leads_back_too(client: FlaskClient) -> None:
    assert ">All free times</a>" in client.get("/book/ada/first-talk/?start=tomorrow&lang=en").text
    assert 'class="actions"' not in client.post("/health").text


def test_words_of_another_direction_stay_in_order(client: FlaskClient) -> None:
    """A full stop or a house number at the end of English would jump to its other side in Arabic."""
    page = client.get("/book/ada/first-talk/?lang=ar").text
    for text in ("Room 4, Analytical Engine House", "To get to know each other.", "First talk", "Ada Lovelace"):
        assert f"<bdi>{text}</bdi>" in page


@pytest.mark.parametrize("name", ["name", "csrf_token", "answer-topic", "anything"])
def test_a_file_is_no_text(client: FlaskClient, asking: Any, name: str) -> None:
    answer = client.post(FORM, data={"name": "Ada", "email": "a@example.org", name: (io.BytesIO(b"x"), "x.txt")},
                         content_type="multipart/form-data")
    assert answer.status_code == 400
    assert asking.reservations == {}
