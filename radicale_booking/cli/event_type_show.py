"""``radicale-booking event-type show``."""

from __future__ import annotations

from radicale_booking.cli import event_type_shape as shape
from radicale_booking.cli.invocation import Context, HostName, Slug, invocation
from radicale_booking.services import event_types


def command(context: Context, host: HostName, slug: Slug) -> None:
    """Show an event type with all its rules."""
    call = invocation(context)
    app = call.app()
    call.show(shape.record(event_types.show(app, host, slug), app.settings.public_url))
