"""Radicale's WSGI application with the booking pages beside it."""

from __future__ import annotations

import io
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote

from radicale import httputils, rights, types, xmlutils
from radicale.app import Application
from radicale.app.base import Access
from radicale.config import Configuration

from radicale_booking import again
from radicale_booking.dav import (
    boxes,
    calendar_data,
    charset,
    creation,
    errors,
    listing,
    minimal,
    no_namespace,
    outbox,
    path_text,
    preconditions,
    properties,
    propfind_body,
    protected,
    put,
    query,
    relocation,
    reports,
    representation,
    slot_calendar,
    tokens,
)
from radicale_booking.dav.body import Body, checked, read_xml
from radicale_booking.dav.exchange import Exchange
from radicale_booking.dav.sign_in import SignIn, legible
from radicale_booking.dav.storage import Storage
from radicale_booking.domain.principal import RESERVED_NAMES
from radicale_booking.errors import (
    BookingError,
    NotAllowed,
    SlotTaken,
)
from radicale_booking.ical import rule_cost
from radicale_booking.services import maintenance_mode
from radicale_booking.store.collections import BOXES, OUTBOX, TRANSPARENCY

_MULTISTATUS = xmlutils.make_clark("D:multistatus")
_HREF = "/".join(map(xmlutils.make_clark, ("D:response", "D:href")))
_PROP, _RESOURCE_TYPE = xmlutils.make_clark("D:prop"), xmlutils.make_clark("D:resourcetype")
_TRANSPARENCY = xmlutils.make_clark(TRANSPARENCY)
_COMPONENTS = xmlutils.make_clark("C:supported-calendar-component-set")
_TIMEZONE = xmlutils.make_clark("C:calendar-timezone")

