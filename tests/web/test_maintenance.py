"""The pages while the site is held still."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from radicale_booking.services import maintenance_mode
from radicale_booking.store.maintenance_mode import MaintenanceMode

PAGE = "/book/ada/first-talk/"


@pytest.fixture
def mode(request: pytest.FixtureRequest, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> str:
    found = MaintenanceMode(request.param, "We move <soon>.", datetime(2026, 11, 23, tzinfo=UTC))
    monkeypatch.setattr(maintenance_mode, "state", lambda app: found)
    return found.mode


@pytest.mark.parametrize(("mode", "path"), [
    ("closed", PAGE), ("closed", "/book/ada/"), ("closed", f"{PAGE}slots.ics"), ("closed", "/booking/x/"),
], indirect=["mode"])
def test_closed_pages_say_so_and_whom_to_ask(client: FlaskClient, mode: str, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "300"
    for words in ("Closed for the moment", "We move &lt;soon&gt;.", "Whom to ask", "Grace, +49 30 1234"):
        assert words in answer.text
    assert "Zurzeit geschlossen" in client.get(path, headers={"Accept-Language": "de"}).text


@pytest.mark.parametrize("mode", ["read-only"], indirect=True)
def test_read_only_pages_are_read_with_a_notice(client: FlaskClient, mode: str) -> None:
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "Nothing can be booked or changed right now" in page.text
    assert "We move &lt;soon&gt;." in page.text
    refused = client.post(PAGE, data={"name": "Zoe"})
    assert refused.status_code == 503
    assert "Closed for the moment" in refused.text


@pytest.mark.parametrize("mode", ["closed"], indirect=True)
def test_what_machines_look_at_goes_on(client: FlaskClient, mode: str) -> None:
    assert client.get("/health").json == {"status": "ok"}
    with client.get("/book/static/page.css") as style:
        assert style.status_code == 200
    assert client.get("/nothing/here/").status_code == 404


def test_nothing_is_said_in_normal_times(client: FlaskClient) -> None:
    assert "Nothing can be booked" not in client.get(PAGE).text
