"""The pages inside a stock Radicale."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from radicale import config
from radicale.app import Application
from werkzeug.test import Client

from radicale_booking import wiring
from tests.web.fake_booking import fake_adapters
from tests.web.test_pages import hidden


@pytest.fixture
def radicale(tmp_path: Path, services: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(wiring, "storage_adapters", lambda configuration: fake_adapters())
    configuration = config.load()
    configuration.update({
        "storage": {"type": "multifilesystem", "filesystem_folder": str(tmp_path)},
        "auth": {"type": "none"},
        "web": {"type": "radicale_booking.plugins.web"},
    }, "test")
    return Client(Application(configuration))


def test_pages_and_their_links_lie_under_web(radicale: Client) -> None:
    answer = radicale.get("/.web/book/ada/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    links = re.findall(r'(?:href|src)="([^"]*)"', answer.text)
    assert all(link.startswith(("/.web/book/", "#")) for link in links)
    assert radicale.get("/.web/book/static/page.css").status_code == 200


def test_links_follow_a_prefix(radicale: Client) -> None:
    answer = radicale.get("/.web/book/ada/", headers={"X-Script-Name": "/cal"})
    assert 'href="/cal/.web/book/ada/first-talk/"' in answer.text


def test_answers_are_compressed_once(radicale: Client) -> None:
    answer = radicale.get("/.web/book/ada/", headers={"Accept-Encoding": "gzip"})
    assert b"<h1>" in gzip.decompress(answer.data)


def test_head_is_a_get_without_its_body(radicale: Client) -> None:
    answer = radicale.head("/.web/book/ada/")
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) > 1000
    assert answer.data == b""


def test_booking(radicale: Client, services: Any) -> None:
    address = "/.web/book/ada/first-talk/?start=2026-11-24T08:00:00Z"
    fields = hidden(radicale.get(address).text) | {"name": "Charles", "email": "charles@example.org"}
    answer = radicale.post(address, data=fields)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/.web/booking/uid-0/")
    assert "Charles" in radicale.get(answer.headers["Location"]).text
    assert list(services.reservations) == ["uid-0"]


def test_everything_else_is_radicales_own(radicale: Client) -> None:
    assert "Radicale" in radicale.get("/.web/").text
    assert radicale.get("/.web/bookings").status_code == 404
    assert radicale.post("/.web/").status_code == 405
