"""``radicale-booking user add``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, UserName, invocation, password_from
from radicale_booking.services import accounts


def command(
    context: Context,
    name: UserName,
    email: Annotated[str, typer.Option(help="E-mail address.")],
    timezone: Annotated[str, typer.Option(help="IANA name of the time zone, such as Europe/Berlin.")] = "UTC",
    password_stdin: Annotated[bool, typer.Option("--password-stdin",
                                                 help="Read the password from standard input.")] = False,
    host: Annotated[bool, typer.Option("--host", help="Make the user bookable, as `host enable` does.")] = False,
) -> None:
    """Add a user; without --password-stdin the password is asked for."""
    call = invocation(context)
    app = call.app()
    principal = accounts.add_user(app, name=name, email=email, timezone=timezone,
                                  password=password_from(password_stdin), host=host)
    call.say(f"user {principal.name} added" + (", bookable" if principal.host else ""),
             {"name": principal.name, "email": principal.email, "timezone": principal.timezone, "host": principal.host})
