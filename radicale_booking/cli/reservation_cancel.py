"""``radicale-booking reservation cancel``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.cli.reservation_shape import record
from radicale_booking.services import life


def command(
    context: Context,
    uid: Annotated[str, typer.Argument(metavar="UID", help="UID of its event.")],
    reason: Annotated[str, typer.Option(help="Reason, kept with the reservation.")] = "",
) -> None:
    """Cancel a reservation; its time is free again."""
    call = invocation(context)
    reservation = life.cancel(call.app(), uid, "command", reason)
    call.say(f"reservation {uid} cancelled", record(reservation))
