"""What has to be done from time to time so that the server stays as it is."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from radicale_booking.services.adapters import Adapters

#: A series is expanded further when less than this is missing of the days that the settings ask for.
_SLACK = timedelta(days=30)
_BATCH = 200


def extend_instances(app: Adapters) -> int:
    """Expand long series as far as the settings ask from now on; how many. Each batch is one transaction."""
    now = app.clock()
    until = now + timedelta(days=app.settings.instance_future_days) - _SLACK
    extended = 0
    while True:
        with app.store.write(actor="upkeep") as uow:
            behind = uow.items.behind(int(until.timestamp()), _BATCH)
            for item_id, collection_id, text, zone in behind:
                index = app.calendar.index(text, now=now, floating_zone=ZoneInfo(zone))
                uow.items.reindex(item_id, collection_id, index)
        extended += len(behind)
        if len(behind) < _BATCH:
            return extended
