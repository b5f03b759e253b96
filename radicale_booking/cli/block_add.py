"""``radicale-booking block add``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import guard


def command(
    context: Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Such as eve@example.org, or example.org.")],
) -> None:
    """Let an e-mail address, or everybody of a domain, book no more."""
    call = invocation(context)
    pattern = guard.block(call.app(), address)
    call.say(f"{pattern} may not book any more.", {"pattern": pattern})
