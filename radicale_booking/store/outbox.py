"""The outbox: effects to perform after commit."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork

#: An encoder of its own for each row would take longer than to write it.
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An effect of ``kind`` (mail, webhook, reminder) for ``recipient``, due at ``due`` (aware UTC).

    ``status`` is queued, sent or failed (given up); ``attempts`` counts the one that is going on.
    """

    id: int
    kind: str
    delivery_key: str
    recipient: str
    payload: Mapping[str, Any]
    due: datetime
    status: str = "queued"
    attempts: int = 0
    last_error: str | None = None


class Outbox:
    """The repository of effects."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, kind: str, delivery_key: str, recipient: str, payload: Mapping[str, Any],
            reservation_id: int | None = None, due: datetime | None = None) -> None:
        """Queue an effect; ``delivery_key`` names it once for all time."""
        due_epoch = self._unit_of_work.now_epoch if due is None else int(due.timestamp())
        self._unit_of_work.execute(
            "outbox", "add", kind=kind, delivery_key=delivery_key, recipient=recipient,
            payload=_encode(dict(payload)), reservation_id=reservation_id,
            due_epoch=due_epoch, now=self._unit_of_work.now_epoch)

    def withdraw(self, reservation_id: int | None, prefix: str) -> bool:
        """Take back what is queued for later about the reservation under delivery keys with ``prefix``; whether there
        was any."""
        return bool(self._unit_of_work.execute("outbox", "withdraw", reservation_id=reservation_id, prefix=prefix,
                                               now=self._unit_of_work.now_epoch))

    def pending(self) -> builtins.list[OutboxRow]:
        """What is queued, the longest due first."""
        return [_read(row) for row in self._unit_of_work.query("outbox", "pending")]

    def list(self, kind: str, status: str | None = None) -> builtins.list[OutboxRow]:
        """All of ``kind``, the oldest first; of every status where ``status`` is None."""
        return [_read(row) for row in self._unit_of_work.query("outbox", "list", kind=kind, status=status)]

    def waits(self, kind: str) -> bool:
        """Whether something is due that nobody holds; it may still have to wait for an earlier row."""
        return self._unit_of_work.one("outbox", "waits", kind=kind, now=self._unit_of_work.now_epoch) is not None

    def claim(self, kind: str, worker: str, limit: int, lease: timedelta) -> builtins.list[OutboxRow]:
        """Take up to ``limit`` due rows for ``worker``, at most one a recipient, in the order of their ids."""
        rows = self._unit_of_work.query("outbox", "claim", kind=kind, worker=worker, limit=limit,
                                        until=self._until(lease), now=self._unit_of_work.now_epoch)
        return sorted((_read(row) for row in rows), key=lambda row: row.id)

    def renew(self, worker: str, lease: timedelta) -> None:
        """Hold everything that ``worker`` has claimed for longer."""
        self._unit_of_work.execute("outbox", "renew", worker=worker, until=self._until(lease))

    def held(self, row_id: int, worker: str) -> bool:
        """Whether ``worker`` still holds the row."""
        return self._unit_of_work.one("outbox", "held", id=row_id, worker=worker,
                                      now=self._unit_of_work.now_epoch) is not None

    def release(self, row_id: int, worker: str) -> None:
        """Give the row back untried."""
        self._unit_of_work.execute("outbox", "release", id=row_id, worker=worker)

    def sent(self, row_id: int, note: str | None = None) -> None:
        """It is done, whoever holds the row now."""
        self._unit_of_work.execute("outbox", "sent", id=row_id, note=note, now=self._unit_of_work.now_epoch)

    def delay(self, row_id: int, worker: str, due: datetime, error: str) -> None:
        """Try again at ``due`` (aware)."""
        self._unit_of_work.execute("outbox", "delay", id=row_id, worker=worker, due_epoch=int(due.timestamp()),
                                   error=error)

    def give_up(self, row_id: int, worker: str, error: str) -> bool:
        """Try no more; whether ``worker`` still held the row."""
        return bool(self._unit_of_work.execute("outbox", "give_up", id=row_id, worker=worker, error=error))

    def returned(self, delivery_key: str, error: str) -> OutboxRow | None:
        """What was sent has not arrived; the row, None where none was sent under the key."""
        row = self._unit_of_work.one("outbox", "returned", delivery_key=delivery_key, error=error)
        return _read(row) if row is not None else None

    def retry(self, kind: str, row_id: int | None = None) -> int:
        """Queue again what was given up, or was queued later than now: one row or, with None, all of ``kind``; how
        many."""
        return self._unit_of_work.execute("outbox", "retry", kind=kind, id=row_id, now=self._unit_of_work.now_epoch)

    def hasten(self, kind: str, row_id: int) -> bool:
        """Let the queued row be tried now, after the earlier ones of its recipient; whether there was such a row."""
        return bool(self._unit_of_work.execute("outbox", "hasten", kind=kind, id=row_id,
                                               now=self._unit_of_work.now_epoch))

    def replay(self, kind: str, row_id: int) -> bool:
        """Queue again what was sent or given up; whether there was such a row."""
        return bool(self._unit_of_work.execute("outbox", "replay", kind=kind, id=row_id,
                                               now=self._unit_of_work.now_epoch))

    def later(self, row_id: int) -> builtins.list[OutboxRow]:
        """What is queued after the row for the same recipient about the same reservation, in order."""
        return [_read(row) for row in self._unit_of_work.query("outbox", "later", id=row_id)]

    def get(self, row_id: int) -> OutboxRow | None:
        row = self._unit_of_work.one("outbox", "get", id=row_id)
        return _read(row) if row is not None else None

    def known(self, delivery_key: str) -> bool:
        """Whether a row was ever added with the key."""
        return self._unit_of_work.one("outbox", "known", delivery_key=delivery_key) is not None

    def told(self, kind: str, reservation_id: int, recipient: str) -> bool:
        """Whether anything was ever queued for the recipient about the reservation."""
        return self._unit_of_work.one("outbox", "told", kind=kind, reservation_id=reservation_id,
                                      recipient=recipient) is not None

    def forget(self, kind: str, reservation_id: int) -> None:
        """Forget what is queued of ``kind`` about the reservation."""
        self._unit_of_work.execute("outbox", "forget", kind=kind, reservation_id=reservation_id)

    def _until(self, lease: timedelta) -> int:
        return int((self._unit_of_work.now + lease).timestamp())


def _read(row: Row) -> OutboxRow:
    return OutboxRow(row["id"], row["kind"], row["delivery_key"], row["recipient"], json.loads(row["payload"]),
                     datetime.fromtimestamp(row["due_epoch"], UTC), row["status"], row["attempts"], row["last_error"])
