"""What the configuration gives the pages: logo, portraits and colour."""

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
    return _picture(adapters().settings.page.logo)


def show_portrait(version: str, host: str) -> Response:
    """The picture of a host, under an address that changes with it."""
    return _picture(_portrait(host))


def theme_version() -> str:
    """Part of the address of the stylesheet; empty where there is none."""
    return adapters().settings.page.colour.removeprefix("#")


def logo_version() -> str:
    """Part of the address of the logo; empty where there is none."""
    return _version(adapters().settings.page.logo)


def portrait_version(host: str) -> str:
    """Part of the address of the host's picture; empty where there is none."""
    return _version(_portrait(host))


def _portrait(host: str) -> str:
    """The file that is called as the host; '' where there is none."""
    folder = adapters().settings.page.portraits
    if not folder or Path(host).name != host:
        return ""
    files = (Path(folder) / f"{host}{suffix}" for suffix in LOGO_TYPES)
    return next((str(file) for file in files if file.is_file()), "")


def _version(picture: str) -> str:
    try:
        return _fingerprint(picture, Path(picture).stat().st_mtime_ns) if picture else ""
    except OSError:
        return ""


@lru_cache(maxsize=256)
def _fingerprint(picture: str, _changed: int) -> str:
    return hashlib.sha256(Path(picture).read_bytes()).hexdigest()[:8]


def _picture(file: str) -> Response:
    if not file:
        abort(404)
    try:
        content = Path(file).read_bytes()
    except OSError:
        # It was there a moment ago.
        abort(404)
    return _lasting(content, LOGO_TYPES[Path(file).suffix.lower()])


def _lasting(content: bytes, kind: str) -> Response:
    response = make_response(content)
    response.content_type = kind
    response.headers["Cache-Control"] = IMMUTABLE
    return response
