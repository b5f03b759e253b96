"""What the server can do beyond Radicale, as the DAV header names it (RFC 6638 §2, RFC 7953 §7)."""

from __future__ import annotations

from radicale import httputils, types

_TOKENS = (f"{httputils.DAV_HEADERS}, calendar-schedule, calendar-auto-schedule, calendar-availability, "
           "inbox-availability, calendarserver-principal-search, calendarserver-principal-property-search")


def added(answer: types.WSGIResponse) -> types.WSGIResponse:
    """``answer`` with them, where it names any."""
    status, headers, body, xml_request = answer
    if "DAV" not in dict(headers):
        # Radicale knows its own answers again, and asks who it is that may not.
        return answer
    return status, {**dict(headers), "DAV": _TOKENS}, body, xml_request
