"""What a visitor has chosen before the time: the event type, how long, and which booking is to be moved."""

from __future__ import annotations

from datetime import timedelta

from flask import request

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.principal import Principal
from radicale_booking.domain.reservation import Reservation
from radicale_booking.services import booking
from radicale_booking.web.current import adapters


def subject(host: str, slug: str) -> tuple[Principal, EventType]:
    """The host and the event type, with a private link where it needs one. Raises ``NotFound`` or ``LinkExpired``."""
    return booking.subject(adapters(), host, slug, request.args.get("link"), booked=moved() is not None)


def lasting(event_type: EventType) -> EventType:
    """``event_type`` with the length that was chosen: that of the booking to be moved, or one of its own."""
    moving = moved()
    if moving is not None:
        return event_type.lasting_exactly(moving.end - moving.start)
    asked = request.args.get("duration", "")
    minutes = timedelta(minutes=int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 5 else None
    return event_type.lasting(minutes if minutes in event_type.durations else None)


def moved() -> Reservation | None:
    """The booking that is to be moved, of a group the seat that is seen. Raises ``NotFound`` or ``LinkExpired``."""
    token = request.args.get("move")
    return booking.by_token(adapters(), token) if token else None
