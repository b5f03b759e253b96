"""``radicale-booking db check``."""

from __future__ import annotations

import typer

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import NotFound


def command(context: Context) -> None:
    """Look for damage in the database; exit code 1 when there is any."""
    call = invocation(context)
    _, settings = settings_module.load(call.config_path)
    if settings.database_file is not None and not settings.database_file.exists():
        raise NotFound("database", str(settings.database_file))
    app = wiring.adapters(settings)
    try:
        problems = app.store.check()
    finally:
        app.store.close()
    call.say("\n".join(problems) or "the database is sound", {"problems": problems})
    if problems:
        raise typer.Exit(1)
