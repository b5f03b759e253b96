"""``radicale-booking event-type remove``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, HostName, Slug, invocation
from radicale_booking.services import event_types


def command(context: Context, host: HostName, slug: Slug) -> None:
    """Remove an event type; one that was ever booked is hidden instead."""
    call = invocation(context)
    event_types.remove(call.app(), host, slug)
    call.say(f"event type {slug} removed", {"host": host, "slug": slug})
