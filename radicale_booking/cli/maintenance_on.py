"""``radicale-booking maintenance on``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import maintenance_mode


def command(
    context: Context,
    mode: Annotated[str, typer.Option(help="closed: the pages, calendars sync; "
                                           "read-only: nobody may change anything.")] = maintenance_mode.CLOSED,
    message: Annotated[str | None, typer.Option(help="What people are told.")] = None,
) -> None:
    """Hold the site still at once, for all its processes, until `maintenance off`."""
    call = invocation(context)
    maintenance_mode.begin(call.app(), mode, message)
    call.say(f"maintenance mode is on: {mode}", {"mode": mode})
