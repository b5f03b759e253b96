"""Whether the site is held still, for all its processes and machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class MaintenanceMode:
    """``mode`` is ``closed`` or ``read-only``; ``message`` is for people; ``since`` is aware UTC."""

    mode: str
    message: str
    since: datetime


class MaintenanceModes:
    """The repository of the one there may be."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def get(self) -> MaintenanceMode | None:
        """None in normal times."""
        row = self._unit_of_work.one("maintenance_mode", "get")
        if row is None:
            return None
        return MaintenanceMode(row["mode"], row["message"], datetime.fromtimestamp(row["since_epoch"], UTC))

    def set(self, mode: str, message: str) -> None:
        """Since when stays as it is where there was one before."""
        self._unit_of_work.execute("maintenance_mode", "set", mode=mode, message=message,
                                   now=self._unit_of_work.now_epoch)

    def clear(self) -> bool:
        """Whether there was one."""
        return bool(self._unit_of_work.execute("maintenance_mode", "clear"))