_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_ASKING = frozenset({"OPTIONS", "PROPFIND", "REPORT"})
_PRINCIPALS = "principals"
#: In the environment of a request, and what is known of it: the path that the client has for the root.
_SHOWN_AS = "radicale_booking.shown_as"
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
        if isinstance(self._storage, Storage):
            self._storage.scheduling = True
            calendar_data.install()
            # It has all that Radicale asks of one.
            self._auth = SignIn(self._auth, self._storage.app)  # type: ignore[assignment]
        # The rows hold UTF-8.
        self._lists = listing and isinstance(self._storage, Storage) and self._encoding.lower() == "utf-8"

    def _lists_at(self, path: str, user: str, user_groups: set[str]) -> bool:
        """Whether answers about ``path`` are written from rows: those about what is shared Radicale converts."""
        return self._lists and not (
            self._sharing._enabled and self._sharing.sharing_collection_resolver(path, user, user_groups))

    @property
    def rights(self) -> rights.BaseRights:
        return self._rights

    @property
    def max_resource_size(self) -> int:
        return self._max_resource_size

    @property
    def most_occurrences(self) -> int:
        """In the answer to one REPORT."""
        return int(self.configuration.get("reporting", "max_expand_occurrence")) or sys.maxsize

    @property
    def most_rule_occurrences(self) -> int:
        """More occurrences of a rule are refused; 0: none are."""
        return self._max_vevent_rrule_occurrence

    def __call__(self, environ: types.WSGIEnviron, start_response: types.WSGIStartResponse) -> Iterable[bytes]:
        prefix = self._prefix(environ)
        path = environ.get("PATH_INFO", "")
        inner = path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path
        word = inner.lstrip("/").split("/", 1)[0]
        if inner.strip("/") == _PRINCIPALS and environ["REQUEST_METHOD"] in _ASKING:
            # Programs look for the user here too.
            return super().__call__({**environ, "PATH_INFO": "/", _SHOWN_AS: f"{prefix}{inner}"}, start_response)
        if word in RESERVED_NAMES and not self._is_of_slots(environ["REQUEST_METHOD"], inner):
            return self._pages({**environ, "SCRIPT_NAME": prefix, "PATH_INFO": inner}, start_response)
        return super().__call__(path_text.decoded(environ), start_response)

    def _is_of_slots(self, method: str, path: str) -> bool:
        """Whether a calendar program asks for the calendar of open slots; its feed is one of the pages."""
        if self._slots("", path, "") is None:
            return False
        of_object = path.endswith(".ics") and not path.endswith("/slots.ics")
        return method not in ("GET", "HEAD", "POST") or (method != "POST" and of_object)

    def _prefix(self, environ: types.WSGIEnviron) -> str:
        """The path below which a proxy shows the server, named as Radicale has it named."""
        prefix = environ.get("HTTP_X_SCRIPT_NAME", environ.get("SCRIPT_NAME", ""))
        if self._script_name and any(environ.get(f"HTTP_X_FORWARDED_{header}")
                                     for header in ("FOR", "HOST", "PROTO", "SERVER")):
            prefix = self._script_name
        if not prefix:
            return ""
        return str(prefix).rstrip("/") if _PREFIX.fullmatch(str(prefix)) else ""

    def _handle_request(self, environ: types.WSGIEnviron) -> Any:
        if isinstance(self._storage, Storage):
            self._storage.request_begins(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        # Radicale looks for the user's home and makes it before any do_… method, which is not begun anew here: its
        # errors are answers by then.
        try:
            return again.attempt(super()._handle_request, charset.unnamed(legible(environ)))
        except BookingError as error:
            return errors.plain(errors.answer(error))

    def _read_xml_request_body(self, environ: types.WSGIEnviron, request_info: dict[str, Any]) -> ET.Element | None:
        try:
            body = checked(super()._read_xml_request_body(charset.named(environ), request_info))
        except (LookupError, ValueError) as error:
            raise RuntimeError(f"the body cannot be read: {error}") from None
        if body is not None:
            no_namespace.name(body)
            protected.check(environ["REQUEST_METHOD"], body)
            if environ["REQUEST_METHOD"] == "PROPFIND":
                propfind_body.check(body)
            if environ["REQUEST_METHOD"] == "PROPPATCH" and body.find(f".//{_PROP}/{_RESOURCE_TYPE}") is not None:
                # Radicale would make the calendar something else, and lose it.
                raise NotAllowed("PROPPATCH", "DAV:resourcetype")
        # Radicale keeps a property's text only, this one says its value by an element (RFC 6638 §9.1).
        for element in body.iter(_TRANSPARENCY) if body is not None else ():
            for value in list(element):
                element.text = value.tag.rpartition("}")[2]
                element.remove(value)
        for element in body.iter(_COMPONENTS) if body is not None else ():
            if any(not kind.get("name") for kind in element):
                raise RuntimeError("a kind of component has no name")
        for element in body.iter(_TIMEZONE) if body is not None else ():
            if (element.text or "").strip():
                query.check_zone(element.text or "")
        return body

    def _xml_response(self, xml_content: ET.Element, request_info: dict[str, Any]) -> bytes:
        if isinstance(self._storage, Storage) and xml_content.tag == _MULTISTATUS and "base_prefix" in request_info:
            with self._storage.reading() as unit_of_work:
                properties.amend(unit_of_work, request_info["base_prefix"], xml_content,
                                 most_instances=self.most_rule_occurrences)
            for response in xml_content if request_info.get("minimal") else ():
                minimal.shorten(response)
            for href in xml_content.iterfind(_HREF) if _SHOWN_AS in request_info else ():
                if href.text == f"{request_info['base_prefix']}/":
                    href.text = quote(request_info[_SHOWN_AS])
        no_namespace.unname(xml_content)
        return super()._xml_response(xml_content, request_info)

    def _answered(self, method: Callable[..., types.WSGIResponse], request: tuple[Any, ...],
                  **options: Any) -> types.WSGIResponse:
        """What ``method`` answers, begun anew where the database undid its transaction, or its error's answer."""
        environ, *others = request
        if environ["REQUEST_METHOD"] not in _WITHOUT_BODY:
            environ = {**environ, "wsgi.input": Body(environ["wsgi.input"])}
        if self._hook.enabled:  # which would be told twice
            return errors.guarded(method, (environ, *others), **options)
        return errors.guarded(again.attempt, (method, environ, *others), **options)

    def _read(self, method: Callable[..., types.WSGIResponse], request: tuple[Any, ...],
              **options: Any) -> types.WSGIResponse:
        """``_answered`` for a method that changes nothing."""
        if not isinstance(self._storage, Storage):
            return self._answered(method, request, **options)
        with self._storage.only_reading():
            return self._answered(method, request, **options)

    def do_DELETE(self, *request: Any) -> types.WSGIResponse:  # noqa: N802 - Radicale's name
        return self._writing(super().do_DELETE, request)

    def do_GET(self, *request: Any, **options: Any) -> types.WSGIResponse:  # noqa: N802
        return self._read(self._got, request, **options)

    def _got(self, environ: types.WSGIEnviron, base_prefix: str, path: str, user: str, user_groups: set[str],
             request_info: dict[str, Any]) -> types.WSGIResponse:
        slots = self._slots(base_prefix, path, user)
        if slots is not None:
            return slot_calendar.get(*slots)
        if path.strip("/").count("/") == 1 and self._box(path) == OUTBOX:
            # It has no members, and Radicale no type for it.
            return httputils.DIRECTORY_LISTING if Access(self._rights, user, user_groups, path).check("r") else \
                httputils.NOT_ALLOWED
        if isinstance(self._storage, Storage) and not environ.get("QUERY_STRING") and \
                self._lists_at(path, user, user_groups):
            answer = listing.get(listing.Request(self, self._storage, base_prefix, path, user, user_groups, None))
            if answer is not None:
                return answer
        return super().do_GET(environ, base_prefix, path, user, user_groups, request_info)

    def _slots(self, base_prefix: str, path: str, user: str) -> tuple[slot_calendar.SlotCalendar, str] | None:
        return slot_calendar.at(self._storage.app, base_prefix, path, user) \
            if isinstance(self._storage, Storage) else None

    def do_OPTIONS(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        if self._slots(request[1], request[2], request[3]) is not None:
            return slot_calendar.options()
        return tokens.added(super().do_OPTIONS(*request))

    def do_MKCALENDAR(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        status, headers, body, xml_request = self._answered(partial(self._made, super().do_MKCALENDAR), request)
        return status, {**dict(headers), "Cache-Control": "no-cache"}, body, xml_request

    def do_MKCOL(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return self._answered(partial(self._made, super().do_MKCOL), request)

    def _made(self, make: Callable[..., types.WSGIResponse], *request: Any) -> types.WSGIResponse:
        refusal = creation.refusal(self._storage, *request[2:4]) if isinstance(self._storage, Storage) else None
        return refusal if refusal is not None else protected.guarded(make, *request)

    def do_COPY(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return self._writing(self._copied, request)

    def _copied(self, *request: Any) -> types.WSGIResponse:
        if not isinstance(self._storage, Storage):
            return httputils.METHOD_NOT_ALLOWED
        return relocation.copy(self, self._storage, *request[:5])

    def do_MOVE(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        return self._writing(self._moved, request)

    def _moved(self, environ: types.WSGIEnviron, *request: Any) -> types.WSGIResponse:
        answer = relocation.move_collection(self, self._storage, environ, *request[:4]) \
            if isinstance(self._storage, Storage) else None
        return answer if answer is not None else super().do_MOVE({"HTTP_OVERWRITE": "T", **environ}, *request)

    def do_PROPFIND(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        slots = self._slots(*request[1:4])
        if slots is not None:
            return self._read(partial(self._asked_of_slots, slots), request)
        depth = request[0].get("HTTP_DEPTH", "0").lower()
        if depth not in ("0", "1", "infinity"):
            return httputils.BAD_REQUEST
        if depth == "1":
            answer = self._read(partial(self._listed, listing.propfind, super().do_PROPFIND), request)
        else:
            _take(request[0], request[1], request[-1])
            answer = self._read(super().do_PROPFIND, request)
        return tokens.added(minimal.listed(request[0], answer))

    def do_PROPPATCH(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        patch = self._patch_box if self._box(request[2]) is not None else super().do_PROPPATCH
        return tokens.added(minimal.patched(request[0], self._answered(partial(protected.guarded, patch), request)))

    def _asked_of_slots(self, slots: tuple[slot_calendar.SlotCalendar, str], environ: types.WSGIEnviron,
                        *request: Any) -> types.WSGIResponse:
        """A PROPFIND, REPORT, PUT or DELETE in a calendar of open slots."""
        calendar, href = slots
        method = environ["REQUEST_METHOD"]
        if method in ("PUT", "DELETE"):
            maintenance_mode.refuse_booking(calendar.app)
        if method == "DELETE":
            return slot_calendar.delete(calendar, href)
        try:
            if method == "PUT":
                text = httputils.read_request_body(self.configuration, environ, request[-1])
                return slot_calendar.put(calendar, href, text.removeprefix("\ufeff"), environ)
            body = self._read_xml_request_body(environ, request[-1])
        except (RuntimeError, UnicodeDecodeError):
            return httputils.BAD_REQUEST
        except TimeoutError:
            return httputils.REQUEST_TIMEOUT
        if method == "REPORT":
            return slot_calendar.report(calendar, body)
        return slot_calendar.propfind(calendar, href, environ.get("HTTP_DEPTH", "1"), body)

    def do_PUT(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        environ, base_prefix, path, *_ = request
        return representation.shown(environ, base_prefix + path, self._writing(self._put, request), lambda: self._read(
            self._got, ({**environ, "REQUEST_METHOD": "GET", "QUERY_STRING": ""}, *request[1:])))

    def _put(self, environ: types.WSGIEnviron, *request: Any) -> types.WSGIResponse:
        path, user, user_groups = request[1:4]
        if not self._hook.enabled and not self._strict_preconditions and self._lists_at(path, user, user_groups):
            assert isinstance(self._storage, Storage)  # noqa: S101 - it lists
            answer = put.plain(self, self._storage, environ, path, user, user_groups)
            if answer is not None:
                return answer
        if isinstance(self._storage, Storage):
            rule_cost.check((self._storage.exchange.sent or b"").decode(errors="replace"))
        return super().do_PUT(environ, *request)

    def do_POST(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        posted = self._posted if self._box(request[2]) is not None else super().do_POST
        return self._answered(posted, request)

    def do_REPORT(self, *request: Any) -> types.WSGIResponse:  # noqa: N802
        slots = self._slots(*request[1:4])
        if slots is not None:
            return self._read(partial(self._asked_of_slots, slots), request)
        return minimal.listed(request[0], self._read(
            partial(self._listed, self._reported, super().do_REPORT), request))

    def _reported(self, request: listing.Request) -> types.WSGIResponse | None:
        return reports.answer(request, of_box=self._box(request.path) is not None)

    @again.if_undone
    def _box(self, path: str) -> str | None:
        """The tag of the inbox or outbox that is at ``path`` or holds it, else None."""
        words = path.strip("/").split("/")
        if not isinstance(self._storage, Storage) or len(words) < 2 or words[1] not in BOXES:
            return None
        with self._storage.acquire_lock("r"):
            found = self._storage.collection_at("/".join(words[:2]))
        return found.tag if found is not None and found.tag in BOXES.values() else None

    def _patch_box(self, environ: types.WSGIEnviron, base_prefix: str, path: str, user: str, user_groups: set[str],
                   request_info: dict[str, Any]) -> types.WSGIResponse:
        if not Access(self._rights, user, user_groups, path).check("w"):
            return httputils.NOT_ALLOWED
        try:
            body = self._read_xml_request_body(environ, request_info)
        except RuntimeError:
            return httputils.BAD_REQUEST
        assert isinstance(self._storage, Storage)  # noqa: S101 - it has boxes
        with self._storage.acquire_lock("w", user, path=path, actor=user):
            return boxes.patch(self._storage.app, self._storage.unit_of_work, base_prefix, path, body)

    def _posted(self, environ: types.WSGIEnviron, base_prefix: str, path: str, user: str, user_groups: set[str],
                request_info: dict[str, Any]) -> types.WSGIResponse:
        """Everybody who is signed in may ask when the others are free."""
        if not user:
            return httputils.NOT_ALLOWED
        try:
            text = httputils.read_request_body(self.configuration, environ, request_info)
        except RuntimeError:
            return httputils.BAD_REQUEST
        except TimeoutError:
            return httputils.REQUEST_TIMEOUT
        assert isinstance(self._storage, Storage)  # noqa: S101 - it has boxes
        with self._storage.acquire_lock("r", user):
            return outbox.post(self._storage.app, self._storage.unit_of_work, user, text.removeprefix("\ufeff"))

    def _writing(self, method: Callable[..., types.WSGIResponse], request: tuple[Any, ...]) -> types.WSGIResponse:
        """A request that may schedule; nobody but the server puts anything into a box or removes one."""
        environ, path = request[0], request[2]
        slots = self._slots(*request[1:4])
        if slots is not None:
            if environ["REQUEST_METHOD"] in ("COPY", "MOVE"):
                return httputils.FORBIDDEN
            return errors.guarded(self._asked_of_slots, (slots, *request))
        if not isinstance(self._storage, Storage):
            return self._answered(method, request)
        try:
            destination = relocation.destination(environ)
        except ValueError as error:
            return httputils.bad_request(f"the Destination is no address: {error}")
        target = unquote(destination.path).removeprefix(request[1])
        of_message = environ["REQUEST_METHOD"] == "DELETE" and path.strip("/").count("/") > 1
        if (self._box(path) and not of_message) or self._box(target):
            return httputils.FORBIDDEN
        return self._answered(partial(self._exchanged, self._storage, method), request)

    def _exchanged(self, storage: Storage, method: Callable[..., types.WSGIResponse], environ: types.WSGIEnviron,
                   *request: Any) -> types.WSGIResponse:
        path = request[1]
        exchange = Exchange.of(environ)
        if environ["REQUEST_METHOD"] == "PUT":
            try:
                sent = httputils.read_raw_request_body(self.configuration, environ)
                exchange.take(sent, charset.named(environ).get("CONTENT_TYPE", ""))
            except RuntimeError:
                return httputils.BAD_REQUEST
            except TimeoutError:
                return httputils.REQUEST_TIMEOUT
            except ValueError as error:
                return errors.answer(preconditions.of_charset(self._parent_tag(path), str(error)))
            content = exchange.sent or b""
            environ = {**environ, "CONTENT_TYPE": exchange.content_type, "wsgi.input": io.BytesIO(content),
                       "CONTENT_LENGTH": str(len(content))}
        with storage.exchanging(exchange):
            try:
                if exchange.sent is not None and len(exchange.sent) > self._max_resource_size:
                    preconditions.of_size(self._parent_tag(path), self._max_resource_size)
                status, headers, body, xml_request = method(environ, *request)
            except SlotTaken:
                storage.renew(path)
                raise
        if status < HTTPStatus.BAD_REQUEST and environ["REQUEST_METHOD"] == "PUT":
            headers = dict(headers)
            if exchange.schedule_tag:
                headers["Schedule-Tag"] = exchange.schedule_tag
            if not exchange.verbatim(self._encoding):
                # A program reads it again then (RFC 4791 §5.3.4).
                headers.pop("ETag", None)
        if exchange.sent is not None and status == HTTPStatus.BAD_REQUEST:
            kind = self._parent_tag(path)
            if kind:
                raise preconditions.of_invalid(kind, exchange.sent, environ.get("CONTENT_TYPE", ""),
                                               self.most_rule_occurrences)
        return status, headers, body, xml_request

    def _parent_tag(self, path: str) -> str:
        """The tag of the calendar or address book whose member ``path`` is or would be, else empty."""
        assert isinstance(self._storage, Storage)  # noqa: S101 - callers know
        with self._storage.reading() as unit_of_work:
            parent = unit_of_work.collections.get(path.strip("/").rpartition("/")[0])
        return parent.tag if parent is not None and parent.tag in ("VCALENDAR", "VADDRESSBOOK") else ""

    def _listed(self, listed: Callable[[listing.Request], types.WSGIResponse | None],
                generic: Callable[..., types.WSGIResponse], environ: types.WSGIEnviron, base_prefix: str, path: str,
                user: str, user_groups: set[str], request_info: dict[str, Any]) -> types.WSGIResponse:
        _take(environ, base_prefix, request_info)
        if not isinstance(self._storage, Storage) or not self._lists_at(path, user, user_groups):
            return generic(environ, base_prefix, path, user, user_groups, request_info)
        try:
            body = read_xml(httputils.read_raw_request_body(self.configuration, environ))
            if body is not None and environ["REQUEST_METHOD"] == "PROPFIND":
                propfind_body.check(body)
        except RuntimeError as error:
            return httputils.bad_request(str(error))
        except TimeoutError:
            return httputils.REQUEST_TIMEOUT
        plain = body is None or not no_namespace.has_unnamed(body)
        request = listing.Request(self, self._storage, base_prefix, path, user, user_groups, body,
                                  request_info["minimal"], environ.get("HTTP_DEPTH", "0"))
        answer = listed(request) if plain else None
        if answer is not None:
            request_info["status"] = answer[0]
            return answer
        return generic(environ, base_prefix, path, user, user_groups, request_info)


def _take(environ: types.WSGIEnviron, base_prefix: str, request_info: dict[str, Any]) -> None:
    """Note in ``request_info`` what decides how a multistatus is written."""
    request_info.update(base_prefix=base_prefix, minimal=minimal.wanted(environ))
    if _SHOWN_AS in environ:
        request_info[_SHOWN_AS] = environ[_SHOWN_AS]
