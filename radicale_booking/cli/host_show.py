"""``radicale-booking host show``."""

from __future__ import annotations

from urllib.parse import quote

from radicale_booking.cli.invocation import Context, HostName, invocation
from radicale_booking.services import booking, windows


def command(context: Context, host: HostName) -> None:
    """Show a host with links for people and for calendar programs."""
    call = invocation(context)
    app = call.app()
    page = booking.host_page(app, host)
    call.show({
        "name": page.principal.name, "email": page.principal.email, "timezone": page.principal.timezone,
        "booking_page": f"{app.settings.public_url}/book/{host}/",
        "calendar_address": f"{app.settings.public_url}/{host}/",
        "auto_schedule": page.principal.auto_schedule,
        "free_busy_url": (f"{app.settings.public_url}/freebusy/{page.principal.email}.ifb"
                          if page.principal.free_busy_url else None),
        "setup_page": f"{app.settings.public_url}/host/setup/?user={quote(host)}",
        "holidays": page.principal.holidays,
        "event_types": ", ".join(event_type.slug for event_type in page.event_types),
        "unreadable_settings": [f"{problem.line}: {problem.reason}; {problem.remedy}"
                                for problem in windows.problems(app, host)],
        "unreadable_objects": [f"{address}: {reason}" for address, reason in windows.unreadable(app, host)],
    })
