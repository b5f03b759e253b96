"""What has to be done from time to time so that the server stays as it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from radicale_booking.domain.principal import Principal
from radicale_booking.services import agenda, email_check, guard, life, maintenance_mode, reminders
from radicale_booking.services.adapters import Adapters

#: A series is expanded further when less than this is missing of the days that the settings ask for.
_SLACK = timedelta(days=30)
_BATCH = 200


def run(app: Adapters) -> None:
    """What has to be done every little while: it costs a look where nothing is due, or nothing may be changed."""
    if maintenance_mode.is_still(app):
        return
    while life.expire_due(app) == life.BATCH:
        pass
    while email_check.expire_seats(app) == life.BATCH:
        pass
    reminders.queue_due(app)
    agenda.queue_due(app)
    guard.forget(app)
    renew_due(app)
    extend_instances(app)


def renew_due(app: Adapters) -> int:
    """Give items another ETag whose time has come: programs that kept their own text then read ours; how many."""
    with app.store.read() as uow:
        if not uow.items.due_for_renewal(1):
            return 0
    with app.store.write(actor="upkeep") as uow:
        due = uow.items.due_for_renewal(_BATCH)
        for row in due:
            uow.items.renew(row)
        return len(due)


def extend_instances(app: Adapters) -> int:
    """Expand long series as far as the settings ask from now on; how many.

    All of a site are due in the same days. So nobody waits while one is read, and only its owner while it is written.
    """
    now = app.clock()
    until = now + timedelta(days=app.settings.instance_future_days) - _SLACK
    extended = 0
    while behind := _behind(app, until):
        for item_id, collection_id, text, owner in behind:
            index = app.calendar.index(text, now=now, owner=owner)
            with app.store.write(actor="upkeep", principal=owner.name if owner is not None else "") as uow:
                extended += uow.items.reindex(item_id, collection_id, text, index)
    return extended


def _behind(app: Adapters, until: datetime) -> list[tuple[int, int, str, Principal | None]]:
    """Some series that are expanded to before ``until``: id, collection's id, text, owner."""
    with app.store.read() as uow:
        return [(item_id, collection_id, text, uow.principals.by_id(principal_id) if principal_id is not None else None)
                for item_id, collection_id, text, principal_id in uow.items.behind(int(until.timestamp()), _BATCH)]
