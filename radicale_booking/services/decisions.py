"""The links on which a host confirms or declines a booking out of the mail about it."""

from __future__ import annotations

from radicale_booking.domain.reservation import Reservation
from radicale_booking.services.adapters import Adapters

_PURPOSE = "decide"


def url(app: Adapters, reservation: Reservation) -> str:
    """The page to decide on ``reservation``, '' for one that is not pending; whoever knows it may decide."""
    if reservation.status != "pending":
        return ""
    token = app.links.sign(_PURPOSE, reservation.uid, reservation.start)
    return f"{app.settings.public_url}/booking/{token}/answer"


def uid_in(app: Adapters, token: str) -> str:
    """The reservation's uid that a link to decide is for. Raises ``NotFound`` or ``LinkExpired``."""
    return app.links.open(_PURPOSE, token)
