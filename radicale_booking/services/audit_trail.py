"""Looking into the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from radicale_booking import again
from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.audit import AuditRow


@again.if_undone
def listed(app: Adapters, *, subject: str = "", actor: str = "", action: str = "", since: datetime | None = None,
           most: int = 100) -> list[AuditRow]:
    """The newest ``most`` entries that fit everything that is given, the oldest first; ``since`` is aware."""
    with app.store.read() as uow:
        return uow.audit.newest(subject=subject, actor=actor, action=action, since=since, most=most)
