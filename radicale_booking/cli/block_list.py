"""``radicale-booking block list``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import guard


def command(context: Context) -> None:
    """List the addresses and domains that may not book."""
    call = invocation(context)
    patterns = guard.blocked(call.app())
    call.say("\n".join(patterns) or "Nobody is blocked.", {"blocked": patterns})
