"""Requests with ids, counted; what /metrics tells, and to whom."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, EnvironBuilder

from radicale_booking import meter, web
from radicale_booking.access_log import AccessLog
from radicale_booking.errors import SlotTaken
from radicale_booking.meter import PrometheusMeter, exposition
from radicale_booking.observed import Observed, operation
from radicale_booking.services import backup, booking
from radicale_booking.services.adapters import Adapters
from tests.services.calendars import NINE, wish
from tests.services.conftest import Clock, app, clock, empty  # noqa: F401 - fixtures

LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


class Counted:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, int]] = []

    def request(self, operation: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((operation, status))


def answering(status: str) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [])
        return [b""]

    return application


@pytest.mark.parametrize(("method", "path", "expected"), [
    ("GET", "/book/ada/", "page GET"), ("POST", "/booking/x/cancel", "page POST"),
    ("PROPFIND", "/ada/", "dav PROPFIND"),
    ("PUT", "/ada/calendar/x.ics", "dav PUT"), ("GET", "/metrics", "watch GET"), ("BREW", "/", "dav other"),
])
def test_operations_are_few(method: str, path: str, expected: str) -> None:
    assert operation(EnvironBuilder(path, method=method).get_environ()) == expected


def test_a_request_has_an_id_and_is_counted() -> None:
    counted, out = Counted(), io.StringIO()
    client = Client(Observed(AccessLog(answering("204 No Content"), out, as_json=True), counted))  # type: ignore[arg-type]
    ids = {client.get("/ada/").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3
    assert client.get("/ada/", headers={"X-Request-ID": "of-the-proxy-7"}).headers["X-Request-ID"] == "of-the-proxy-7"
    for bad in ("short", "x" * 65, "with space", "a\tb-------"):
        assert client.get("/ada/", headers={"X-Request-ID": bad}).headers["X-Request-ID"] != bad
    assert counted.requests == [("dav GET", 204)] * 8
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines[3]["request_id"] == "of-the-proxy-7"
    assert {line["request_id"] for line in lines[:3]} == ids
    assert (lines[0]["method"], lines[0]["path"], lines[0]["status"]) == ("GET", "/…/", 204)


def test_a_request_that_fails_is_counted() -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise RuntimeError("broken")

    counted = Counted()
    with pytest.raises(RuntimeError):
        Client(Observed(broken, counted)).get("/")  # type: ignore[arg-type]
    assert counted.requests == [("dav GET", 500)]


def values(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^([^#\s].*) (\S+)$", text, flags=re.MULTILINE)}


def test_metrics_tell_how_the_site_does(app: Adapters, clock: Clock) -> None:  # noqa: F811
    client = web.create_app(app).test_client()
    before = values(client.get("/metrics", environ_base=LOCAL).text)
    assert "booking_backup_age_seconds" not in before
    booking.reserve(app, wish(NINE))
    with pytest.raises(SlotTaken):
        booking.reserve(app, wish(NINE, email="zoe@example.org"))
    backup.create(app)
    clock.now += timedelta(minutes=10)
    answer = client.get("/metrics", environ_base=LOCAL)
    assert answer.mimetype == "text/plain"
    found = values(answer.text)
    assert found["booking_bookings_total"] == before.get("booking_bookings_total", 0) + 1
    taken = 'booking_refusals_total{rule="occupancy"}'
    assert found[taken] == before.get(taken, 0) + 1
    assert found["booking_write_wait_seconds_count"] > before["booking_write_wait_seconds_count"]
    assert found["booking_backup_age_seconds"] == 600
    assert found["booking_outbox_queued"] == 2
    assert found["booking_outbox_oldest_seconds"] == 600
    assert found['booking_reservations{status="confirmed"}'] == 1
    assert found["booking_hosts"] == 1
    assert found["booking_database_octets"] > 10_000
    for secret in ("example.org", "Talk", "zoe"):
        assert secret not in answer.text


def test_who_may_read_them(app: Adapters, tmp_path: Path) -> None:  # noqa: F811
    client = web.create_app(app).test_client()
    for environ, headers, status in [
        (LOCAL, {}, 200), ({"REMOTE_ADDR": "::1"}, {}, 200), ({"REMOTE_ADDR": "203.0.113.9"}, {}, 404),
        (LOCAL, {"X-Forwarded-For": "203.0.113.9"}, 404), (LOCAL, {"Forwarded": "for=x"}, 404),
        ({"REMOTE_ADDR": ""}, {}, 404),
    ]:
        assert client.get("/metrics", environ_base=environ, headers=headers).status_code == status, (environ, headers)
    token = tmp_path / "token"
    token.write_text("s3cret\n", encoding="utf-8")
    client = web.create_app(replace(app, settings=replace(app.settings, metrics_token_file=str(token)))).test_client()
    assert client.get("/metrics", environ_base=LOCAL).status_code == 404
    far = {"REMOTE_ADDR": "203.0.113.9"}
    for given, status in [("Bearer s3cret", 200), ("bearer s3cret", 200), ("Bearer s3cre", 404), ("Basic s3cret", 404)]:
        assert client.get("/metrics", environ_base=far, headers={"Authorization": given}).status_code == status
    token.write_text("\n", encoding="utf-8")
    assert client.get("/metrics", environ_base=far, headers={"Authorization": "Bearer "}).status_code == 503




def test_threads_may_count_first_together(monkeypatch: pytest.MonkeyPatch) -> None:
    meter._made.cache_clear()
    together = threading.Barrier(16)

    def count(_number: int) -> None:
        together.wait()
        PrometheusMeter().request("page GET", 200, 0.1)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(16)))
    assert values(exposition().decode())['booking_requests_total{operation="page GET",status="200"}'] == 16
