"""Mail in quarantine takes no more room than it may: the oldest goes first, in the open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from radicale_booking.services.adapters import Adapters

if TYPE_CHECKING:
    from radicale_booking.store.inbound import InboundRow
    from radicale_booking.store.unit_of_work import UnitOfWork

_MEBIBYTE = 1 << 20


def keep_within(app: Adapters, uow: UnitOfWork) -> list[InboundRow]:
    """Drop the oldest mail that is more than the settings allow; what was dropped is in the audit trail too."""
    settings = app.settings.inbound
    dropped = uow.inbound.trim(settings.quarantine_mails, settings.quarantine_mib * _MEBIBYTE)
    for row in dropped:
        uow.audit.add("mail dropped", row.recipient, {
            "sender": row.sender, "message_id": row.message_id, "received": row.received.isoformat(),
            "reason": row.reason})
    return dropped


def sentence(dropped: Sequence[InboundRow]) -> str:
    """What people are told of it."""
    last = dropped[-1]
    return (f"the quarantine is full: {len(dropped)} of the oldest mail dropped, the last of it received "
            f"{last.received:%Y-%m-%d %H:%M} UTC; see `inbound list`, and quarantine_mails and quarantine_mib of "
            "[inbound]")
