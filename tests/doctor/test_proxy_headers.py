"""What a proxy has to say of requests, asked through proxies that do and that do not."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from werkzeug.test import Client

from radicale_booking import wiring, wsgi
from radicale_booking.doctor import proxy

GOOD = {"X-Forwarded-For": "192.0.2.7", "X-Script-Name": "", "X-Remote-User": ""}


@contextmanager
def proxied(client: Client, sets: Mapping[str, str], strip: str = "") -> Iterator[str]:
    """The address of a proxy before ``client``: it passes on what comes, but for the headers that it ``sets``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {**{name.title(): value for name, value in self.headers.items()}, **sets}
            answer = client.open(self.path.removeprefix(strip), method=self.command,
                                 headers={name: value for name, value in headers.items() if value},
                                 environ_overrides={"REMOTE_ADDR": "127.0.0.1"})
            self.send_response(answer.status_code)
            for name in ("Location", "Content-Type"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(answer.data)

        do_PROPFIND = do_GET  # noqa: N815 - the name that the library looks for

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{strip}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def kind() -> str:
    """``[auth] type``."""
    return "htpasswd"


@pytest.fixture
def client(tmp_path: Path, kind: str) -> Iterator[Client]:
    config = tmp_path / "booking.ini"
    config.write_text(f"[booking]\ndata_folder = {tmp_path}/data\n[auth]\ntype = {kind}\n", encoding="utf-8")
    application = wsgi.build(config, logged=False)
    yield Client(application)
    wiring.release(wiring.load(config).app)


def found(url: str) -> list[tuple[str, str]]:
    return [(one.level, one.detail) for one in proxy.examine(url)]


def test_one_that_says_what_it_should(client: Client) -> None:
    with proxied(client, GOOD) as url:
        assert [level for level, _ in found(url)] == ["ok"]
    with proxied(client, {**GOOD, "X-Script-Name": "/cal"}, strip="/cal") as url:
        assert [level for level, _ in found(url)] == ["ok"]


def test_one_that_says_nothing(client: Client) -> None:
    with proxied(client, {"X-Script-Name": ""}) as url:
        [(level, detail)] = found(url)
        assert (level, "/metrics" in detail) == ("error", True)


def test_one_that_hides_where_it_shows_the_server(client: Client) -> None:
    with proxied(client, GOOD, strip="/cal") as url:
        [(level, detail)] = found(url)
        assert (level, "calendar programs are sent to" in detail) == ("error", True)


def test_one_that_passes_on_what_a_visitor_says(client: Client) -> None:
    with proxied(client, {"X-Forwarded-For": "192.0.2.7"}) as url:
        assert [(level, detail.partition(" ")[0]) for level, detail in found(url)] == [("warning", "X-Script-Name")]


class TestWhereItSaysWhoAsks:
    @pytest.fixture
    def kind(self) -> str:
        return "http_x_remote_user"

    def test_only_it_may(self, client: Client) -> None:
        with proxied(client, GOOD) as url:
            assert [level for level, _ in found(url)] == ["ok"]
        with proxied(client, {**GOOD, "X-Remote-User": "ada"}) as url:
            assert [level for level, _ in found(url)] == ["ok"]
        del (passed := dict(GOOD))["X-Remote-User"]
        with proxied(client, passed) as url:
            assert [(level, detail.partition(" ")[0]) for level, detail in found(url)] == [("error", "X-Remote-User")]
