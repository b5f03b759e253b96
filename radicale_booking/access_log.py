"""One line for each request: time, method, path, status, milliseconds, request id. No address, no user, no query, no
token: of a path only the word that no user can have as a name, and how deep it is."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from radicale_booking.domain.principal import RESERVED_NAMES
from radicale_booking.observed import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class AccessLog:
    """Wraps a WSGI application; the time runs until its answer is complete or handed over to be streamed."""

    def __init__(self, application: WSGIApplication, out: TextIO | None = None, *, as_json: bool = False) -> None:
        self._application = application
        self._out = out
        self._as_json = as_json

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        status = "500"

        def start(status_line: str, headers: list[tuple[str, str]],
                  exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
                  = None) -> Callable[[bytes], object]:
            nonlocal status
            status = status_line[:3]
            return start_response(status_line, headers, exc_info)

        try:
            return self._application(environ, start)
        finally:
            milliseconds = (time.perf_counter() - began) * 1000
            path = str(environ.get("SCRIPT_NAME", "")) + str(environ.get("PATH_INFO", ""))
            self._write(str(environ.get("REQUEST_METHOD", "?")), path, status, milliseconds,
                        str(environ.get(REQUEST_ID, "-")))

    def _write(self, method: str, path: str, status: str, milliseconds: float, request_id: str) -> None:
        now = datetime.now(UTC)
        shown = _without_names(path)
        instant = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
        # One write a line, so that lines of several processes do not mix.
        out = self._out or sys.stdout
        if self._as_json:
            out.write(json.dumps({"time": instant, "method": method, "path": shown, "status": int(status),
                                  "ms": round(milliseconds, 1), "request_id": request_id}) + "\n")
        else:
            out.write(f"{instant} {method} {shown} {status} {milliseconds:.1f} ms {request_id}\n")
        out.flush()


def _without_names(path: str) -> str:
    """``/book/…/…/`` of a page, ``/…/…/…`` of a calendar object: users, addresses and tokens stay out of logs."""
    first, *others = path.removeprefix("/").split("/")
    word = first if first in RESERVED_NAMES or not first else "…"
    return "/" + "/".join([word, *("…" if other else "" for other in others)])
