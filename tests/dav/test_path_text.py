"""WSGI servers hand the octets of a path on as Latin-1 (PEP 3333), Radicale's own as text."""

from __future__ import annotations

import pytest

from radicale_booking.dav.path_text import decoded


@pytest.mark.parametrize(("path", "text"), [
    ("/anna/\xc3\xbc \xe6\x97\xa5.ics", "/anna/ü 日.ics"), ("/anna/ü.ics", "/anna/ü.ics"),
    ("/anna/日.ics", "/anna/日.ics"), ("/anna/a.ics", "/anna/a.ics"), ("/anna/\xff.ics", "/anna/\xff.ics"), ("", "")])
def test_a_path_is_text(path: str, text: str) -> None:
    given = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
    assert decoded(given) == {"PATH_INFO": text, "REQUEST_METHOD": "GET"}
    assert given["PATH_INFO"] == path
