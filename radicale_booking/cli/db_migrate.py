"""``radicale-booking db migrate``."""

from __future__ import annotations

from typing import Annotated

import typer

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.cli.invocation import Context, invocation


def command(
    context: Context,
    copied: Annotated[bool, typer.Option("--copy/--no-copy", help="Whether the database is copied before.")] = True,
) -> None:
    """Bring the database's schema up to date, after a copy of it; one that fails changes nothing."""
    call = invocation(context)
    _, settings = settings_module.load(call.config_path)
    app = wiring.adapters(settings)
    try:
        pending = app.store.schema_state().pending
        copy = wiring.prepare(app.store, settings, app.clock(), copied=copied)
    finally:
        app.store.close()
    kept = f"; the database as it was: {copy}" if copy else ""
    call.say(f"{pending} migration(s) applied{kept}" if pending else "nothing to do, the schema is up to date",
             {"applied": pending, "copy": str(copy) if copy else None})
