"""``radicale-booking inbound list``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import inbound


def command(context: Context) -> None:
    """List mail that could not be dealt with, and why."""
    call = invocation(context)
    call.show_all([{"id": row.id, "received": row.received, "sender": row.sender, "recipient": row.recipient,
                    "reason": row.reason} for row in inbound.quarantine(call.app())], "nothing waits")
