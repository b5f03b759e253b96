"""``radicale-booking privacy export``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import InvalidInput
from radicale_booking.services import privacy


def command(
    context: Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the person.")],
    output: Annotated[Path | None, typer.Option(help="A new file to write to, instead of standard output.")] = None,
) -> None:
    """Write down everything that is kept about a person, as JSON."""
    text = json.dumps(privacy.export(invocation(context).app(), email), ensure_ascii=False, indent=1)
    if output is None:
        typer.echo(text)
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InvalidInput("output", str(output), error.strerror or str(error), "name a new file") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
