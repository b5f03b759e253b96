"""``radicale-booking reservation decline``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.cli.reservation_shape import record
from radicale_booking.services import life


def command(
    context: Context,
    uid: Annotated[str, typer.Argument(metavar="UID", help="UID of the reservation.")],
    reason: Annotated[str, typer.Option(help="Reason, told to the invitee.")] = "",
) -> None:
    """Decline a pending reservation; its time is free again."""
    call = invocation(context)
    reservation = life.decide(call.app(), uid, "decline", "command", reason)
    call.say(f"reservation {uid} declined", record(reservation))
