"""``radicale-booking export radicale``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import transfer


def command(
    context: Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder to write; must be empty or not exist.")],
) -> None:
    """Write users, collections, items and properties as a folder that a stock Radicale reads."""
    call = invocation(context)
    app = call.app()
    with call.progress("export") as advance:
        report = transfer.export_tree(app, path, advance)
    for failure in report.failures:
        typer.echo(f"{failure.path}: {failure.reason}", err=True)
    call.say(f"{report.collections} collections, {report.items} items, {len(report.failures)} failed",
             {"collections": report.collections, "items": report.items,
              "failures": [{"path": failure.path, "reason": failure.reason} for failure in report.failures]})
    if report.failures:
        raise typer.Exit(1)
