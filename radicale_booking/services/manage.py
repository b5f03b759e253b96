"""The links on which invitees see and change what they booked."""

from __future__ import annotations

from datetime import timedelta

from radicale_booking.domain.reservation import Reservation
from radicale_booking.services.adapters import Adapters

_PURPOSE = "manage"
#: How long after its end a booking can still be looked at: a link that lies about tells of it no longer.
OUTLIVES = timedelta(days=90)


def url(app: Adapters, reservation: Reservation) -> str:
    """The page of ``reservation``, or of the one seat that is seen; whoever knows it may cancel."""
    return f"{app.settings.public_url}/booking/{app.links.sign(_PURPOSE, reservation.seat or reservation.uid)}/"


def uid_in(app: Adapters, token: str) -> str:
    """The reservation's or seat's uid that a manage link is for. Raises ``NotFound`` or ``LinkExpired``."""
    return app.links.open(_PURPOSE, token)
