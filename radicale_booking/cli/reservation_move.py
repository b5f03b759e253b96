"""``radicale-booking reservation move``."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, instant, invocation
from radicale_booking.cli.reservation_shape import record
from radicale_booking.services import life


def command(
    context: Context,
    uid: Annotated[str, typer.Argument(metavar="UID", help="UID of the reservation, or of a seat.")],
    start: Annotated[str, typer.Argument(metavar="START", help="Instant such as 2026-03-02T09:30:00Z.")],
) -> None:
    """Give a reservation, or one seat of a group, another time that is offered."""
    call = invocation(context)
    reservation = life.reschedule(call.app(), uid, instant(start, "START").astimezone(UTC), "command")
    call.say(f"reservation {uid} moved to {reservation.start:%Y-%m-%dT%H:%MZ}", record(reservation))
