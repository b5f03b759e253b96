"""``radicale-booking backup restore``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from radicale_booking import settings as settings_module
from radicale_booking import wiring
from radicale_booking.cli.backup_verify import Identity, Name
from radicale_booking.cli.invocation import Context, Invocation, instant, invocation
from radicale_booking.services import backup, restore
from radicale_booking.services.backup import Archive
from radicale_booking.settings import Settings


def command(
    context: Context,
    archive: Name = None,
    at: Annotated[str | None, typer.Option(metavar="INSTANT", help="The newest that was made by then, or a continuous "
                                                                   "copy as it was then.")] = None,
    to: Annotated[Path | None, typer.Option(metavar="FOLDER", help="A new folder to unpack everything into; the site "
                                                                   "stays as it is.")] = None,
    database_only: Annotated[bool, typer.Option("--database-only", help="Leave key and users as they are.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    identity: Identity = "",
) -> None:
    """Put an archive back in place of what is there, which is saved before; or unpack it into a folder."""
    call = invocation(context)
    _, settings = settings_module.load(call.config_path)
    by = instant(at, "--at") if at is not None else None
    one = backup.chosen(settings, archive, by)
    key = identity or settings.backup.identity_file
    if to is not None:
        manifest = restore.into_folder(one, to, key, by)
        call.say(f"{one.path.name} of {manifest.made:%Y-%m-%d %H:%M:%SZ} unpacked into {to}",
                 {"archive": str(one.path), "made": manifest.made, "folder": str(to), "files": list(manifest.files)})
        return
    if not yes:
        typer.confirm(f"Replace everything in {settings.database} by {one.path.name}?", abort=True)
    _in_place(call, settings, one, key, by, files=not database_only)


def _in_place(call: Invocation, settings: Settings, one: Archive, key: str, by: datetime | None, *,
              files: bool) -> None:
    app = wiring.adapters(settings)
    try:
        done = restore.in_place(app, one, key, by, files=files)
    finally:
        app.store.close()
    saved = f"; what was there: {done.safety}" if done.safety else ""
    call.say(f"restored as of {done.manifest.made:%Y-%m-%d %H:%M:%SZ}{saved}; restart the server",
             {"archive": str(one.path), "made": done.manifest.made, "safety": str(done.safety) if done.safety else None,
              "files": [str(path) for path in done.files]})
