"""``radicale-booking inbound retry``."""

from __future__ import annotations

import typer

from radicale_booking.cli.inbound_show import Id
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import inbound, speaker


def command(context: Context, row_id: Id) -> None:
    """Deal with such a mail as if its sender were sure to be who it says; exit code 1 when it stays in quarantine."""
    call = invocation(context)
    app = call.app()
    row = inbound.quarantined(app, row_id)
    status = inbound.receive(app, row.sender, row.recipient, row.content, app.read_mail(row.content), trusted=True)
    call.say(f"{row_id} is {status}", {"id": row_id, "status": status})
    if status == speaker.QUARANTINED:
        raise typer.Exit(1)
