"""``radicale-booking mail list``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import InvalidInput
from radicale_booking.services import mail

_STATUSES = ("queued", "sent", "failed")


def command(
    context: Context,
    status: Annotated[str, typer.Option(help="Only these: queued, sent or failed (given up).")] = "",
) -> None:
    """List mail: what waits and until when, what was sent, what was given up and why."""
    call = invocation(context)
    if status not in ("", *_STATUSES):
        raise InvalidInput("--status", status, "is not known", f"one of {', '.join(_STATUSES)}")
    call.show_all([{"id": row.id, "status": row.status, "recipient": row.recipient,
                    "event": row.payload.get("event"), "reservation": row.payload.get("uid"),
                    "attempts": row.attempts, "due": row.due, "last_error": row.last_error}
                   for row in mail.queue(call.app(), status or None)], "no mail")
