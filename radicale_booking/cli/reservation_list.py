"""``radicale-booking reservation list``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.cli.reservation_shape import record
from radicale_booking.domain.reservation import STATUSES
from radicale_booking.errors import InvalidInput
from radicale_booking.services import booking

_COLUMNS = ("start", "end", "host", "event_type", "status", "invitee_name", "invitee_email", "uid")


def command(
    context: Context,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Only of this host.")] = None,
    status: Annotated[str | None, typer.Option(help=f"Only in this status: {', '.join(STATUSES)}.")] = None,
) -> None:
    """List reservations."""
    call = invocation(context)
    if status is not None and status not in STATUSES:
        raise InvalidInput("--status", status, "is unknown", f"one of {', '.join(STATUSES)}")
    records = [record(reservation) for reservation in booking.reservations(call.app(), host=host, status=status)]
    call.show_all(records if call.as_json else [{name: entry[name] for name in _COLUMNS} for entry in records],
                  "no reservations")
