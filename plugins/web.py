"""The booking pages in a stock Radicale, under ``/.web/``, beside Radicale's own page for collections."""

from __future__ import annotations

from functools import cached_property

from flask import Flask
from radicale import types
from radicale.web import internal
from werkzeug.wrappers import Response

from radicale_booking import web, wiring

_MOUNT = "/.web"
_OURS = frozenset({"embed.js", "book", "booking", "freebusy", "host", "health", "ready"})


class Web(internal.Web):
    """Radicale's web plugin: what is not a booking page is left to Radicale's internal one."""

    def get(self, environ: types.WSGIEnviron, base_prefix: str, path: str, user: str, user_groups: set[str],
            request_info: dict[str, object]) -> types.WSGIResponse:
        """GET and HEAD; see ``radicale.web.BaseWeb.get``."""
        if _is_ours(path):
            return self._answer(environ, base_prefix, path, "GET")
        return super().get(environ, base_prefix, path, user, user_groups, request_info)

    def post(self, environ: types.WSGIEnviron, base_prefix: str, path: str, user: str, user_groups: set[str],
             request_info: dict[str, object]) -> types.WSGIResponse:
        """POST; see ``radicale.web.BaseWeb.post``."""
        if _is_ours(path):
            return self._answer(environ, base_prefix, path, "POST")
        return super().post(environ, base_prefix, path, user, user_groups, request_info)

    @cached_property
    def _pages(self) -> Flask:
        return web.create_app(wiring.storage_adapters(self.configuration))

    def _answer(self, environ: types.WSGIEnviron, base_prefix: str, path: str, method: str) -> types.WSGIResponse:
        inner = {
            **environ,
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": base_prefix + _MOUNT,
            "PATH_INFO": _wsgi_path(path.removeprefix(_MOUNT)),
            # Radicale compresses the answer itself.
            "HTTP_ACCEPT_ENCODING": "",
        }
        response = Response.from_app(self._pages, inner, buffered=True)
        try:
            return response.status_code, dict(response.headers), response.get_data(), None
        finally:
            response.close()


def _is_ours(path: str) -> bool:
    return path.startswith(_MOUNT + "/") and path.split("/")[2] in _OURS


def _wsgi_path(path: str) -> str:
    """``path`` as PEP 3333 wants it; Radicale's own server decodes it to text, other servers do not."""
    try:
        path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return path.encode("utf-8").decode("latin-1")
    return path
