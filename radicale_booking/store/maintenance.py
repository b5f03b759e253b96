"""What is removed when its time is over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


class Maintenance:
    """The repository of what is old. ``before`` is an aware instant; at most ``most`` rows go at once."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def forget_mail(self, before: datetime, most: int) -> int:
        """Remove mail that was sent before; how many."""
        return self._forget("forget_mail", before, most)

    def forget_audit(self, before: datetime, most: int) -> int:
        """Remove the audit trail of the time before; how many."""
        return self._forget("forget_audit", before, most)

    def forget_removals(self, before: datetime) -> int:
        """Remove the memory of items removed before; older sync-tokens are refused from then on. How many."""
        epoch = int(before.timestamp())
        self._unit_of_work.execute("maintenance", "raise_oldest", before=epoch)
        return self._unit_of_work.execute("maintenance", "forget_tombstones", before=epoch)

    def past_reservations(self, event_type_id: int, before: datetime, most: int) -> list[str]:
        """The uids of reservations that ended before, as did all booked with them, and still say who booked."""
        rows = self._unit_of_work.query("maintenance", "past_reservations", event_type_id=event_type_id,
                                        before=int(before.timestamp()), most=most)
        return [row["uid"] for row in rows]

    def last_run(self) -> datetime | None:
        """When maintenance was finished last."""
        row = self._unit_of_work.one("maintenance", "last_run")
        return datetime.fromtimestamp(row["at_epoch"], UTC) if row is not None else None

    def _forget(self, name: str, before: datetime, most: int) -> int:
        return self._unit_of_work.execute("maintenance", name, before=int(before.timestamp()), most=most)
