"""What our application adds to Radicale's: the way to the pages, and errors of the store as answers."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from radicale_booking import wiring
from radicale_booking.dav.application import BookingApplication
from tests.compat import corpus
from tests.compat.conftest import configuration
from tests.compat.dav_client import Client


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [])
    return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]


@pytest.fixture
def application(tmp_path: Path) -> Iterator[BookingApplication]:
    config = configuration(tmp_path / "data", type="radicale_booking.plugins.storage")
    yield BookingApplication(config, echo)
    wiring.close()


def asked(application: BookingApplication, path: str, **headers: str) -> str:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "x",
               "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
               "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, **headers}
    return b"".join(application(environ, lambda *_: None)).decode()


@pytest.mark.parametrize(("path", "headers", "expected"), [
    ("/book/ada/", {}, " /book/ada/"),
    ("/book/ada/", {"SCRIPT_NAME": "/cal"}, "/cal /book/ada/"),
    ("/book/ada/", {"HTTP_X_SCRIPT_NAME": "/cal"}, "/cal /book/ada/"),
    ("/cal/book/ada/", {"HTTP_X_SCRIPT_NAME": "/cal/"}, "/cal /book/ada/"),
    ("/book/ada/", {"HTTP_X_SCRIPT_NAME": "//evil.example"}, " /book/ada/"),
    ("/book/ada/", {"HTTP_X_SCRIPT_NAME": "javascript:x"}, " /book/ada/"),
])
def test_pages_know_the_path_that_a_proxy_shows_them_under(application: BookingApplication, path: str,
                                                           headers: dict[str, str], expected: str) -> None:
    assert asked(application, path, **headers) == expected


def test_a_configured_prefix_counts_behind_a_proxy(tmp_path: Path) -> None:
    config = configuration(tmp_path / "data", type="radicale_booking.plugins.storage")
    config.update({"server": {"script_name": "/cal"}}, "test", privileged=True)
    application = BookingApplication(config, echo)
    try:
        assert asked(application, "/cal/book/ada/", HTTP_X_FORWARDED_FOR="192.0.2.1") == "/cal /book/ada/"
        assert asked(application, "/book/ada/") == " /book/ada/"
    finally:
        wiring.close()


def test_a_database_that_cannot_be_written_answers_503_and_still_reads(application: BookingApplication) -> None:
    client = Client(application)
    assert client.request("MKCALENDAR", "/anna/work/").status == 201
    assert client.request("PUT", "/anna/work/a.ics", corpus.EVENTS["plain.ics"]).status == 201
    store = application._storage.app.store
    for connection in store._connections:
        connection.raw.execute("PRAGMA query_only = ON")
    refused = [client.request("PUT", "/anna/work/b.ics", corpus.EVENTS["weekly.ics"]),
               client.request("DELETE", "/anna/work/a.ics")]
    assert [(answer.status, "retry-after" in answer.headers) for answer in refused] == [(503, True)] * 2
    assert client.request("GET", "/anna/work/a.ics").status == 200
    assert client.request("PROPFIND", "/anna/work/", Depth="1").body.count(b"</response>") == 2
    for connection in store._connections:
        connection.raw.execute("PRAGMA query_only = OFF")
    assert client.request("PUT", "/anna/work/b.ics", corpus.EVENTS["weekly.ics"]).status == 201
