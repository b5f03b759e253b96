"""``radicale-booking token add``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, UserName, invocation
from radicale_booking.services import tokens


def command(
    context: Context,
    name: UserName,
    purpose: Annotated[str, typer.Option("--for", help="What it is for, such as the phone.")] = "",
    scope: Annotated[str, typer.Option(help="full, or read.")] = "full",
    days: Annotated[int | None, typer.Option(help="Days after which it expires.", min=1, max=3660)] = None,
) -> None:
    """Make a password for one program of a user; it is shown this once."""
    call = invocation(context)
    app = call.app()
    expires = app.clock() + timedelta(days=days) if days is not None else None
    token = tokens.add(app, name, purpose, scope, expires)
    call.say(token, {"token": token, "user": name, "expires": expires})
