"""``radicale-booking inbound show``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import inbound

Id = Annotated[int, typer.Argument(metavar="ID", help="Its number in the list.")]


def command(context: Context, row_id: Id) -> None:
    """Show such a mail as it came."""
    call = invocation(context)
    row = inbound.quarantined(call.app(), row_id)
    text = row.content.decode("utf-8", "replace").replace("\r\n", "\n")
    # A terminal must not be told anything by a mail.
    shown = "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)
    call.say(shown, {"id": row.id, "reason": row.reason, "content": text})
