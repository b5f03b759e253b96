"""The open slots of an event type as a calendar to subscribe to."""

from __future__ import annotations

from flask import Response, make_response, request

from radicale_booking.ical.offer_text import write_feed
from radicale_booking.services import slot_calendar
from radicale_booking.web.current import adapters

_CALENDAR, _PAGE = "text/calendar", "text/html"


def wants_feed() -> bool:
    """Whether whoever asks would rather have a calendar than a page."""
    accepted = request.accept_mimetypes
    return accepted[_CALENDAR] > accepted[_PAGE]


def show_feed(host: str, slug: str) -> Response:
    """The feed, or 304 where the program has it (RFC 9110 §13.1.2). Raises ``NotFound`` or ``LinkExpired``."""
    offer = slot_calendar.offer(adapters(), host, slug, request.args.get("link"))
    response = make_response(write_feed(offer))
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = f'inline; filename="{slug}.ics"'
    response.vary.add("Accept")
    response.add_etag()
    response.make_conditional(request)
    return response
