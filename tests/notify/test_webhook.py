"""Posting to webhooks over real sockets: signed, and never to where it is not meant to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import trustme

from radicale_booking.domain.webhook import Webhook
from radicale_booking.errors import DeliveryFailed
from radicale_booking.notify.webhook import WebhookPoster, embedded, is_public
from radicale_booking.webhook_settings import WebhookSettings

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
LOCAL = (ip_network("127.0.0.0/8"),)
BODY = '{"type": "böoking"}'


class Server(ThreadingHTTPServer):
    """Keeps what it is sent; answers as its path says."""

    taken: list[tuple[str, dict[str, str], bytes]]
    wait: threading.Event


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.path == "/drip":
            # An answer that never ends, an octet now and then.
            while not self.server.wait.wait(0.05):
                try:
                    self.wfile.write(b"H")
                except OSError:
                    return
            return
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(("127.0.0.1", 0), Handler)
    running.taken, running.wait = [], threading.Event()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.wait.set()
    running.shutdown()
    thread.join()
    running.server_close()


def post(server: Server, path: str = "/hook?x=1", settings: WebhookSettings | None = None, host: str = "127.0.0.1",
         scheme: str = "http") -> int:
    poster = WebhookPoster(settings or WebhookSettings(LOCAL))
    return poster.post(Webhook(f"{scheme}://{host}:{server.server_port}{path}", SECRET), "id/1", NOW, BODY)


def test_a_body_is_posted_as_it_is_and_signed(server: Server) -> None:
    assert post(server) == 200
    ((path, headers, body),) = server.taken
    assert (path, body.decode(), headers["content-type"]) == ("/hook?x=1", BODY, "application/json")
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("id/1", str(int(NOW.timestamp())))
    expected = hmac.new(b"0123456789abcdef", f"id/1.{int(NOW.timestamp())}.".encode() + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


def test_redirects_are_not_followed(server: Server) -> None:
    assert post(server, "/moved") == 302
    assert [path for path, _, _ in server.taken] == ["/moved"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "127.1"])
def test_private_addresses_get_nothing_in_any_spelling(server: Server, host: str) -> None:
    with pytest.raises(DeliveryFailed, match="not a public address"):
        post(server, settings=WebhookSettings(), host=host)
    assert server.taken == []


def test_a_name_is_resolved_once_and_the_checked_address_is_connected_to(server: Server,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "127.9.9.9"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kwargs: (
        resolve if host == "rebinding.example" else real)(host, *args, **kwargs))
    assert post(server, host="rebinding.example") == 200
    assert asked == ["rebinding.example"]
    assert server.taken[0][1]["host"].startswith("rebinding.example:")


def test_a_name_with_one_private_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **kwargs: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("93.184.215.14", "10.0.0.1")])
    with pytest.raises(DeliveryFailed, match=r"10\.0\.0\.1"):
        post(server, host="both.example")


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "2002:a00:1::1", "2001:db8::1"])
def test_what_is_not_public(address: str) -> None:
    found = ip_address(address)
    assert not (is_public(found) and is_public(embedded(found)))


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_what_is_public(address: str) -> None:
    found = ip_address(address)
    assert is_public(found)
    assert is_public(embedded(found))


def test_an_answer_that_never_ends_is_given_up_in_time(server: Server) -> None:
    with pytest.raises(DeliveryFailed, match="timed out"):
        post(server, "/drip", WebhookSettings(LOCAL, timeout_seconds=1))


def test_a_receiver_that_is_down_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DeliveryFailed, match="refused"):
        WebhookPoster(WebhookSettings(LOCAL)).post(Webhook(f"http://127.0.0.1:{port}/", SECRET), "id", NOW, BODY)


def test_a_certificate_must_be_of_the_name_and_of_a_known_authority(server: Server,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with pytest.raises(DeliveryFailed, match="CERTIFICATE_VERIFY_FAILED"):
        post(server, scheme="https", host="localhost", settings=WebhookSettings((*LOCAL, ip_network("::1"))))
    poster = WebhookPoster(WebhookSettings((*LOCAL, ip_network("::1"))))
    authority.configure_trust(poster._tls)
    assert poster.post(Webhook(f"https://localhost:{server.server_port}/", SECRET), "id", NOW, BODY) == 200
    with pytest.raises(DeliveryFailed, match="CERTIFICATE_VERIFY_FAILED"):
        poster.post(Webhook(f"https://127.0.0.1:{server.server_port}/", SECRET), "id", NOW, BODY)
