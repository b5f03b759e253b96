"""What can be booked with a host."""

from __future__ import annotations

from flask import render_template

from radicale_booking.services import booking
from radicale_booking.web.current import adapters


def show_host(host: str) -> str:
    """The host and the event types as cards. Raises ``NotFound``."""
    page = booking.host_page(adapters(), host)
    return render_template("host.html", host=page.principal, event_types=page.event_types)
