"""``radicale-booking backup list``."""

from __future__ import annotations

from radicale_booking import drill
from radicale_booking.cli.invocation import Context, invocation
from radicale_booking.services import backup


def command(context: Context) -> None:
    """List the archives, the newest first, with their last drill."""
    call = invocation(context)
    app = call.app()
    records = []
    for one in backup.archives(app.settings.backup_folder):
        tried = drill.last(app, one)
        records.append({
            "archive": one.path.name, "made": one.made, "size_octets": one.size_octets, "encrypted": one.encrypted,
            "drill": None if tried is None else "passed" if tried["passed"] else "failed",
            "drill_began": None if tried is None else tried["began"]})
    call.show_all(records, f"no archives in {app.settings.backup_folder}")
