"""``radicale-booking block remove``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import guard


def command(
    context: Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Such as eve@example.org, or example.org.")],
) -> None:
    """Let an address or a domain book again."""
    call = invocation(context)
    pattern = guard.unblock(call.app(), address)
    call.say(f"{pattern} may book again.", {"pattern": pattern})
