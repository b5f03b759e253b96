"""``radicale-booking inbound drop``."""

from __future__ import annotations

from radicale_booking.cli.inbound_show import Id
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import inbound


def command(context: Context, row_id: Id) -> None:
    """Remove such a mail."""
    call = invocation(context)
    inbound.drop(call.app(), row_id)
    call.say(f"{row_id} removed", {"id": row_id})
