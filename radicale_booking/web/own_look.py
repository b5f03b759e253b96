"""What the configuration gives the pages: logo and colour."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Response, abort, make_response

from radicale_booking.page_settings import LOGO_TYPES
from radicale_booking.web.current import adapters
from radicale_booking.web.headers import IMMUTABLE
from radicale_booking.web.theme import stylesheet


def show_theme(version: str) -> Response:
    """The stylesheet of the site's colour, under an address that changes with it."""
    colour = adapters().settings.page.colour
    if not colour:
        abort(404)
    return _lasting(stylesheet(colour).encode(), "text/css; charset=utf-8")


def show_logo(version: str) -> Response:
    """The logo, under an address that changes with it."""
    logo = adapters().settings.page.logo
    if not logo:
        abort(404)
    try:
        content = Path(logo).read_bytes()
    except OSError:
        # It was there when the server started.
        abort(404)
    return _lasting(content, LOGO_TYPES[Path(logo).suffix.lower()])


def theme_version() -> str:
    """Part of the address of the stylesheet; empty where there is none."""
    return adapters().settings.page.colour.removeprefix("#")


def logo_version() -> str:
    """Part of the address of the logo; empty where there is none."""
    logo = adapters().settings.page.logo
    try:
        return _fingerprint(logo, Path(logo).stat().st_mtime_ns) if logo else ""
    except OSError:
        return ""


@lru_cache(maxsize=4)
def _fingerprint(logo: str, _changed: int) -> str:
    return hashlib.sha256(Path(logo).read_bytes()).hexdigest()[:8]


def _lasting(content: bytes, kind: str) -> Response:
    response = make_response(content)
    response.content_type = kind
    response.headers["Cache-Control"] = IMMUTABLE
    return response
