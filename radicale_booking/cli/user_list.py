"""``radicale-booking user list``."""

from __future__ import annotations

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import accounts


def command(context: Context) -> None:
    """List the users."""
    call = invocation(context)
    call.show_all([{"name": user.name, "email": user.email, "timezone": user.timezone, "host": user.host}
                   for user in accounts.list_users(call.app())], "no users")
