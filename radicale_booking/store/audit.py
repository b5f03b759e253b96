"""The audit trail: who did what and when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork

#: An encoder of its own for each row would take longer than to write it.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class AuditRow:
    """``actor`` did ``action`` to ``subject`` at ``at`` (aware UTC)."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]


class Audit:
    """The repository of the audit trail."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> None:
        """Note that the transaction's actor did ``action`` to ``subject``."""
        self._unit_of_work.execute("audit", "add", actor=self._unit_of_work.actor, action=action, subject=subject,
                                   detail=_encode(dict(detail or {})), now=self._unit_of_work.now_epoch)

    def of(self, subject: str) -> list[AuditRow]:
        """What was done to ``subject``, the oldest first."""
        return [_read(row) for row in self._unit_of_work.query("audit", "of", subject=subject)]

    def newest(self, *, subject: str, actor: str, action: str, since: datetime | None, most: int) -> list[AuditRow]:
        """The newest ``most``, the oldest of them first; '' fits everything."""
        rows = self._unit_of_work.query("audit", "newest", subject=subject, actor=actor, action=action, most=most,
                                        since=int(since.timestamp()) if since is not None else 0)
        return [_read(row) for row in reversed(rows)]

    def last_actor(self, subject: str, action: str) -> str | None:
        """Who did ``action`` to ``subject`` last."""
        row = self._unit_of_work.one("audit", "last_actor", subject=subject, action=action)
        return row["actor"] if row is not None else None


def _read(row: Row) -> AuditRow:
    return AuditRow(datetime.fromtimestamp(row["at_epoch"], UTC), row["actor"], row["action"], row["subject"],
                    json.loads(row["detail"]))
