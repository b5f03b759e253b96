"""One line for each request: time, method, path, status, milliseconds. No address, no user, no query, no token."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: A manage link lets its reader cancel, so its token stays out of logs.
_TOKEN = re.compile(r"(?<=/booking/)[^/]+")
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0]")


class AccessLog:
    """Wraps a WSGI application; the time runs until its answer is complete or handed over to be streamed."""

    def __init__(self, application: WSGIApplication, out: TextIO | None = None) -> None:
        self._application = application
        self._out = out

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
            self._write(str(environ.get("REQUEST_METHOD", "?")), path, status, milliseconds)

    def _write(self, method: str, path: str, status: str, milliseconds: float) -> None:
        now = datetime.now(UTC)
        shown = _CONTROL.sub("?", _TOKEN.sub("…", path.encode("latin-1", "replace").decode("utf-8", "replace")))
        # One write a line, so that lines of several processes do not mix.
        out = self._out or sys.stdout
        out.write(f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z {method} {shown} {status} "
                  f"{milliseconds:.1f} ms\n")
        out.flush()
