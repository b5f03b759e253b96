"""``radicale-booking reservation confirm``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.cli.reservation_shape import record
from radicale_booking.services import life


def command(
    context: Context,
    uid: Annotated[str, typer.Argument(metavar="UID", help="UID of the reservation.")],
) -> None:
    """Confirm a pending reservation."""
    call = invocation(context)
    reservation = life.decide(call.app(), uid, "confirm", "command")
    call.say(f"reservation {uid} confirmed", record(reservation))
