"""The charset of a body (RFC 9110 §8.3.2): Radicale guesses another where it is not the one that is said."""

from __future__ import annotations

import codecs
import re

from radicale import types

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]+)\"?", re.IGNORECASE)
_SAID = "radicale_booking.content_type"


def unnamed(environ: types.WSGIEnviron) -> types.WSGIEnviron:
    """``environ`` without the charset of its body, in which Radicale would read name and password too."""
    said = environ.get("CONTENT_TYPE", "")
    return {**environ, "CONTENT_TYPE": _CHARSET.sub("", said), _SAID: said} if "charset" in said.lower() else environ


def named(environ: types.WSGIEnviron) -> types.WSGIEnviron:
    """``environ`` with the charset that ``unnamed`` left out."""
    return {**environ, "CONTENT_TYPE": environ[_SAID]} if _SAID in environ else environ


def in_utf8(body: bytes, content_type: str) -> tuple[bytes, str]:
    """``body`` and its ``content_type`` in UTF-8; as they are where no charset is named.

    Raises ``ValueError`` where the body is not in the charset that is named.
    """
    named = _CHARSET.search(content_type)
    if named is None:
        return body, content_type
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode(named[1])
    except (UnicodeDecodeError, LookupError) as error:
        raise ValueError(f"the body is not in the charset {named[1]}: {error}") from None
    utf8 = text.encode()
    return (body if utf8 == body.removeprefix(codecs.BOM_UTF8) else utf8), _CHARSET.sub("; charset=utf-8", content_type)
