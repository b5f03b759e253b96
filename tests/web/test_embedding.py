"""Who may show pages within theirs, and with which cookie."""

from __future__ import annotations

import json
import re

import pytest

from radicale_booking.mail_settings import LANGUAGES
from radicale_booking.page_settings import PageSettings, origins
from radicale_booking.web import create_app
from tests.web.conftest import services  # noqa: F401 - fixture
from tests.web.fake_booking import fake_adapters
from tests.web.test_pages import hidden

FORM = "/book/ada/first-talk/?start=2026-11-24T08:30:00Z"


def headers(path: str, *, secure: bool = True,
            allowed: tuple[str, ...] = ("https://www.example.org",)) -> dict[str, str]:
    app = fake_adapters(page=PageSettings(embed_origins=allowed))
    app.settings.public_url = "https://book.example.org" if secure else "http://book.example.org"
    return dict(create_app(app).test_client().get(path).headers)


def test_only_what_is_asked_for_within_another_page_may_be(services: object) -> None:  # noqa: F811
    plain, within = headers(FORM), headers(f"{FORM}&embed=1")
    assert "frame-ancestors 'none'" in plain["Content-Security-Policy"]
    assert plain["X-Frame-Options"] == "DENY"
    assert within["Content-Security-Policy"].endswith("frame-ancestors 'self' https://www.example.org")
    assert "X-Frame-Options" not in within
    nobody = headers(f"{FORM}&embed=1", allowed=())
    assert nobody["Content-Security-Policy"].endswith("frame-ancestors 'self'")


def test_the_cookie_of_a_third_party_is_partitioned(services: object) -> None:  # noqa: F811
    assert "SameSite=Lax" in headers(FORM)["Set-Cookie"]
    within = headers(f"{FORM}&embed=1")["Set-Cookie"]
    for part in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"):
        assert part in within
    assert "SameSite=Lax" in headers(f"{FORM}&embed=1", secure=False)["Set-Cookie"]


@pytest.mark.parametrize(("sent_by", "status"), [("same-origin", 303), ("same-site", 400), ("cross-site", 400),
                                                 ("none", 400), ("", 400)])
def test_without_a_cookie_it_counts_whose_page_sent_the_form(services: object, sent_by: str,  # noqa: F811
                                                             status: int) -> None:
    client = create_app(fake_adapters()).test_client(use_cookies=False)
    fields = hidden(client.get(FORM).text) | {"name": "Charles", "email": "charles@example.org"}
    assert client.post(FORM, data=fields, headers={"Sec-Fetch-Site": sent_by}).status_code == status


def test_the_script_is_small_and_kept_for_an_hour(services: object) -> None:  # noqa: F811
    with create_app(fake_adapters()).test_client().get("/embed.js") as answer:
        assert answer.mimetype == "text/javascript"
        assert len(answer.data) < 5000
        assert answer.headers["Cache-Control"] == "public, max-age=3600"


def test_the_script_speaks_every_language_of_the_pages(services: object) -> None:  # noqa: F811
    with create_app(fake_adapters()).test_client().get("/embed.js") as answer:
        words = dict(re.findall(r'(\w\w): (\["[^\]]*"\])', answer.text))
    assert set(words) == set(LANGUAGES)
    said = [tuple(json.loads(one)) for one in words.values()]
    assert {len(one) for one in said} == {3}
    assert len({one[0] for one in said}) == len(LANGUAGES)


@pytest.mark.parametrize("text", ["www.example.org", "https://example.org/path", "*", "https://*.example.org",
                                  "https://a.example; script-src *", "javascript:x"])
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        origins(text)


def test_origins() -> None:
    assert origins(" https://WWW.example.org/ , http://localhost:8000") == ("https://www.example.org",
                                                                         "http://localhost:8000")
