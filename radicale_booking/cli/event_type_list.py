"""``radicale-booking event-type list``."""

from __future__ import annotations

from radicale_booking.cli import event_type_shape as shape
from radicale_booking.cli.invocation import Context, HostName, invocation
from radicale_booking.services import event_types

_COLUMNS = ("slug", "title", "duration", "hidden", "origin", "link")


def command(context: Context, host: HostName) -> None:
    """List the event types of a host."""
    call = invocation(context)
    app = call.app()
    records = [shape.record(event_type, app.settings.public_url) for event_type in event_types.list(app, host)]
    call.show_all(records if call.as_json else [{name: record[name] for name in _COLUMNS} for record in records],
                  "no event types")
