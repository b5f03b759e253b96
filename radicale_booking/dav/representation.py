"""Prefer: return=representation (RFC 8144 §3): the answer to a PUT shows what is stored now.

A program then need not ask what scheduling made of its event, or what is there instead of what it expected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from radicale import types

from radicale_booking.dav import minimal

_SHOWN = {HTTPStatus.CREATED: HTTPStatus.CREATED, HTTPStatus.NO_CONTENT: HTTPStatus.OK,
          HTTPStatus.PRECONDITION_FAILED: HTTPStatus.PRECONDITION_FAILED}


def shown(environ: Mapping[str, Any], location: str, answer: types.WSGIResponse,
          get: Callable[[], types.WSGIResponse]) -> types.WSGIResponse:
    """``answer`` with what ``get`` gives for the path ``location``, if that is wanted and there is something."""
    status = _SHOWN.get(HTTPStatus(answer[0]))
    if status is None or not minimal.prefers(environ, "return=representation"):
        return answer
    found = get()
    if found[0] != HTTPStatus.OK:
        return answer
    headers = {**dict(answer[1]), **dict(found[1]), "Content-Location": quote(location),
               "Preference-Applied": "return=representation", "Vary": "Prefer"}
    return int(status), headers, found[2], None
