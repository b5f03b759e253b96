"""``radicale-booking user passwd``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, UserName, invocation, password_from
from radicale_booking.services import accounts


def command(
    context: Context,
    name: UserName,
    password_stdin: Annotated[bool, typer.Option("--password-stdin",
                                                 help="Read the password from standard input.")] = False,
) -> None:
    """Give a user a new password."""
    call = invocation(context)
    app = call.app()
    accounts.set_password(app, name, password_from(password_stdin))
    call.say(f"password of {name} changed", {"name": name})
