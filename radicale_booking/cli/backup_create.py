"""``radicale-booking backup create``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import backup


def command(
    context: Context,
    secrets: Annotated[bool | None, typer.Option("--secrets/--no-secrets",
                                                 help="With key, passwords' hashes and configuration.")] = None,
) -> None:
    """Make an archive of everything while the server runs; exit code 1 when it could not be passed on as well."""
    call = invocation(context)
    made = backup.create(call.app(), secrets=secrets)
    call.say("\n".join([str(made.archive.path), *made.problems]), {
        "archive": str(made.archive.path), "made": made.archive.made, "size_octets": made.archive.size_octets,
        "encrypted": made.archive.encrypted, "problems": list(made.problems)})
    if made.problems:
        raise typer.Exit(1)
