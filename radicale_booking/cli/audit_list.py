"""``radicale-booking audit list``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, instant, invocation
from radicale_booking.services import audit_trail


def command(
    context: Context,
    subject: Annotated[str, typer.Option(help="A reservation's UID, a user, or what else was changed.")] = "",
    actor: Annotated[str, typer.Option(help="Who did it.")] = "",
    action: Annotated[str, typer.Option(help="What was done, such as cancel.")] = "",
    since: Annotated[str, typer.Option(metavar="INSTANT", help="Such as 2026-03-01T00:00:00Z.")] = "",
    most: Annotated[int, typer.Option(help="The newest so many.", min=1, max=100_000)] = 100,
) -> None:
    """List who did what and when, the oldest first."""
    call = invocation(context)
    rows = audit_trail.listed(call.app(), subject=subject, actor=actor, action=action,
                              since=instant(since, "since") if since else None, most=most)
    call.show_all([{"at": row.at, "actor": row.actor, "action": row.action, "subject": row.subject,
                    "detail": dict(row.detail)} for row in rows], "nothing")
