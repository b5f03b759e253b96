"""``radicale-booking maintenance off``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import maintenance_mode


def command(context: Context) -> None:
    """Let the site go on as usual."""
    call = invocation(context)
    ended = maintenance_mode.end(call.app())
    call.say("maintenance mode is off" if ended else "maintenance mode was off already", {"mode": None})
