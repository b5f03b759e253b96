"""Links within the pages; they keep what the visitor chose: zone, language, length, the link that let them in, and what
the form is to be filled in with."""

from __future__ import annotations

import re
from typing import Any

from flask import request, url_for

from radicale_booking.domain.event_type import EventType
from radicale_booking.web.current import adapters
from radicale_booking.web.languages import LANGUAGES
from radicale_booking.web.zones import known_zones

_KEPT = ("tz", "lang", "clock", "duration", "link", "move", "view", "embed")
#: What fills in the form, on the way to it.
_FILLING = re.compile(r"name|email|note|guests|location|occurrences|location-value-\d{1,2}|answer-[\w-]{1,64}")
_WAY = ("show_host", "event_type")
_LONGEST_FILLING = 2000
_FEW = {"clock": ("12", "24"), "view": ("week",), "embed": ("1",)}
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,400}")


def link(endpoint: str, **values: Any) -> str:
    """The URL of ``endpoint`` with what the visitor chose; a value of None leaves its parameter out."""
    kept: dict[str, Any] = chosen_so_far()
    if endpoint in _WAY and request.endpoint in _WAY:
        kept = filling() | kept
    return url_for(endpoint, **{name: value for name, value in (kept | values).items() if value is not None})


def chosen_so_far() -> dict[str, str]:
    """What the visitor chose: parameter -> value."""
    return {name: request.args[name] for name in _KEPT if _known(name, request.args.get(name, ""))}


def filling() -> dict[str, list[str]]:
    """What the form is to be filled in with: parameter -> values."""
    return {name: values for name, values in request.args.lists()
            if _FILLING.fullmatch(name) and sum(map(len, values)) <= _LONGEST_FILLING}


def here(**changed: str) -> str:
    """This page with other parameters; without an endpoint the page's own path."""
    arguments: dict[str, Any] = {**request.args.to_dict(flat=False), **(request.view_args or {}), **changed}
    return url_for(request.endpoint, **arguments) if request.endpoint is not None else request.path


def language_links() -> list[tuple[str, str, str]]:
    """(language, its name, this page in that language) for every language; empty on a page without address."""
    if request.endpoint is None:
        return []
    arguments: dict[str, Any] = {name: values for name, values in request.args.lists() if name != "lang"}
    return [
        (language, name, url_for(request.endpoint, **(arguments | (request.view_args or {}) | {"lang": language})))
        for language, name in LANGUAGES.items()
    ]


def booking_address(event_type: EventType) -> str:
    """The address that books ``event_type`` by invitation; '' where no mail is taken."""
    settings = adapters().settings
    return f"{event_type.host}+{event_type.slug}@{settings.booking_domain}" if settings.inbound.lmtp else ""


def _known(name: str, value: str) -> bool:
    if name in _FEW:
        return value in _FEW[name]
    if name in ("tz", "lang"):
        return value in (known_zones() if name == "tz" else LANGUAGES)
    return _WORD.fullmatch(value) is not None
