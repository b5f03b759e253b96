"""The shipped configurations of nginx and Caddy, started with TLS: calendars and bookings go through them."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import caldav
import pytest
import trustme

from radicale_booking.doctor import proxy as headers
from tests.acceptance.proxy import CONFIG, NGINX, nginx
from tests.acceptance.server import free_port, serve, started, wait_until_answers
from tests.acceptance.site import PASSWORD, SiteFiles, calendar, event, monday, shown
from tests.acceptance.visitor import Visitor

CADDY = shutil.which("caddy")


@dataclass(frozen=True)
class Front:
    """``origin``: the proxy's address; ``url``: the server's below it; ``direct``: the server without the proxy."""

    origin: str
    url: str
    direct: str
    authority: Path


def _caddy(folder: Path, port: int, backend: str, *, subpath: bool) -> list[str]:
    text = (CONFIG / ("Caddyfile-subpath" if subpath else "Caddyfile")).read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:5232", backend)
    text = re.sub(r"^\S+\.example\.org \{\n",
                  f"https://localhost:{port} {{\n\tbind 127.0.0.1\n"
                  f"\ttls {folder}/fullchain.pem {folder}/privkey.pem\n", text, flags=re.MULTILINE)
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n{text}", encoding="utf-8")
    assert CADDY is not None
    return [CADDY, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextmanager
def _front(site: SiteFiles, folder: Path, proxy: str, *, subpath: bool) -> Iterator[Front]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "privkey.pem")
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(folder / "fullchain.pem", append=bool(number))
    port = free_port()
    origin = f"https://localhost:{port}"
    url = f"{origin}/cal" if subpath else origin
    text = site.config.read_text(encoding="utf-8")
    site.config.write_text(f"{text}public_url = {url}\n", encoding="utf-8")
    with serve(site.config) as running:
        backend = running.url.removeprefix("http://")
        command = (nginx if proxy == "nginx" else _caddy)(folder, port, backend, subpath=subpath)
        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        with started(command, environment=home) as front:
            wait_until_answers(f"http://127.0.0.1:{port}", front)
            yield Front(origin, url, running.url, folder / "ca.pem")


@pytest.fixture(params=[("nginx", False), ("nginx", True), ("caddy", False), ("caddy", True)],
                ids=["nginx", "nginx below a path", "caddy", "caddy below a path"])
def front(request: pytest.FixtureRequest, site: SiteFiles, tmp_path: Path) -> Iterator[Front]:
    proxy, subpath = request.param
    if (NGINX if proxy == "nginx" else CADDY) is None:
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(f"{proxy} is not installed")
        pytest.skip(f"{proxy} is not installed")
    with _front(site, tmp_path, proxy, subpath=subpath) as running:
        yield running


def test_calendars_and_bookings_go_through(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    start = monday()
    monkeypatch.setenv("SSL_CERT_FILE", str(front.authority))
    assert [(one.level, one.detail) for one in headers.examine(front.url)] == [("ok", "are set by the proxy alone")]
    _nothing_is_believed_or_shown_to_strangers(front)
    with caldav.DAVClient(url=f"{front.origin}/.well-known/caldav", username="anna", password=PASSWORD,
                          ssl_verify_cert=str(front.authority)) as client:
        principal = client.principal()
        assert str(principal.url).startswith(f"{front.url}/anna")
        hours, diary = calendar(principal, "Bookable hours"), next(
            one for one in principal.calendars() if one.get_display_name() != "Bookable hours")
        assert str(hours.url) == f"{front.url}/anna/bookable/"
        drawn = hours.save_event(event("hours", "Bookable", start, timedelta(hours=2)))
        assert str(drawn.url).startswith(f"{front.url}/anna/bookable/")
        before = diary.objects(load_objects=True)
        booked = _book(front, shown(start))
        changed = list(diary.objects(sync_token=before.sync_token, load_objects=True))
        assert [str(one.url).startswith(f"{front.url}/anna/calendar/") for one in changed] == [True]
        # RFC 5545 folds long lines.
        assert f"URL:{booked}" in re.sub(r"\r?\n ", "", changed[0].data)
        etag = client.propfind(str(changed[0].url), '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>')
        assert b"getetag" in etag.raw.encode()


def _book(front: Front, start: str) -> str:
    """A visitor books; the manage link. Every address on the way is one below the proxy's."""
    visitor = Visitor(ssl.create_default_context(cafile=str(front.authority)))
    page = visitor.get(f"{front.url}/book/anna/")
    [first, *_] = page.links(r"/intro-call/")
    page = visitor.get(first)
    assert all(link.startswith(front.url) for link in page.links(""))
    for asset in re.findall(r'(?:href|src)="([^"]+/static/[^"]+)"', page.text):
        assert visitor.get(f"{front.origin}{asset}").status == 200
    page = visitor.get(f"{front.url}/book/anna/intro-call/?start={start}")
    action, fields = page.form()
    assert action.startswith(f"{front.url}/book/anna/intro-call/")
    path = front.url.removeprefix(front.origin) or "/"
    assert {(cookie.path, cookie.secure) for cookie in visitor.cookies} == {(path, True)}
    done = visitor.post(action, fields | {"name": "Zoe", "email": "zoe@example.org"})
    assert done.status == 200, done.text
    assert done.url.startswith(f"{front.url}/booking/")
    return done.url.partition("?")[0]


def _nothing_is_believed_or_shown_to_strangers(front: Front) -> None:
    context = ssl.create_default_context(cafile=str(front.authority))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{front.url}/metrics", context=context)
    with refused.value as error:
        assert error.code == 404
    with urllib.request.urlopen(f"{front.direct}/metrics") as answer:
        assert answer.status == 200
    # What a visitor says about where the server is shown is not believed.
    asked = urllib.request.Request(f"{front.url}/book/anna/", headers={"X-Script-Name": "/evil"})
    with urllib.request.urlopen(asked, context=context) as answer:
        assert b"/evil" not in answer.read()
