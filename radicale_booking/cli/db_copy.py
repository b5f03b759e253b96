"""``radicale-booking db copy``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.errors import InvalidInput, NotFound
from radicale_booking.services import database_copy
from radicale_booking.services.adapters import Adapters
from radicale_booking.settings import Settings


def command(
    context: Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Address of the database to copy.")],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Address of a new one, or an unfinished copy.")],
) -> None:
    """Copy everything into a new database, such as sqlite:///PATH to postgresql://USER@HOST/NAME or back."""
    call = invocation(context)
    _, settings = settings_module.load(call.config_path)
    theirs = _adapters(settings, "source", source)
    file = theirs.settings.database_file
    if file is not None and not file.exists():
        raise NotFound("database", str(file))
    ours = _adapters(settings, "target", target)
    try:
        with call.progress("copy") as advance:
            copied = database_copy.copy(theirs, ours, advance)
    finally:
        theirs.store.close()
        ours.store.close()
    call.say(f"{sum(copied.values())} rows copied and compared; name the new database in [storage] database",
             {"rows": sum(copied.values()), "tables": copied})


def _adapters(settings: Settings, name: str, address: str) -> Adapters:
    try:
        database = settings_module.database_url(address)
    except ValueError:
        database = ""
    if not database:
        raise InvalidInput(name, "", "is not the address of a database",
                           "write sqlite:///PATH or postgresql://USER@HOST/NAME without a password")
    return wiring.adapters(replace(settings, database=database))
