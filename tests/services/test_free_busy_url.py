"""``/freebusy/`` and the setup page: what everybody may see."""

from __future__ import annotations

import plistlib
import re
from datetime import timedelta

import icalendar
import pytest
from flask.testing import FlaskClient

from radicale_booking import web
from radicale_booking.services import accounts, booking
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, NOW, event, store_item, wish

URL = "/freebusy/ada@example.org.ifb"
HALF = timedelta(minutes=30)


@pytest.fixture
def client(app: Adapters) -> FlaskClient:
    accounts.enable_host(app, "ada", free_busy_url=True)
    return web.create_app(app).test_client()


def periods(text: bytes) -> list[tuple[str, str, str]]:
    return [(kind, start, end) for kind, start, end in re.findall(r"FREEBUSY;FBTYPE=([A-Z-]+):(\w+)/(\w+)",
                                                                  text.decode())]


def test_busy_times_and_nothing_else(app: Adapters, client: FlaskClient) -> None:
    store_item(app, "ada/calendar", "x", event("x", NINE - HALF, HALF, "Very private"))
    booking.reserve(app, wish(NINE, email="zoe@example.org"))
    answer = client.get(URL)
    assert answer.mimetype == "text/calendar"
    assert periods(answer.data) == [("BUSY", f"{NINE - HALF:%Y%m%dT%H%M%SZ}", f"{NINE + HALF:%Y%m%dT%H%M%SZ}")]
    assert b"METHOD:PUBLISH" in answer.data
    for secret in (b"private", b"zoe", b"Talk"):
        assert secret not in answer.data


def test_a_time_range(client: FlaskClient, app: Adapters) -> None:
    booking.reserve(app, wish(NINE))
    asked = client.get(URL, query_string={"start": "2030-01-08T09:10:00+00:00", "end": "20300108T092000Z"})
    assert periods(asked.data) == [("BUSY", "20300108T091000Z", "20300108T092000Z")]
    [frame] = icalendar.Calendar.from_ical(client.get(URL).data).walk("VFREEBUSY")
    assert frame["DTSTART"].dt == NOW - timedelta(days=7)
    assert frame["DTEND"].dt == NOW + timedelta(days=60)


@pytest.mark.parametrize("query", [
    "start=tomorrow", "start=2030-01-08T09:00:00", "start=20300108T090000Z&end=2030-01-08Z",
    "start=20300108T090000Z&end=20300108T080000Z", "end=20400101T000000Z"])
def test_what_cannot_be_asked(client: FlaskClient, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 400


def test_programs_hear_when_nothing_is_new(client: FlaskClient) -> None:
    first = client.get(URL)
    assert client.get(URL, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_who_does_not_publish_is_like_who_is_not_there(app: Adapters, client: FlaskClient) -> None:
    accounts.enable_host(app, "ada", free_busy_url=False)
    hidden, unknown = client.get(URL), client.get("/freebusy/nobody@example.org.ifb")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text == unknown.text.replace("nobody@", "ada@")
    accounts.enable_host(app, "ada")
    assert client.get(URL).status_code == 404


def test_the_setup_page(client: FlaskClient) -> None:
    assert b"davx5" not in client.get("/host/setup/").data
    page = client.get("/host/setup/?user=ada").text
    assert "https://book.example.org/" in page
    assert 'href="davx5://ada@book.example.org/"' in page
    code = client.get("/host/setup/davx5.svg?user=ada")
    assert code.mimetype == "image/svg+xml"
    assert b"<path" in code.data
    assert client.get("/host/setup/?user=nobody-there").status_code == 200
    for path in ("davx5.svg", "calendar.mobileconfig", "calendar.mobileconfig?user=a/b"):
        assert client.get(f"/host/setup/{path}").status_code == 400
    assert "<script" not in client.get("/host/setup/?user=<script>").text


def test_the_profile_for_apple(client: FlaskClient) -> None:
    answer = client.get("/host/setup/calendar.mobileconfig?user=ada")
    assert answer.mimetype == "application/x-apple-aspen-config"
    found = plistlib.loads(answer.data)
    caldav, carddav = found["PayloadContent"]
    assert (caldav["PayloadType"], carddav["PayloadType"]) == ("com.apple.caldav.account", "com.apple.carddav.account")
    assert (caldav["CalDAVHostName"], caldav["CalDAVPort"], caldav["CalDAVUseSSL"], caldav["CalDAVUsername"]) == (
        "book.example.org", 443, True, "ada")
    assert caldav["CalDAVPrincipalURL"] == "https://book.example.org/ada/"
    assert not [name for part in (caldav, carddav) for name in part if "Password" in name]
    assert plistlib.loads(client.get("/host/setup/calendar.mobileconfig?user=ada").data) == found
    other = plistlib.loads(client.get("/host/setup/calendar.mobileconfig?user=bob").data)
    assert other["PayloadUUID"] != found["PayloadUUID"]


