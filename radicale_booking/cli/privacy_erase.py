"""``radicale-booking privacy erase``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import privacy


def command(
    context: Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the person.")],
    cancel: Annotated[bool, typer.Option("--cancel", help="Cancel bookings to come first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a person who booked: their data go, the times of their bookings stay."""
    call = invocation(context)
    app = call.app()
    if not yes:
        typer.confirm(f"Forget {email}? This cannot be undone.", abort=True)
    done = privacy.erase(app, email, cancel=cancel)
    touched = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.items())
    call.say(f"forgotten: {touched}; backups made before now keep what they hold until they are removed", done)
