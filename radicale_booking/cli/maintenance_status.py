"""``radicale-booking maintenance status``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import maintenance_mode


def command(context: Context) -> None:
    """Say whether the site is held still."""
    call = invocation(context)
    found = maintenance_mode.state(call.app())
    if found is None:
        call.say("maintenance mode is off", {"mode": None})
    else:
        call.show({"mode": found.mode, "message": found.message, "since": found.since})
