"""``radicale-booking mail retry``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import mail


def command(
    context: Context,
    row_id: Annotated[int | None, typer.Argument(metavar="[ID]", show_default=False,
                                                 help="Number in `mail list` (default: all given up).")] = None,
) -> None:
    """Queue again what was given up or queued by a clock that was ahead; one mail that waits is tried now."""
    call = invocation(context)
    count = mail.retry(call.app(), row_id)
    call.say(f"{count} mail(s) queued again", {"queued": count})
