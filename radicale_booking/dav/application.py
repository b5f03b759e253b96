"""Radicale's WSGI application with the booking pages beside it."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from typing import Any

from defusedxml import ElementTree as DefusedET
from defusedxml.common import DefusedXmlException
from radicale import httputils, rights, types, xmlutils
from radicale.app import Application
from radicale.config import Configuration
from radicale.log import logger

from radicale_booking.dav import errors, listing
from radicale_booking.dav.storage import Storage
from radicale_booking.domain.principal import RESERVED_NAMES
from radicale_booking.errors import BookingError, Unavailable
from radicale_booking.store.collections import TRANSPARENCY

_TRANSPARENCY = xmlutils.make_clark(TRANSPARENCY)

_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")

Pages = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BookingApplication(Application):
    """Requests whose first path word is reserved go to ``pages``, all others to Radicale.

    Our errors become WebDAV answers; they have left the storage's lock by then, so nothing of the request is kept.
    Answers that list many items are written from rows, unless ``listing`` is False.
    """

    def __init__(self, configuration: Configuration, pages: Pages, *, listing: bool = True) -> None:
        super().__init__(configuration)
        self._pages = pages
        # The rows hold UTF-8, and a share may rename and convert what it lists.
        self._lists = listing and self._encoding.lower() == "utf-8" and not self._sharing._enabled

    @property
    def rights(self) -> rights.BaseRights:
        return self._rights

    @property
    def max_resource_size(self) -> int:
        return self._max_resource_size

    def __call__(self, environ: types.WSGIEnviron, start_response: types.WSGIStartResponse) -> Iterable[bytes]:
        prefix = self._prefix(environ)
        path = environ.get("PATH_INFO", "")
        inner = path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
        if inner.lstrip("/").split("/", 1)[0] in RESERVED_NAMES:
            return self._pages({**environ, "SCRIPT_NAME": prefix, "PATH_INFO": inner}, start_response)
        return super().__call__(environ, start_response)

    def _prefix(self, environ: types.WSGIEnviron) -> str:
        """The path below which a proxy shows the server, named as Radicale has it named."""
        proxied = any(environ.get(f"HTTP_X_FORWARDED_{header}") for header in ("FOR", "HOST", "PROTO", "SERVER"))
        prefix = self._script_name if self._script_name and proxied else environ.get(
            "HTTP_X_SCRIPT_NAME", environ.get("SCRIPT_NAME", ""))
        return str(prefix).rstrip("/") if _PREFIX.fullmatch(str(prefix)) else ""

    def _handle_request(self, environ: types.WSGIEnviron) -> Any:
        # The look-up of the principal comes before any do_… method.
        try:
            return super()._handle_request(environ)
        except BookingError as error:
            return _plain(_answer(error))

    def _read_xml_request_body(self, environ: types.WSGIEnviron, request_info: dict[str, Any]) -> ET.Element | None:
        body = super()._read_xml_request_body(environ, request_info)
        # Radicale keeps a property's text only, this one says its value by an element (RFC 6638 §9.1).
        for element in body.iter(_TRANSPARENCY) if body is not None else ():
            for value in list(element):
                element.text = value.tag.rpartition("}")[2]
                element.remove(value)
        return body

    def do_DELETE(self, *request: Any) -> types.WSGIResponse:  # noqa: N802 - Radicale's name
        return _guarded(super().do_DELETE, request)

    def do_GET(self, *request: Any, **options: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(self._got, request, **options)

    def _got(self, environ: types.WSGIEnviron, base_prefix: str, path: str, user: str, user_groups: set[str],
             request_info: dict[str, Any]) -> types.WSGIResponse:
        if self._lists and isinstance(self._storage, Storage) and not environ.get("QUERY_STRING"):
            answer = listing.get(listing.Request(self, self._storage, base_prefix, path, user, user_groups, None))
            if answer is not None:
                return answer
        return super().do_GET(environ, base_prefix, path, user, user_groups, request_info)

    def do_MKCALENDAR(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(super().do_MKCALENDAR, request)

    def do_MKCOL(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(super().do_MKCOL, request)

    def do_MOVE(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(super().do_MOVE, request)

    def do_PROPFIND(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        if request[0].get("HTTP_DEPTH", "0") == "1":
            return _guarded(self._listed, (listing.propfind, super().do_PROPFIND, *request))
        return _guarded(super().do_PROPFIND, request)

    def do_PROPPATCH(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(super().do_PROPPATCH, request)

    def do_PUT(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(super().do_PUT, request)

    def do_REPORT(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return _guarded(self._listed, (listing.report, super().do_REPORT, *request))

    def _listed(self, listed: Callable[[listing.Request], types.WSGIResponse | None],
                generic: Callable[..., types.WSGIResponse], environ: types.WSGIEnviron, base_prefix: str, path: str,
                user: str, user_groups: set[str], request_info: dict[str, Any]) -> types.WSGIResponse:
        if not self._lists or not isinstance(self._storage, Storage):
            return generic(environ, base_prefix, path, user, user_groups, request_info)
        try:
            raw = httputils.read_raw_request_body(self.configuration, environ)
            body = DefusedET.fromstring(raw) if raw else None
        except (RuntimeError, ET.ParseError, DefusedXmlException):
            return httputils.BAD_REQUEST
        except TimeoutError:
            return httputils.REQUEST_TIMEOUT
        answer = listed(listing.Request(self, self._storage, base_prefix, path, user, user_groups, body))
        if answer is not None:
            request_info["status"] = answer[0]
            return answer
        again = {**environ, "wsgi.input": io.BytesIO(raw)}
        return generic(again, base_prefix, path, user, user_groups, request_info)


def _guarded(method: Callable[..., types.WSGIResponse], request: tuple[Any, ...],
             **options: Any) -> types.WSGIResponse:
    try:
        return method(*request, **options)
    except BookingError as error:
        return _answer(error)


def _answer(error: BookingError) -> types.WSGIResponse:
    if isinstance(error, Unavailable):
        logger.error("Request failed: %s", error)
    else:
        logger.info("Request refused: %s", error)
    return errors.response(error)


def _plain(answer: types.WSGIResponse) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    status, headers, body, _ = answer
    content = body if isinstance(body, bytes) else (body or "").encode()
    return f"{status} Error", [*dict(headers).items(), ("Content-Length", str(len(content)))], [content]
