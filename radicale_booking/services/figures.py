"""How the site does, in numbers that name nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.services import backup
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork

_STATUSES = ("pending", "confirmed", "cancelled", "declined", "expired")


@dataclass(frozen=True, slots=True)
class Figures:
    """``oldest_mail_seconds``: how long the mail that is due has waited. ``backup_age_seconds``: of the newest archive,
    None where there is none. ``to_come``: status -> reservations that are not over."""

    queued_mail: int
    failed_mail: int
    oldest_mail_seconds: int
    backup_age_seconds: float | None
    database_octets: int
    to_come: dict[str, int]
    hosts: int
    window_problems: int
    unreadable_items: int
    held_still: bool


@again.if_undone
def figures(app: Adapters) -> Figures:
    """Raises ``StoreUnavailable``."""
    size = app.store.size_octets()
    newest = max((one.made for one in backup.archives(app.settings.backup_folder)), default=None)
    with app.store.read() as uow:
        mail = uow.one("figures", "outbox", now=uow.now_epoch)
        assert mail is not None  # noqa: S101 - counts give a row always
        counted = {row["status"]: row["number"] for row in uow.query("figures", "reservations", now=uow.now_epoch)}
        return Figures(
            queued_mail=mail["queued"], failed_mail=mail["failed"],
            oldest_mail_seconds=uow.now_epoch - mail["oldest_epoch"] if mail["oldest_epoch"] is not None else 0,
            backup_age_seconds=(uow.now - newest).total_seconds() if newest is not None else None,
            database_octets=size, to_come={status: counted.get(status, 0) for status in _STATUSES},
            hosts=_number(uow, "hosts"), window_problems=_number(uow, "window_problems"),
            unreadable_items=_number(uow, "unreadable"), held_still=uow.maintenance_mode.get() is not None)


def _number(uow: UnitOfWork, name: str) -> int:
    row = uow.one("figures", name)
    assert row is not None  # noqa: S101 - counts give a row always
    return int(row["number"])
