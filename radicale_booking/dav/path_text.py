"""The path of a request as text: WSGI hands its octets on as Latin-1 (PEP 3333), Radicale takes them for text."""

from __future__ import annotations

from radicale import types


def decoded(environ: types.WSGIEnviron) -> types.WSGIEnviron:
    """``environ`` with PATH_INFO in UTF-8; as it is where that is text already, as Radicale's own server has it."""
    path = environ.get("PATH_INFO", "")
    try:
        text = path.encode("latin-1").decode()
    except UnicodeError:
        return environ
    return environ if text == path else {**environ, "PATH_INFO": text}
