"""``radicale-booking token list``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import tokens


def command(
    context: Context,
    user: Annotated[str | None, typer.Option(help="Of this user only.")] = None,
) -> None:
    """List the passwords of programs, without the passwords."""
    call = invocation(context)
    call.show_all([{"id": row.id, "user": row.user, "for": row.name, "scope": row.scope, "created": row.created,
                    "expires": row.expires, "used": row.used} for row in tokens.listed(call.app(), user)], "no tokens")
