"""The outbox: effects to perform after commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An effect of ``kind`` (mail, webhook, reminder) for ``recipient``, due at ``due`` (aware UTC)."""

    id: int
    kind: str
    delivery_key: str
    recipient: str
    payload: Mapping[str, Any]
    due: datetime


class Outbox:
    """The repository of effects."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, kind: str, delivery_key: str, recipient: str, payload: Mapping[str, Any],
            reservation_id: int | None = None, due: datetime | None = None) -> int:
        """Queue an effect; ``delivery_key`` names it once for all time. The row's id."""
        due_epoch = self._unit_of_work.now_epoch if due is None else int(due.timestamp())
        return self._unit_of_work.insert(
            "outbox", "add", kind=kind, delivery_key=delivery_key, recipient=recipient,
            payload=json.dumps(dict(payload), ensure_ascii=False, sort_keys=True), reservation_id=reservation_id,
            due_epoch=due_epoch, now=self._unit_of_work.now_epoch)

    def pending(self) -> list[OutboxRow]:
        """What is queued, the longest due first."""
        return [OutboxRow(row["id"], row["kind"], row["delivery_key"], row["recipient"], json.loads(row["payload"]),
                          datetime.fromtimestamp(row["due_epoch"], UTC))
                for row in self._unit_of_work.query("outbox", "pending")]
