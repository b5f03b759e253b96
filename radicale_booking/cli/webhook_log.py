"""``radicale-booking webhook log``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import InvalidInput
from radicale_booking.services import webhooks

_STATUSES = ("queued", "sent", "failed")


def command(
    context: Context,
    status: Annotated[str, typer.Option(help="Only these: queued, sent or failed (given up).")] = "",
) -> None:
    """List deliveries with every attempt: when, what was answered or went wrong, how many milliseconds it took."""
    call = invocation(context)
    if status not in ("", *_STATUSES):
        raise InvalidInput("--status", status, "is not known", f"one of {', '.join(_STATUSES)}")
    call.show_all([{"id": row.id, "status": row.status, "event": row.payload["event"],
                    "reservation": row.payload["uid"], "webhook": row.payload["webhook"], "due": row.due,
                    "attempts": [f"{made.at:%Y-%m-%dT%H:%M:%SZ} {made.answer or made.error} ({made.milliseconds} ms)"
                                 for made in attempts]}
                   for row, attempts in webhooks.log(call.app(), status or None)], "no deliveries")
