"""Headers that every answer carries, and compression."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urlsplit, urlunsplit

from flask import Response, g, request
from werkzeug.routing import RequestRedirect

from radicale_booking.web.current import adapters
from radicale_booking.web.embedding import frame_ancestors

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-src 'self'",
))
IMMUTABLE = "public, max-age=31536000, immutable"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
_SMALLEST_WORTH_COMPRESSING = 1024
_TEXT = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"})


def let_form_lead_to(url: str) -> None:
    """The form of this page may end at ``url`` on another site, where browsers go only if the page says so; '' nowhere.

    An address whose site cannot stand in a header is left out.
    """
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{(parts.hostname or '').encode('idna').decode()}" + (
            f":{parts.port}" if parts.port else "")
    except ValueError:
        return
    if _ORIGIN.fullmatch(origin):
        g.form_leads_to = origin


def secure(response: Response) -> Response:
    """Tell the browser to run nothing that is not ours, and to pass our addresses to nobody."""
    ancestors = frame_ancestors()
    policy = CONTENT_SECURITY_POLICY
    if "form_leads_to" in g:
        policy = policy.replace("form-action 'self'", f"form-action 'self' {g.form_leads_to}")
    response.headers["Content-Security-Policy"] = f"{policy}; frame-ancestors {ancestors}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if ancestors == "'none'":
        response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if adapters().settings.public_url.startswith("https://"):
        # Browsers complain about it where they cannot trust the origin.
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if response.mimetype == "text/calendar" and request.endpoint in ("slot_feed", "event_type", "free_busy"):
        # Asked for again and again by programs, which then hear that nothing is new.
        response.headers["Cache-Control"] = "no-cache"
    elif request.endpoint == "static" and "v" in request.args:
        response.headers["Cache-Control"] = IMMUTABLE
    elif request.endpoint not in ("static", "theme", "logo", "portrait", "embed"):
        # Free times change by the minute and a reservation is personal.
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Accept-Language")
    return response


def stay_here(response: Response) -> Response:
    """Let an address without its last slash lead to the one with it on this server, not on the one that the request
    names: anybody may name any."""
    if isinstance(request.routing_exception, RequestRedirect):
        place = urlsplit(response.headers["Location"])
        response.headers["Location"] = urlunsplit(("", "", "/" + place.path.lstrip("/"), place.query, ""))
        response.set_data("")
    return response


def compress(response: Response) -> Response:
    """gzip what is text and long enough.

    A page with a CSRF token is left alone: beside text that an attacker chooses, its length would tell the token
    (BREACH).
    """
    if (response.mimetype not in _TEXT or response.status_code != 200 or not request.accept_encodings["gzip"]
            or "csrf_token" in g or "Content-Encoding" in response.headers):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= _SMALLEST_WORTH_COMPRESSING:
        response.set_data(gzip.compress(body, compresslevel=6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        etag, _ = response.get_etag()
        if etag:
            response.set_etag(etag, weak=True)
    response.vary.add("Accept-Encoding")
    return response
