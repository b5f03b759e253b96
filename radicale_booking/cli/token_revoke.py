"""``radicale-booking token revoke``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import tokens


def command(context: Context,
            token: Annotated[int, typer.Argument(metavar="ID", help="Its number in the list.")]) -> None:
    """Take one back: the program cannot sign in any more."""
    call = invocation(context)
    tokens.revoke(call.app(), token)
    call.say(f"{token} is void", {"id": token})
