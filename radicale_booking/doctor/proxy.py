"""Whether the proxy says of requests what it should, and passes nothing on that only it may say."""

from __future__ import annotations

import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from http.client import HTTPException
from typing import IO
from urllib.parse import urlsplit

from radicale_booking.doctor.finding import ERROR, OK, WARNING, Finding

_PATIENCE_SECONDS = 8
_SEE = "set the headers that config/nginx.conf and config/Caddyfile set"


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Where a redirect leads is what is asked."""

    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message,
                         newurl: str) -> None:
        return None


def examine(public_url: str) -> Iterator[Finding]:
    """``public_url`` is that of a server that is reached through it."""
    troubles = [*_place(public_url), *_visitor(public_url), *_user(public_url)]
    yield from troubles
    if not troubles:
        yield Finding("proxy headers", OK, "are set by the proxy alone")


def _place(public_url: str) -> Iterator[Finding]:
    """Where the server is shown is told by X-Script-Name."""
    forged = f"/{secrets.token_hex(8)}"
    for headers in ({}, {"X-Script-Name": forged}):
        _, location = _ask(f"{public_url}/.well-known/carddav", headers=headers)
        found = urlsplit(location).path.rstrip("/")
        if found == forged:
            yield Finding("proxy headers", WARNING, "X-Script-Name of a visitor is believed",
                          f"let the proxy set or remove it: {_SEE}")
        elif location and found != urlsplit(public_url).path.rstrip("/"):
            yield Finding("proxy headers", ERROR, f"calendar programs are sent to {location}",
                          "let the proxy set X-Script-Name to the path of [booking] public_url, and remove it where "
                          "there is none")
            return


def _visitor(public_url: str) -> Iterator[Finding]:
    """``/metrics`` is closed to everybody whom a proxy tells of."""
    status, _ = _ask(f"{public_url}/metrics")
    if status == 200:
        yield Finding("proxy headers", ERROR, "all visitors count as one, and read /metrics: nothing says that they "
                      "come through a proxy", f"let the proxy set X-Forwarded-For: {_SEE}")


def _user(public_url: str) -> Iterator[Finding]:
    """Matters where ``[auth] type = http_x_remote_user`` lets a proxy say who asks."""
    without, _ = _ask(f"{public_url}/", "PROPFIND")
    given, _ = _ask(f"{public_url}/", "PROPFIND", {"X-Remote-User": "nobody"})
    if without in (401, 403) and given == 207:
        yield Finding("proxy headers", ERROR, "X-Remote-User of a visitor is believed: anybody may be anybody",
                      f"let the proxy set it: {_SEE}")


def _ask(url: str, method: str = "GET", headers: Mapping[str, str] = {}) -> tuple[int, str]:
    """The status and where a redirect leads; 0 where nothing answers."""
    request = urllib.request.Request(url, method=method, headers={"Depth": "0", **headers})  # noqa: S310 - ours
    try:
        with urllib.request.build_opener(_StayHere).open(request, timeout=_PATIENCE_SECONDS) as answer:
            return int(answer.status), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.headers.get("Location", ""))
    except (OSError, HTTPException):
        return 0, ""
