"""``radicale-booking webhook replay``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import webhooks


def command(
    context: Context,
    number: Annotated[int | None, typer.Argument(metavar="[ID]", show_default=False,
                                                 help="Number in `webhook log` (default: all given up).")] = None,
) -> None:
    """Post a delivery again, with the same webhook-id and body; one that waits for its next attempt is tried now."""
    call = invocation(context)
    count = webhooks.replay(call.app(), number)
    call.say(f"{count} deliveries queued again", {"queued": count})
