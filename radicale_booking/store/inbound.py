"""Mail that was taken."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radicale_booking.store.unit_of_work import Row, UnitOfWork


@dataclass(frozen=True, slots=True)
class InboundRow:
    """``content`` is the whole mail where its status is ``quarantined``."""

    id: int
    message_id: str
    recipient: str
    sender: str
    status: str
    reason: str
    content: bytes
    received: datetime


class Inbound:
    """The repository of mail that was taken; addresses are in lower case."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work

    def add(self, message_id: str, recipient: str, sender: str, status: str, reason: str = "",
            content: bytes = b"") -> int:
        """Note what became of a mail; of one that came again what became of it now. The row's id."""
        return self._unit_of_work.insert(
            "inbound", "add", message_id=message_id, recipient=recipient, sender=sender, status=status, reason=reason,
            content=base64.b64encode(content).decode(), octets=len(content), now=self._unit_of_work.now_epoch)

    def known(self, message_id: str, recipient: str) -> bool:
        """Whether it has been dealt with."""
        return self._unit_of_work.one("inbound", "known", message_id=message_id, recipient=recipient) is not None

    def get(self, row_id: int) -> InboundRow | None:
        row = self._unit_of_work.one("inbound", "get", id=row_id)
        return _read(row) if row is not None else None

    def quarantined(self) -> list[InboundRow]:
        """What waits for people, the oldest first."""
        return [_read(row) for row in self._unit_of_work.query("inbound", "quarantined")]

    def drop(self, row_id: int) -> bool:
        """Whether there was such a mail in quarantine."""
        return bool(self._unit_of_work.execute("inbound", "drop", id=row_id))

    def trim(self, most: int, most_octets: int) -> list[InboundRow]:
        """Remove the oldest in quarantine until at most ``most`` are there, of at most ``most_octets`` together; what
        was removed, without content, the oldest first. The newest stays, however large."""
        rows = self._unit_of_work.query("inbound", "trim", most=most, most_octets=most_octets)
        return sorted((_read(row) for row in rows), key=lambda row: row.id)

    def answered(self, sender: str, since: datetime) -> int:
        """How many mails of ``sender`` were dealt with after ``since``."""
        row = self._unit_of_work.one("inbound", "answered", sender=sender, since=int(since.timestamp()))
        return int(row["number"]) if row is not None else 0

    def forget(self, before: datetime, most: int) -> int:
        """Remove what came before, at most ``most``; how many."""
        return self._unit_of_work.execute("inbound", "forget", before=int(before.timestamp()), most=most)

    def of_sender(self, email: str) -> list[InboundRow]:
        return [_read(row) for row in self._unit_of_work.query("inbound", "of_sender", email=email)]

    def erase(self, email: str) -> int:
        """Remove everything that ``email`` sent; how many."""
        return self._unit_of_work.execute("inbound", "erase", email=email)


def _read(row: Row) -> InboundRow:
    return InboundRow(row["id"], row["message_id"], row["recipient"], row["sender"], row["status"], row["reason"],
                      base64.b64decode(row["content"]), datetime.fromtimestamp(row["received_epoch"], UTC))
