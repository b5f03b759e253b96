"""``radicale-booking import radicale``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import transfer


def command(
    context: Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Radicale's storage folder.")],
) -> None:
    """Take over Radicale's folder (storage `filesystem_folder`): users, collections, items, properties."""
    call = invocation(context)
    app = call.app()
    with call.progress("import") as advance:
        report = transfer.import_tree(app, path, advance)
    for failure in report.failures:
        typer.echo(f"{failure.path}: {failure.reason}", err=True)
    call.say(f"{report.collections} collections, {report.items} items, {len(report.failures)} failed",
             {"collections": report.collections, "items": report.items,
              "failures": [{"path": failure.path, "reason": failure.reason} for failure in report.failures]})
    if report.failures:
        raise typer.Exit(1)
