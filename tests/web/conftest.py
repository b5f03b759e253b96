from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from radicale_booking.services import booking, calendar_objects, life, maintenance_mode
from radicale_booking.web import create_app
from tests.web.fake_booking import FakeBooking, fake_adapters


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The fake services, in the place of the real ones."""
    fake = FakeBooking()
    for name in ("host_page", "open_slots", "reserve", "manage_url", "by_token", "answers_of",
                 "series_of", "owner_of", "subject", "slots_to_move", "refused_by"):
        monkeypatch.setattr(booking, name, getattr(fake, name))
    monkeypatch.setattr(life, "cancel", fake.cancel)
    monkeypatch.setattr(life, "reschedule", fake.reschedule)
    monkeypatch.setattr(maintenance_mode, "state", lambda app: None)
    monkeypatch.setattr(calendar_objects, "for_invitee", fake.for_invitee)
    return fake


@pytest.fixture
def flask(services: Any) -> Flask:
    return create_app(fake_adapters())


@pytest.fixture
def client(flask: Flask) -> Iterator[FlaskClient]:
    with flask.test_client() as client:
        yield client
