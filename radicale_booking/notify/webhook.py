"""Posting to webhooks, signed (https://www.standardwebhooks.com/), and never to where it is not meant to.

A name is resolved once, the addresses are checked, and one that was checked is connected to, so that a name cannot mean
another address a moment later. Redirects are not followed.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from radicale_booking.domain.webhook import Webhook
from radicale_booking.errors import DeliveryFailed
from radicale_booking.webhook_settings import WebhookSettings

Address = IPv4Address | IPv6Address

_MOST_ANSWER_OCTETS = 4096
#: In these the last 32 bits are an IPv4 address to which the packet is translated (RFC 6052; RFC 8215).
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_LONGEST_REASON = 300


class WebhookPoster:
    """Posts as ``settings`` allow."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings

    @functools.cached_property
    def _tls(self) -> ssl.SSLContext:
        # Reading all authorities takes a command longer than building everything else.
        return ssl.create_default_context()

    def post(self, webhook: Webhook, message_id: str, at: datetime, body: str) -> int:
        """Post ``body``, named ``message_id``, signed as ``at``; the HTTP status of the answer.

        Raises ``DeliveryFailed`` when there was no answer, or the address is not allowed.
        """
        octets, stamp = body.encode(), str(int(at.timestamp()))
        headers = {
            "Content-Type": "application/json", "User-Agent": "radicale-booking", "Connection": "close",
            "webhook-id": message_id, "webhook-timestamp": stamp,
            "webhook-signature": sign(webhook.secret, message_id, stamp, octets),
        }
        parts = urlsplit(webhook.url)
        host, secure = str(parts.hostname), parts.scheme == "https"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            address = self._resolved(host, parts.port or (443 if secure else 80))
            return self._exchange(_connection(host, parts.port, secure, address, self._settings, self._tls),
                                  target, octets, headers)
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            reason = " ".join(f"{webhook.url}: {error or type(error).__name__}".split())
            raise DeliveryFailed(reason[:_LONGEST_REASON]) from error

    def _exchange(self, connection: http.client.HTTPConnection, target: str, body: bytes,
                  headers: dict[str, str]) -> int:
        """The status of the answer; the whole exchange takes at most the time that the settings allow."""
        over = threading.Event()

        def end() -> None:
            over.set()
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)

        watch = threading.Timer(self._settings.timeout_seconds, end)
        watch.daemon = True
        watch.start()
        try:
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(_MOST_ANSWER_OCTETS)
            return answer.status
        except (OSError, http.client.HTTPException) as error:
            if over.is_set():
                raise TimeoutError("timed out") from error
            raise
        finally:
            watch.cancel()
            connection.close()

    def _resolved(self, host: str, port: int) -> tuple[str, int]:
        """An address of ``host`` that may be connected to; all that it has must be. Raises ``OSError``."""
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        for address in found:
            if not self._allowed(ip_address(address.partition("%")[0])):
                raise OSError(f"{host} is {address}, which is not a public address; see [webhooks] allow_networks")
        return found[0], port

    def _allowed(self, address: Address) -> bool:
        inner = embedded(address)
        return any(candidate in network for network in self._settings.allow_networks
                   for candidate in (address, inner)) or (is_public(address) and is_public(inner))


def sign(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``message_id.stamp.body``; ``secret`` is ``whsec_`` and base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)).decode()


def is_public(address: Address) -> bool:
    """Whether it is one of the internet's, for one machine."""
    return address.is_global and not address.is_multicast and not address.is_reserved


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _connection(host: str, port: int | None, secure: bool, address: tuple[str, int], settings: WebhookSettings,
                tls: ssl.SSLContext) -> http.client.HTTPConnection:
    """A connection whose name is ``host`` and whose other end is ``address``."""
    if secure:
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=settings.timeout_seconds, context=tls)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=settings.timeout_seconds)

    def connect(_named: tuple[str, int], timeout: float, source: tuple[str, int] | None) -> socket.socket:
        return socket.create_connection(address, timeout, source)

    connection._create_connection = connect  # type: ignore[attr-defined]  # http.client's own way to replace it
    return connection
