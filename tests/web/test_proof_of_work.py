"""A form that costs computing, without a browser: by the solver of ALTCHA's own library."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import altcha
import pytest
from flask import Flask
from flask.testing import FlaskClient

from radicale_booking.guard_settings import GuardSettings
from radicale_booking.inbound_settings import InboundSettings
from radicale_booking.web.current import EXTENSION

FORM = "/book/ada/first-talk/?start=2026-11-24T09:00:00Z"


@pytest.fixture(autouse=True)
def _costly(flask: Flask) -> None:
    app = flask.extensions[EXTENSION]
    app.settings.guard = GuardSettings(proof_of_work=1000)
    app.settings.inbound = InboundSettings()


def form_of(client: FlaskClient) -> tuple[dict[str, str], str]:
    """The fields of a fresh form and a right solution of its challenge."""
    text = client.get(FORM).text
    fields = dict(re.findall(r'<input[^>]* name="(start|tz|key|csrf_token)"[^>]* value="([^"]*)"', text))
    given = json.loads(html.unescape(re.search(r'data-challenge="([^"]+)"', text)[1]))
    challenge = altcha.Challenge.from_dict(given)
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    assert 500 <= solution.counter <= 1000
    return fields | {"name": "Grace", "email": "grace@example.org"}, altcha.Payload(challenge, solution).to_base64()


def test_a_solution_books(client: FlaskClient, services: Any) -> None:
    fields, solution = form_of(client)
    assert client.post(FORM, data=fields | {"altcha": solution}).status_code == 303
    assert len(services.reservations) == 1


@pytest.mark.parametrize("solution", ["", "bm9uc2Vuc2U=", "{}", "é"])
def test_without_a_solution_the_form_comes_again(client: FlaskClient, services: Any, solution: str) -> None:
    fields, _ = form_of(client)
    answer = client.post(FORM, data=fields | {"altcha": solution})
    assert answer.status_code == 400
    assert "has not proven yet" in answer.text
    assert 'value="grace@example.org"' in answer.text
    assert services.reservations == {}


def test_the_solution_of_another_form_is_none(client: FlaskClient, services: Any) -> None:
    _, solution = form_of(client)
    fields, _ = form_of(client)
    assert client.post(FORM, data=fields | {"altcha": solution}).status_code == 400
    assert services.reservations == {}


def test_a_solution_grows_old(client: FlaskClient, flask: Flask, services: Any) -> None:
    fields, solution = form_of(client)
    app = flask.extensions[EXTENSION]
    clock = app.clock
    app.clock = lambda: clock() + timedelta(hours=13)
    assert client.post(FORM, data=fields | {"altcha": solution}).status_code == 400
    assert services.reservations == {}


def test_who_has_no_javascript_is_told_how_to_book(client: FlaskClient, flask: Flask) -> None:
    assert "please contact the person" in client.get(FORM).text
    app = flask.extensions[EXTENSION]
    app.settings.inbound = replace(app.settings.inbound, lmtp="localhost:24")
    app.settings.booking_domain = "example.org"
    assert "inviting ada+first-talk@example.org" in client.get(FORM).text


def test_nothing_is_asked_where_none_is_wanted(client: FlaskClient, flask: Flask) -> None:
    flask.extensions[EXTENSION].settings.guard = GuardSettings()
    text = client.get(FORM).text
    assert "data-challenge" not in text
    assert "prove.js" not in text
