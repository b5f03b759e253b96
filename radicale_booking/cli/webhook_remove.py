"""``radicale-booking webhook remove``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import webhooks


def command(context: Context, number: Annotated[int, typer.Argument(metavar="ID", help="Number in `webhook list`.")],
            ) -> None:
    """Post no more there, not even what is queued."""
    call = invocation(context)
    webhooks.remove(call.app(), number)
    call.say(f"webhook {number} removed", {"id": number})
