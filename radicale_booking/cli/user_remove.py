"""``radicale-booking user remove``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, UserName, invocation
from radicale_booking.services import accounts


def command(
    context: Context,
    name: UserName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a user with all calendars, address books and bookings."""
    call = invocation(context)
    app = call.app()
    if not yes:
        typer.confirm(f"Remove {name} and everything that belongs to {name}?", abort=True)
    accounts.remove_user(app, name)
    call.say(f"user {name} removed", {"name": name})
