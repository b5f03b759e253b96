"""Webhooks and the attempts to deliver to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from radicale_booking.domain.webhook import Attempt, Webhook

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


class Webhooks:
    """The repository of webhooks."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, webhook: Webhook, principal_id: int | None) -> int:
        """Store a new one, of the principal or of everybody; its id."""
        return self._unit_of_work.insert("webhook", "add", principal_id=principal_id, url=webhook.url,
                                         secret=webhook.secret, events=json.dumps(webhook.events),
                                         now=self._unit_of_work.now_epoch)

    def all(self) -> list[Webhook]:
        return [_read(row) for row in self._unit_of_work.query("webhook", "all")]

    def of_reservation(self, reservation_id: int) -> list[Webhook]:
        """Those of everybody and of the hosts of the reservation, in the order of making."""
        return [_read(row) for row in
                self._unit_of_work.query("webhook", "of_reservation", reservation_id=reservation_id)]

    def get(self, webhook_id: int) -> Webhook | None:
        row = self._unit_of_work.one("webhook", "get", id=webhook_id)
        return _read(row) if row is not None else None

    def remove(self, webhook_id: int) -> bool:
        """Whether there was one."""
        return bool(self._unit_of_work.execute("webhook", "remove", id=webhook_id))

    def note(self, outbox_id: int, attempt: Attempt) -> None:
        """Keep an attempt to deliver the outbox row, as made now."""
        self._unit_of_work.execute("webhook", "attempt", outbox_id=outbox_id, answer=attempt.answer,
                                   error=attempt.error, milliseconds=attempt.milliseconds,
                                   now=self._unit_of_work.now_epoch)

    def attempts(self, outbox_id: int) -> list[Attempt]:
        """All attempts to deliver the outbox row, in order."""
        return [Attempt(datetime.fromtimestamp(row["at_epoch"], UTC), row["answer"], row["error"], row["milliseconds"])
                for row in self._unit_of_work.query("webhook", "attempts", outbox_id=outbox_id)]


def _read(row: Row) -> Webhook:
    return Webhook(row["url"], row["secret"], tuple(json.loads(row["events"])), row["host"],
                   datetime.fromtimestamp(row["created_epoch"], UTC), row["id"])
