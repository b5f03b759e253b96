"""Links that put a booking into a calendar on the web. Nothing is told to anybody until one is followed."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from radicale_booking.domain.reservation import Reservation

_GOOGLE = "https://calendar.google.com/calendar/render"
_OUTLOOK = "https://outlook.live.com/calendar/0/action/compose"
_OFFICE = "https://outlook.office.com/calendar/0/action/compose"


def calendar_links(reservation: Reservation, host: str, manage_url: str) -> list[tuple[str, str]]:
    """(name of the service, URL of its form, filled in with the booking)."""
    title = f"{reservation.title}: {host}"
    google = {"action": "TEMPLATE", "text": title, "dates": f"{_basic(reservation.start)}/{_basic(reservation.end)}",
              "details": manage_url, "location": reservation.location}
    outlook = {"rru": "addevent", "subject": title, "startdt": _extended(reservation.start),
               "enddt": _extended(reservation.end), "body": manage_url, "location": reservation.location}
    return [("Google", f"{_GOOGLE}?{_query(google)}"), ("Outlook", f"{_OUTLOOK}?{_query(outlook)}"),
            ("Office 365", f"{_OFFICE}?{_query(outlook)}")]


def _query(fields: dict[str, str]) -> str:
    return urlencode({name: value for name, value in fields.items() if value})


def _basic(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _extended(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
