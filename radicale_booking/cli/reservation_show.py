"""``radicale-booking reservation show``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.cli.reservation_shape import record
from radicale_booking.services import booking


def command(
    context: Context,
    uid: Annotated[str, typer.Argument(metavar="UID", help="UID of its event, or of a seat.")],
) -> None:
    """Show a reservation with its manage link, and who has seats in it."""
    call = invocation(context)
    app = call.app()
    reservation = booking.reservation(app, uid)
    seats = [f"{seat.uid} {seat.name} <{seat.email}>" for seat in booking.seats_of(app, reservation)]
    call.show({**record(reservation), "manage_link": booking.manage_url(app, reservation),
               "seats": seats if call.as_json else ", ".join(seats)})
