"""``/freebusy/E-MAIL.ifb``: when somebody is busy, for everybody who is given the address (RFC 5546 §3.3.1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Response, make_response, request

from radicale_booking.domain.interval import Interval
from radicale_booking.errors import InvalidInput
from radicale_booking.ical.freebusy_message import write_publish
from radicale_booking.services import busy
from radicale_booking.web.current import adapters, now

_BEFORE, _AFTER, _LONGEST = timedelta(days=7), timedelta(days=60), timedelta(days=366)


def show_free_busy(email: str) -> Response:
    """From a week ago to two months ahead, or as ``?start=`` and ``?end=`` say (aware ISO 8601, or 20300107T080000Z).

    Raises ``NotFound``, also for those who do not publish it, or ``InvalidInput``.
    """
    hour = now().replace(minute=0, second=0, microsecond=0)
    start = _instant("start", hour - _BEFORE)
    end = _instant("end", start + _BEFORE + _AFTER)
    if not start < end <= start + _LONGEST:
        raise InvalidInput("end", "", "is not within a year after the start", "ask for less")
    frame = Interval(start, end)
    periods = busy.published(adapters(), email, frame)
    url = f"{adapters().settings.public_url}/freebusy/{email}.ifb"
    response = make_response(write_publish(f"mailto:{email}", frame, periods, hour, url))
    response.content_type = "text/calendar; charset=utf-8; method=PUBLISH"
    response.add_etag()
    response.make_conditional(request)
    return response


def _instant(name: str, default: datetime) -> datetime:
    given = request.args.get(name, "")
    if not given:
        return default
    try:
        # An unescaped plus of an offset comes as a space.
        found = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInput(name, given[:40], "is not an instant", "write it as 2030-01-07T08:00:00Z")
    return found.astimezone(UTC)
