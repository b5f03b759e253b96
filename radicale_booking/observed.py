"""Every request with an id, measured and counted."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from radicale_booking.domain.principal import RESERVED_NAMES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from radicale_booking.services.adapters import Meter

REQUEST_ID = "radicale_booking.request_id"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "PROPPATCH", "REPORT", "MKCOL",
                      "MKCALENDAR", "MOVE", "COPY"})


class Observed:
    """Wraps a WSGI application. A proxy's ``X-Request-ID`` is kept; the answer carries it."""

    def __init__(self, application: WSGIApplication, meter: Meter) -> None:
        self._application = application
        self._meter = meter

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        given = str(environ.get("HTTP_X_REQUEST_ID", ""))
        request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        environ[REQUEST_ID] = request_id
        status = 500

        def start(status_line: str, headers: list[tuple[str, str]],
                  exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
                  = None) -> Callable[[bytes], object]:
            nonlocal status
            status = int(status_line[:3])
            return start_response(status_line, [*headers, ("X-Request-ID", request_id)], exc_info)

        try:
            return self._application(environ, start)
        finally:
            self._meter.request(operation(environ), status, time.perf_counter() - began)


def operation(environ: WSGIEnvironment) -> str:
    """``page``, ``dav`` or ``watch`` and the method: few values, whatever is asked for."""
    method = str(environ.get("REQUEST_METHOD", ""))
    word = str(environ.get("PATH_INFO", "")).lstrip("/").split("/", 1)[0]
    area = "watch" if word in ("health", "ready", "metrics") else "page" if word in RESERVED_NAMES else "dav"
    return f"{area} {method if method in _METHODS else 'other'}"
