from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

import radicale_booking.web
from radicale_booking.web import create_app
from tests.web.fake_booking import TALK, fake_adapters

PAGES = ["/book/ada/", "/book/ada/first-talk/", "/book/ada/first-talk/?start=2026-11-24T08:00:00Z",
         "/book/ada/first-talk/?start=2026-11-24T08:01:00Z", "/book/nobody/", "/booking/expired/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_guarded(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("redirect_url", "allowed"), [
    ("", "'self'"), ("https://shop.example.org/thanks?a=b", "'self' https://shop.example.org"),
    ("http://SHOP.example.org:8080/", "'self' http://shop.example.org:8080"),
    ("https://münchen.example/danke", "'self' https://xn--mnchen-3ya.example"),
    ("https://user:secret@shop.example.org/", "'self' https://shop.example.org"),
    ("https://a;script-src*/", "'self'"), ("https://a.example:x/", "'self'"), ("https://[::1]/", "'self'"),
])
def test_the_form_may_lead_where_the_event_type_says(client: FlaskClient, services: Any, redirect_url: str,
                                                     allowed: str) -> None:
    services.event_types = [replace(TALK, redirect_url=redirect_url)]
    form = client.get("/book/ada/first-talk/?start=2026-11-24T08:00:00Z")
    assert f"; form-action {allowed};" in form.headers["Content-Security-Policy"]
    assert "; form-action 'self';" in client.get("/book/ada/first-talk/").headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_inline_or_from_elsewhere(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"\s(style|on\w+)=", page)
    assert "<style" not in page
    assert all(re.search(r"\ssrc=", tag) for tag in re.findall(r"<script[^>]*>", page))
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize(("asked", "place"), [
    ("/book/ada", "/book/ada/"), ("/book//ada?lang=de", "/book/ada/?lang=de"),
    ("/book/ada/first-talk?tz=UTC", "/book/ada/first-talk/?tz=UTC")])
def test_a_page_that_moves_stays_on_its_server(client: FlaskClient, asked: str, place: str) -> None:
    answer = client.get(asked, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, place)
    assert "evil" not in answer.text


def test_first_view_is_small(client: FlaskClient) -> None:
    octets = 0
    page = client.get("/book/ada/first-talk/", headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    octets += len(page.data)
    for address in re.findall(r'(?:src|href)="(/book/static/[^"]+)"', gzip.decompress(page.data).decode()):
        with client.get(address, headers={"Accept-Encoding": "gzip"}) as asset:
            assert asset.status_code == 200
            assert "max-age=31536000" in asset.headers["Cache-Control"]
            octets += len(asset.data)
    assert octets <= 30 * 1024 / 2


def test_a_page_with_a_token_is_not_compressed(client: FlaskClient) -> None:
    answer = client.get("/book/ada/first-talk/?start=2026-11-24T08:00:00Z", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert "csrf_token" in answer.text


def test_static_files_answer_not_modified(client: FlaskClient) -> None:
    for encoding in ("gzip", "identity"):
        with client.get("/book/static/page.css", headers={"Accept-Encoding": encoding}) as answer:
            etag = answer.headers["ETag"]
        headers = {"Accept-Encoding": encoding, "If-None-Match": etag}
        with client.get("/book/static/page.css", headers=headers) as answer:
            assert answer.status_code == 304


def test_prefix_stands_before_every_link(services: Any) -> None:
    page = create_app(fake_adapters(), prefix="/cal").test_client().get("/book/ada/").text
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert all(link.startswith(("/cal/book/", "#")) for link in links)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast of two colours."""
    def light(colour: str) -> float:
        digits = colour.lstrip("#")
        digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        parts = [int(digits[index:index + 2], 16) / 255 for index in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_are_readable(scheme: int) -> None:
    style = (Path(radicale_booking.web.__file__).parent / "static" / "page.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", re.findall(r":root \{(.*?)\}", style, re.S)[scheme]))
    for ink, ground in [("ink", "paper"), ("ink", "ground"), ("ink-soft", "paper"), ("ink-soft", "ground"),
                        ("accent", "paper"), ("accent", "ground"), ("accent", "accent-soft"), ("on-accent", "accent"),
                        ("on-accent", "accent-strong"), ("accent-strong", "accent-soft"), ("ink", "accent-soft"),
                        ("ink-soft", "accent-soft"), ("danger", "paper"), ("danger", "danger-soft"),
                        ("paper", "danger"), ("amber", "amber-soft")]:
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["edge"], colours["paper"]) >= 3


def test_a_host_that_is_no_name_is_told_so(client: FlaskClient) -> None:
    answer = client.get("/book/ada/", headers={"Host": "a" * 300})
    assert (answer.status_code, "Host" in answer.text) == (400, True)
