"""``radicale-booking db info``."""

from __future__ import annotations

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import NotFound


def command(context: Context) -> None:
    """Show where the database is, its size and how far its schema is."""
    call = invocation(context)
    _, settings = settings_module.load(call.config_path)
    if settings.database_file is not None and not settings.database_file.exists():
        raise NotFound("database", str(settings.database_file))
    app = wiring.adapters(settings)
    try:
        state, size = app.store.schema_state(), app.store.size_octets()
    finally:
        app.store.close()
    call.show({
        "database": settings.database, "size_octets": size,
        "schema": state.applied, "schema_of_this_program": state.known, "migrations_pending": state.pending,
    })
