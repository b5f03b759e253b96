"""What has to be done from time to time so that the server stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from radicale_booking import again
from radicale_booking.domain.item_index import ItemIndex
from radicale_booking.domain.principal import Principal
from radicale_booking.services import agenda, email_check, guard, life, maintenance_mode, reminders
from radicale_booking.services.adapters import Adapters

#: A series is expanded further when less than this is missing of the days that the settings ask for.
_SLACK = timedelta(days=30)
_BATCH = 200


def run(app: Adapters, *, stopping: Callable[[], bool] = lambda: False) -> None:
    """What has to be done every little while: it costs a look where nothing is due, nothing may be changed, or another
    process does it."""
    if maintenance_mode.is_still(app):
        return
    with app.store.alone("upkeep") as alone:
        if alone:
            _catch_up(app, stopping)


def _catch_up(app: Adapters, stopping: Callable[[], bool]) -> None:
    while life.expire_due(app) == life.BATCH:
        pass
    while email_check.expire_seats(app) == life.BATCH:
        pass
    reminders.queue_due(app)
    agenda.queue_due(app)
    guard.forget(app)
    renew_due(app)
    extend_instances(app, stopping=stopping)


@again.if_undone
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


def extend_instances(app: Adapters, *, stopping: Callable[[], bool] = lambda: False) -> int:
    """Expand long series as far as the settings ask from now on; how many.

    All of a site are due in the same days. So nobody waits while one is read, and only its owner while it is written;
    what is not done yet blocks the time that it may cover.
    """
    now = app.clock()
    until = now + timedelta(days=app.settings.instance_future_days) - _SLACK
    extended = 0
    while behind := _behind(app, until):
        for item_id, collection_id, text, owner in behind:
            if stopping():
                return extended
            index = app.calendar.index(text, now=now, owner=owner)
            extended += _reindex(app, item_id, collection_id, text, index, owner)
    return extended


@again.if_undone
def _reindex(app: Adapters, item_id: int, collection_id: int, text: str, index: ItemIndex,
             owner: Principal | None) -> int:
    with app.store.write(actor="upkeep", principal=owner.name if owner is not None else "") as uow:
        return uow.items.reindex(item_id, collection_id, text, index)


@again.if_undone
def _behind(app: Adapters, until: datetime) -> list[tuple[int, int, str, Principal | None]]:
    """Some series that are expanded to before ``until``: id, collection's id, text, owner."""
    with app.store.read() as uow:
        return [(item_id, collection_id, text, uow.principals.by_id(principal_id) if principal_id is not None else None)
                for item_id, collection_id, text, principal_id in uow.items.behind(int(until.timestamp()), _BATCH)]
