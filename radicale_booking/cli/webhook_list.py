"""``radicale-booking webhook list``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import webhooks


def command(context: Context) -> None:
    """List the webhooks. A secret is shown once, by `webhook add`."""
    call = invocation(context)
    call.show_all([{"id": found.id, "url": found.url, "host": found.host, "events": ", ".join(found.events) or "all",
                    "created": found.created} for found in webhooks.all_of(call.app())],
                  "no webhooks")
