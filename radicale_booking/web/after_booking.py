"""Where the browser goes when something was booked or moved."""

from __future__ import annotations

from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from radicale_booking.domain.event_type import EventType
from radicale_booking.domain.reservation import Reservation
from radicale_booking.services import booking
from radicale_booking.web import wording
from radicale_booking.web.addresses import link
from radicale_booking.web.current import adapters


def booked(event_type: EventType, reservation: Reservation, zone: ZoneInfo) -> str:
    """Where the event type says, else the new reservation's page."""
    if event_type.redirect_url:
        joint = "&" if "?" in event_type.redirect_url else "?"
        return event_type.redirect_url + joint + urlencode(
            {"uid": reservation.uid, "start": wording.instant(reservation.start)})
    return manage(reservation, zone, new=1)


def manage(reservation: Reservation, zone: ZoneInfo, **told: int) -> str:
    """The reservation's page; it congratulates with ``new=1`` and says what has changed with ``moved=1``."""
    token = booking.manage_url(adapters(), reservation).rstrip("/").rpartition("/")[2]
    return link("show_reservation", token=token, **told, tz=zone.key, link=None, duration=None, move=None)
